"""Whole lives of what people look at before it counts, for ``test_whole_life``."""

from __future__ import annotations

from typing import Any

from banyan.campaigns.models import OutsidePicture
from banyan.catalog.models import Variant
from banyan.earnings import actions as earnings
from banyan.kernel.actors import Actor
from banyan.people.models import Account
from banyan.sharing import actions as sharing
from banyan.trust.models import Circle
from tests.campaigns.scene import somebody
from tests.campaigns.test_outside import accept, collecting, refuse, second_of, show
from tests.support import factories as make

SYSTEM = Actor.system("test")


def of_circles(settings: Any) -> None:
    """Two circles are found: one is cleared at once, one confirmed first."""
    shop, finance = make.shop(), make.actor(make.staff("finance"))
    earnings.set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=1_000)
    goods = make.variant(shop, stock=50)
    for _circle in range(2):
        _buy_through_each_other(goods, make.member(), make.member())
    earnings.find_circles(actor=SYSTEM)
    one, other = Circle.objects.order_by("pk")
    earnings.confirm_circle(actor=finance, circle_id=other.pk, reason="one flat")
    for each in (one, other):
        earnings.clear_circle(actor=finance, circle_id=each.pk, reason="a book club")


def _buy_through_each_other(goods: Variant, *two: Account) -> None:
    links = {
        who.pk: sharing.share(
            actor=make.actor(who), target_kind="product", target_id=goods.product_id, via=None
        )
        for who in two
    }
    for _round in range(3):
        for buyer, earner in (two, two[::-1]):
            make.pay(make.place((goods, 1), via=links[earner.pk].code, buyer=buyer))


def of_pictures_from_elsewhere(settings: Any) -> None:
    """A picture is refused, one after half a yes, and one has its two."""
    shop = make.shop()
    second = second_of(shop)

    def shown() -> OutsidePicture:
        ana = somebody()
        return show(collecting(shop, ana), ana)

    refuse(shown(), shop.owner)
    refuse(accept(shown(), shop.owner), second)
    done = accept(accept(shown(), shop.owner), second)
    assert done.state == "accepted"
