"""What the page of a bargain says of its stock, its price, and its pot."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from banyan.catalog.queries.stocks import free_units
from banyan.kernel.money import Money, format_money

from ..blocks import Block, Note
from ..mechanic import Shown
from .terms import BargainTerms

FEW = 5
"""So many pieces in the shop, or fewer, are worth a warning."""


def stock_notes(shown: Shown[BargainTerms]) -> list[Block]:
    """Say that a piece is kept, or that none is where that may soon matter."""
    if shown.terms.keeps and shown.own:
        return [Note(_("One piece is kept for you until this is over."))]
    if shown.terms.keeps:
        return [Note(_("One piece is kept for your friend until this is over."))]
    left = free_units(shown.terms.variant)
    if left > FEW:
        return []
    words = ngettext(
        "Only %(n)s piece is left in the shop, and it is kept for nobody before they order.",
        "Only %(n)s pieces are left in the shop, and they are kept for nobody before they order.",
        left,
    )
    return [Note(words % {"n": left} if left else _("It is sold out just now."), "gold")]


def landing_note(shown: Shown[BargainTerms]) -> Block:
    """Say what the price that is reached is, and for how long."""
    hours, landing = shown.terms.pay_hours, shown.campaign.landing
    words = ngettext(
        "The price that is reached can be ordered at for %(n)s hour.",
        "The price that is reached can be ordered at for %(n)s hours.",
        hours,
    )
    if landing == "right":
        words = ngettext(
            "The price that is reached can be used for %(n)s hour, on every device.",
            "The price that is reached can be used for %(n)s hours, on every device.",
            hours,
        )
    if landing == "coupon":
        words = ngettext(
            "What is cut off becomes a coupon for %(n)s hour, to be used on every device.",
            "What is cut off becomes a coupon for %(n)s hours, to be used on every device.",
            hours,
        )
    return Note(words % {"n": hours})


def pot_notes(shown: Shown[BargainTerms]) -> list[Block]:
    """Say what is in the pot, and that it is for others than the cuts are."""
    terms, currency, left = shown.terms, shown.campaign.currency, int(shown.instance.public["pot"])
    if not terms.pot:
        return []
    if not left:
        return [Note(_("The pot for new friends is used up; every cut counts as before."))]
    text = _(
        "A friend who has not bought anything here yet takes off %(bonus)s more, out of a pot of "
        "its own: %(left)s of %(all)s is left."
    )
    amounts = {"bonus": min(terms.bonus, left), "left": left, "all": terms.pot}
    told = {name: format_money(Money(n, currency)) for name, n in amounts.items()}
    return [Note(text % told, "gold")]
