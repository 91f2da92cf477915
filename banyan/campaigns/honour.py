"""Honour: what people did for others, shown where a campaign says that it moves them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .blocks import Block, Honour
from .mechanic import Shown

HONOURING = ("honour", "both")
"""The drives under which it is shown."""


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
