"""What a member is told of a coupon or a price of theirs: that it ends, or was taken back."""

from __future__ import annotations

from django.utils.translation import gettext as _

from banyan.notify import kinds
from banyan.notify.kinds import Happening

ENDING = "coupon.ending"
PRICE_ENDING = "price.ending"
PRICE_WITHDRAWN = "price.withdrawn"


def _ending(happening: Happening) -> str:
    return _("Your coupon “%(title)s” ends soon.") % {"title": happening.data["title"]}


def _price(happening: Happening) -> str:
    return _("Your price for “%(title)s”, %(amount)s, ends soon.") % {
        "title": happening.data["title"],
        "amount": happening.data["amount"],
    }


def _withdrawn(happening: Happening) -> str:
    return _("The shop took back your price for “%(title)s”: %(reason)s") % {
        "title": happening.data["title"],
        "reason": happening.data["reason"],
    }


kinds.register(PRICE_WITHDRAWN, _withdrawn, icon="tag", family="shop")
kinds.register(ENDING, _ending, icon="tag", family="ending")
kinds.register(PRICE_ENDING, _price, icon="tag", family="ending")
