"""What people read about coupons: why one is not used, and what a coupon gives."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from .benefits import money_words
from .terms import Miss

REFUSALS: dict[str, str | Promise] = {
    "coupon_unknown": _("There is no such coupon."),
    "coupon_not_valid_now": _("This coupon is not valid now."),
    "coupon_other_currency": _("This coupon is for another currency."),
    "coupon_other_goods": _("This coupon is for other goods."),
    "coupon_other_hours": _("This coupon is for other hours of the day."),
    "coupon_min_spend": _("The goods of this shop do not reach the coupon's minimum."),
    "coupon_min_quantity": _("This coupon needs more pieces."),
    "coupon_new_customer": _("This coupon is for a first order."),
    "coupon_who_are_you": _("Say how we reach you first: this coupon is for a first order."),
    "coupon_shared_only": _("This coupon is for goods reached through a share link."),
    "coupon_used_up": _("This coupon has been used up."),
    "coupon_used_by_you": _("You have already used this coupon."),
    "coupon_taken": _(
        "This coupon is held by an order that waits for payment, or by somebody else."
    ),
    "coupon_other_account": _("Another account of yours has taken this coupon."),
    "coupon_less": _("Other coupons save more, and this one does not go with them."),
    "coupon_nothing": _("It would take nothing off this order."),
    "coupon_off": _("You have taken it off."),
}
"""Every reason why a coupon is not used; the codes are stable."""


def why(miss: Miss, currency: str) -> str:
    """Return the reason for people, with how much more is needed where that is known."""
    if miss.code == "coupon_min_spend" and miss.more:
        return str(_("Needs %(amount)s more.") % {"amount": money_words(miss.more, currency)})
    if miss.code == "coupon_min_quantity" and miss.more:
        text = ngettext("Needs %(n)s piece more.", "Needs %(n)s pieces more.", miss.more)
        return text % {"n": miss.more}
    return str(REFUSALS[miss.code])
