"""What a member is reminded of: a coupon or a price of theirs that ends."""

from __future__ import annotations

from django.utils.translation import gettext as _

from banyan.notify import kinds
from banyan.notify.kinds import Happening

ENDING = "coupon.ending"
PRICE_ENDING = "price.ending"


def _ending(happening: Happening) -> str:
    return _("Your coupon “%(title)s” ends soon.") % {"title": happening.data["title"]}


def _price(happening: Happening) -> str:
    return _("Your price for “%(title)s”, %(amount)s, ends soon.") % {
        "title": happening.data["title"],
        "amount": happening.data["amount"],
    }


kinds.register(ENDING, _ending, icon="tag", family="ending")
kinds.register(PRICE_ENDING, _price, icon="tag", family="ending")
