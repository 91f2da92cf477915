"""What a play shows: its mechanic's view, and the honour of what people did for others.

What moves people is a switch of every campaign, and :func:`by_drive` is where it acts: for honour
alone what a mechanic gives becomes a mark, which says what somebody did and is worth nothing; for
a benefit alone there are no marks; for both there is either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .blocks import Block, Honour, Next, Note
from .checks import are_on_sale
from .effects import Effect, Fund, GiveCoupon, GiveOff, GivePrice, Mark, PayOut, Reprice
from .mechanic import Shown, mechanic
from .models import Grant
from .problems import REASONS

HONOUR = "honour"
HONOURING = (HONOUR, "both")
"""The drives under which it is shown."""

MARKS: Mapping[str, tuple[Any, Any]] = {
    "opened": (gettext_lazy("Opened it"), gettext_lazy("You opened a friend's pack.")),
    "late": (gettext_lazy("Came by"), gettext_lazy("You came for a friend's pack.")),
    "sender": (gettext_lazy("Host"), gettext_lazy("A friend opened what you sent.")),
    "reached": (gettext_lazy("Well liked"), gettext_lazy("Enough friends liked it.")),
    "prize": (gettext_lazy("Winner"), gettext_lazy("Luck chose you.")),
    "friend": (gettext_lazy("Welcomed"), gettext_lazy("A friend brought you here.")),
    "thanks": (gettext_lazy("Guide"), gettext_lazy("A friend whom you brought has stayed.")),
    "backed": (gettext_lazy("Well backed"), gettext_lazy("All these friends stand behind you.")),
    "together": (gettext_lazy("Bought together"), gettext_lazy("Your group came about.")),
    "blessed": (gettext_lazy("Blessed"), gettext_lazy("These words were for you.")),
}
"""What marks are called by their rule, and what they are for."""
APOLOGY = "apology"
"""The rule by which something is made good; that is no honour."""
TOWARDS_GOODS = frozenset({"join", "help", "share", "pay", "buy"})
"""What people do for goods, or lead others to."""
OTHER = (gettext_lazy("Taking part"), gettext_lazy("You took part."))


def by_drive(drive: str, effect: Effect) -> list[Effect]:
    """Return what an effect comes to under a drive: gains, marks, or both. No money for honour."""
    if isinstance(effect, Mark):
        return [effect] if drive in HONOURING else []
    mark = _mark_of(effect) if drive in HONOURING else None
    marks: list[Effect] = [mark] if mark else []
    if drive == HONOUR and (mark or isinstance(effect, Fund | PayOut | Reprice)):
        return marks
    return [effect, *marks]


def _mark_of(effect: Effect) -> Mark | None:
    """Return the mark for what somebody is given, by the same rule and cause."""
    if isinstance(effect, GiveOff):
        return Mark(effect.to, effect.rule, effect.cause)
    if isinstance(effect, GiveCoupon | GivePrice) and effect.rule != APOLOGY:
        return Mark([effect.who], effect.rule, effect.cause)
    return None


def blocks_of(shown: Shown[Any]) -> list[Block]:
    """Return all that there is to see and to do in a play for the reader.

    Nobody is asked to help on towards goods that are on sale no more, or to pay for them.
    """
    blocks = [*mechanic(shown.campaign.mechanic).view(shown), *honour_of(shown)]
    if shown.instance.ended_at is not None or are_on_sale(shown.terms):
        return blocks
    stays = [one for one in blocks if not (isinstance(one, Next) and one.verb in TOWARDS_GOODS)]
    return [*stays, Note(str(REASONS["gone"]))]


def honour_of(shown: Shown[Any]) -> list[Block]:
    """Return the marks and the thanks of a play: how many helped, and whom the reader helped."""
    if shown.campaign.drive not in HONOURING:
        return []
    blocks = marks_of(one for one in shown.grants if one.account_id == shown.account_id)
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
    shop = shown.campaign.shop
    if shown.campaign.drive == HONOUR and shop is not None and shown.mine is not None:
        # Honour leads on to the goods, and asks for nothing.
        blocks.append(Next("look", _("See what the shop has"), url=f"/shop/{shop.slug}"))
    return blocks


def marks_of(grants: Iterable[Grant]) -> list[Block]:
    """Return the marks among what somebody was given, each kind once."""
    rules = dict.fromkeys(one.rule for one in grants if one.kind == "honour")
    return [Honour(*(str(words) for words in MARKS.get(rule, OTHER))) for rule in rules]


def name_of(rule: str) -> str:
    """Return what a mark is called."""
    return str(MARKS.get(rule, OTHER)[0])
