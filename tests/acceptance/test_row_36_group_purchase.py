"""Row 36: buyers gather for a lower price; the ladder falls for all, a deadline undoes it."""

from __future__ import annotations

import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.models import Campaign, Instance
from banyan.catalog.models import Variant
from banyan.kernel import clock
from banyan.ledger.proof import verify
from banyan.orders.models import Checkout, Order
from tests.acceptance.campaign_walk import begin, pay
from tests.campaigns.scene import SYSTEM, assert_sound, campaign, later, somebody
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.sandbox import Sandbox
from tests.support.walkers import Town, Walker

pytestmark = pytest.mark.django_db


@pytest.fixture
def item() -> Variant:
    return make.variant(price=10_000, stock=9)


def groups(item: Variant) -> Campaign:
    """Two people pay 80.00 instead of 100.00, three 70.00."""
    ladder = {"people": 2, "price": 8_000, "people_2": 3, "price_2": 7_000}
    return campaign(item.product.shop, "group_buy", variant=item.pk, **ladder)


def opens(town: Town, sandbox: Sandbox, item: Variant) -> tuple[Walker, str]:
    """Somebody who has opened a group and paid for their own place; the group's address."""
    ana = begin(Walker(town, somebody()), groups(item))
    group = ana.at
    ana.follow(r"^/checkout\?")
    assert pay(ana, sandbox).total_amount == 8_000
    ana.go(group)
    return ana, group


def joins(town: Town, sandbox: Sandbox, link: str) -> Checkout:
    """A friend comes by the link, joins, and is led on to pay."""
    friend = Walker(town, somebody())
    assert "Join for CN¥80.00" in friend.open(link)
    friend.press("/join$")
    assert friend.at.startswith("/checkout?")
    return pay(friend, sandbox)


def test_row_36_the_ladder_falls_for_everybody_who_is_in(
    town: Town, sandbox: Sandbox, item: Variant
) -> None:
    ana, group = opens(town, sandbox, item)
    link = ana.share()
    assert "1 more person is needed" in ana.go(group)
    paid = [joins(town, sandbox, link)]
    assert "1 more person brings it to CN¥70.00." in ana.go(group)
    paid.append(joins(town, sandbox, link))
    assert [one.total_amount for one in paid] == [8_000, 8_000]
    assert "The group is complete." in ana.go(group)

    campaigns.settle_orders(actor=SYSTEM)
    rows = Order.objects.values_list("total_amount", "refunded_amount")
    assert [*rows] == [(8_000, 1_000)] * 3, "who came first pays no more than who came last"
    assert Instance.objects.get().done == 3
    stock = make.stock_of(item)
    assert (stock.on_hand - stock.allocated, stock.reserved) == (6, 0)
    assert recount() == {}
    assert verify().clean
    assert_sound()


def test_row_36_too_few_at_the_deadline_and_everybody_has_all_back(
    town: Town, sandbox: Sandbox, item: Variant
) -> None:
    ana, group = opens(town, sandbox, item)
    link = ana.share()
    order, play = Order.objects.get(), Instance.objects.get()
    shop = Walker(town, item.product.shop.owner)
    sent = shop.browser.post(
        f"/studio/{order.shop.slug}/orders/{order.pk}/ship", {"carrier": "SF", "tracking": "1"}
    )
    assert sent.status_code == 422
    assert "the group is not complete yet" in sent.content.decode()

    with clock.at(play.deadline):
        friend = Walker(town, somebody())
        friend.open(link)
        code = f"/play/{play.code}/join"
        assert "This is over." in friend.browser.post(code, follow=True).content.decode()
    later(play)
    order.refresh_from_db()
    assert order.refunded_amount == order.total_amount == 8_000
    assert "Too few came. What was paid is on its way back." in ana.go(group)
    assert Checkout.objects.count() == 1
    stock = make.stock_of(item)
    assert (stock.on_hand - stock.allocated, stock.reserved) == (9, 0)
    assert recount() == {}
    assert verify().clean
    assert_sound()
