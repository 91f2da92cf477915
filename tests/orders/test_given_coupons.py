"""What a member was given can be used: each of several, whatever one person may take."""

from __future__ import annotations

import pytest

from banyan.catalog.models import Shop, Variant
from banyan.entitlements import actions as coupons
from banyan.entitlements.models import Coupon, Grant
from banyan.entitlements.rules import NewCustomer
from banyan.kernel.actors import Actor
from banyan.orders import actions as orders
from banyan.orders.models import Checkout, Order
from banyan.people.models import Account
from tests.support import factories as make
from tests.support.recount import recount

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


@pytest.fixture
def shop() -> Shop:
    return make.shop()


@pytest.fixture
def item(shop: Shop) -> Variant:
    return make.variant(shop, price=5_000, stock=50)


def thanks(shop: Shop, *to: Account) -> Coupon:
    """Return a coupon for one use of each person, as the form has it, given to ``to``."""
    made = coupons.create_coupon(
        actor=make.actor(shop.owner),
        shop_id=shop.pk,
        title="thanks",
        reach="held",
        amount_off=500,
        cap=100,
        per_person=1,
    )
    for who in to:
        coupons.grant_coupon(actor=SYSTEM, coupon_id=made.pk, account_id=who.pk, source="campaign")
    return made


def buys(item: Variant, who: Account, code: str = "") -> Checkout:
    made = make.place((item, 1), buyer=who, coupon=code)
    make.pay(made)
    return made


def off(checkout: Checkout) -> int:
    return checkout.orders.get().discount_amount


def test_who_is_thanked_for_three_friends_uses_three_coupons(shop: Shop, item: Variant) -> None:
    ana = make.member("ana")
    made = thanks(shop, ana, ana, ana)

    assert [off(buys(item, ana)) for _n in range(4)] == [500, 500, 500, 0]

    states = Grant.objects.filter(coupon=made).values_list("state", flat=True)
    assert list(states) == ["redeemed"] * 3
    assert recount() == {}


def test_what_was_given_takes_nothing_from_what_one_may_take(shop: Shop, item: Variant) -> None:
    ana = make.member("ana")
    made = thanks(shop, ana)
    first, second = coupons.print_codes(actor=make.actor(shop.owner), coupon_id=made.pk, n=2)
    assert off(buys(item, ana)) == 500, "the one that was given"

    assert off(buys(item, ana, first.code or "")) == 500
    with pytest.raises(coupons.CouponRefused, match="coupon_used_by_you"):
        buys(item, ana, second.code or "")
    assert recount() == {}


def test_given_ones_stay_usable_when_two_accounts_become_one(shop: Shop, item: Variant) -> None:
    """The uses of a guest count for the account that they join; given ones never did."""
    ana = make.member("ana", email="ana@example.com")
    thanks(shop, ana, ana)
    bought = buys(item, ana)
    coupons.count_for(checkout_id=bought.pk, person_key="email:ana@example.com")

    assert off(buys(item, ana)) == 500
    assert recount() == {}


def test_a_coupon_for_a_first_order_comes_back_usable_when_that_is_undone(
    shop: Shop, item: Variant
) -> None:
    ana = make.member("ana", email="ana@example.com")
    coupons.create_coupon(
        actor=make.actor(shop.owner),
        shop_id=shop.pk,
        title="welcome",
        reach="auto",
        conditions=[NewCustomer()],
        amount_off=500,
        cap=100,
    )
    first = buys(item, ana)
    assert off(first) == 500
    assert off(buys(item, ana)) == 0, "it is the second"
    for order in Order.objects.all():
        orders.cancel_order(actor=make.actor(ana), order_id=order.pk, key=f"{order.pk}")

    again = buys(item, ana)

    assert off(again) == 500
    owner, order = make.actor(shop.owner), again.orders.get()
    orders.ship(actor=owner, order_id=order.pk, carrier="SF")
    orders.grant_refund(
        actor=owner, order_id=order.pk, amount=again.total_amount, reason="lost", key="lost"
    )
    assert off(buys(item, ana)) == 0, "what was sent was bought"
    assert recount() == {}
