"""What a play shows: its mechanic's view, and the honour of what people did for others."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .blocks import Block, Honour
from .mechanic import Shown, mechanic

HONOURING = ("honour", "both")
"""The drives under which it is shown."""


def blocks_of(shown: Shown[Any]) -> list[Block]:
    """Return all that there is to see and to do in a play for the reader."""
    return [*mechanic(shown.campaign.mechanic).view(shown), *honour_of(shown)]


def honour_of(shown: Shown[Any]) -> list[Block]:
    """Return the mark and the thanks of a play: how many helped, and whom the reader helped."""
    if shown.campaign.drive not in HONOURING:
        return []
    blocks: list[Block] = []
    if many := shown.helpers:
        words = ngettext("%(n)s friend helped.", "%(n)s friends helped.", many) % {"n": many}
        blocks.append(Honour(_("Done together"), words))
    if shown.helped:
        words = ngettext(
            "You have helped %(n)s friend here. Thank you!",
            "You have helped %(n)s friends here. Thank you!",
            shown.helped,
        )
        blocks.append(Honour(_("Helper"), words % {"n": shown.helped}))
    return blocks
