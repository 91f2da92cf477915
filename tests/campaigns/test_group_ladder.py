"""Mechanic 2.5: the price falls with the next step, and the difference goes back."""

from __future__ import annotations

import pytest

from banyan.campaigns.models import Participation
from banyan.catalog.models import Variant
from banyan.delivery.models import Voucher
from banyan.entitlements import actions as coupons
from banyan.entitlements.models import Coupon
from banyan.payments.models import Refund
from tests.campaigns.groups import buy, group_of, order, settled
from tests.campaigns.scene import SYSTEM, begun, campaign, coupon, crowd, join, later
from tests.delivery import goods
from tests.support import factories as make
from tests.support import prices

pytestmark = pytest.mark.django_db


@pytest.fixture
def item() -> Variant:
    return make.variant(price=10_000, stock=50)


def test_the_next_step_pays_the_difference_back(item: Variant) -> None:
    ana, ben, cy = crowd(3)
    of = group_of(item, people=2, price=8_000, people_2=3, price_2=6_500)
    group = begun(of, ana)
    buy(item, ana)
    join(group, ben)
    buy(item, ben)
    settled()
    assert not Refund.objects.exists()
    join(group, cy)
    assert buy(item, cy).total_amount == 8_000
    settled()
    assert sorted(Refund.objects.values_list("amount", flat=True)) == [1_500, 1_500, 1_500]
    settled()
    assert Refund.objects.count() == 3, "paid back once"


def test_the_tax_on_top_falls_with_the_price(item: Variant) -> None:
    prices.tax(item.product.shop, "*", rate=100_000)
    ana, ben, cy = crowd(3)
    of = group_of(item, people=2, price=8_000, people_2=3, price_2=6_500)
    group = begun(of, ana)
    assert buy(item, ana).total_amount == 8_800
    for who in (ben, cy):
        join(group, who)
        buy(item, who)
    settled()
    assert sorted(Refund.objects.values_list("amount", flat=True)) == [1_650, 1_650, 1_650]
    settled()
    assert Refund.objects.count() == 3, "paid back once"


def test_a_coupon_that_leaves_less_than_the_difference_holds_nothing_up() -> None:
    """The price falls by 30.00; a coupon left 20.00, 10.00, and nothing to pay."""
    item = goods.voucher(price=10_000)
    shop = item.product.shop
    people = crowd(3)
    for who, off in zip(people, (6_000, 7_000, 8_000), strict=True):
        given = coupon(shop, amount_off=off)
        coupons.grant_coupon(actor=SYSTEM, coupon_id=given.pk, account_id=who.pk, source="campaign")
    of = group_of(item, people=2, price=8_000, people_2=3, price_2=5_000)
    group = begun(of, people[0])
    paid = [buy(item, people[0]).total_amount]
    for who in people[1:]:
        join(group, who)
        placed = order(item, who)
        paid.append(placed.total_amount)
        if placed.total_amount:
            make.pay(placed)
    assert paid == [2_000, 1_000, 0]

    settled()

    assert sorted(Refund.objects.values_list("amount", flat=True)) == [999, 1_999]
    assert Voucher.objects.count() == 3, "everybody has theirs"
    assert not Participation.objects.filter(order_due_at__isnull=False).exists()


def test_no_coupon_is_made_for_nobody(item: Variant) -> None:
    """Who opened the group is alone at the end, and has a price of their own."""
    (ana,) = crowd(1)
    terms = {"people": 3, "price": 7_000, "leader_price": 6_000, "complete_from": 1}
    of = campaign(item.product.shop, "group_buy", landing="coupon", variant=item.pk, **terms)
    group = later(begun(of, ana))

    assert group.state == "completed"
    (made,) = Coupon.objects.all()
    assert (made.cap, made.taken) == (1, 1)
    assert buy(item, ana).total_amount == 6_000
