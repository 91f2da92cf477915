"""Mechanic 2.5: what who opens a group earns, and what whose payment came too late is given."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.models import Campaign, Grant, Instance, Participation
from banyan.campaigns.problems import Refused
from banyan.catalog.models import Variant
from banyan.earnings import actions as earnings
from banyan.entitlements.models import Grant as CouponGrant
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.personal import Person
from banyan.kernel.problems import Invalid
from banyan.ledger.models import Account as Book
from banyan.ledger.models import Journal
from banyan.ledger.proof import verify
from banyan.legal.ports import obstacles
from banyan.notify.models import Notification
from banyan.orders import actions as orders
from banyan.orders.actions import expire_due
from banyan.orders.models import Order
from banyan.people.models import Account
from tests.campaigns.phones import WECHAT, Phone
from tests.campaigns.scene import (
    DAY,
    SYSTEM,
    assert_sound,
    begun,
    campaign,
    coupon,
    crowd,
    join,
    later,
    somebody,
)
from tests.support import factories as make
from tests.support.recount import recount

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def item() -> Variant:
    return make.variant(price=10_000, stock=50)


def group_of(item: Variant, **values: Any) -> Campaign:
    values = {"variant": item.pk, "people": 3, "price": 7_000, "leader_perk": 500} | values
    return campaign(item.product.shop, "group_buy", **values)


def bought(item: Variant, who: Account) -> Order:
    return Order.objects.get(checkout=make.pay(make.place((item, 1), buyer=who)))


def complete(item: Variant, **values: Any) -> tuple[Instance, list[Account], list[Order]]:
    """Return a group of three that is complete, who is in, and what they bought."""
    people = crowd(3)
    group = begun(group_of(item, **values), people[0])
    placed = [bought(item, people[0])]
    for who in people[1:]:
        join(group, who)
        placed.append(bought(item, who))
    group.refresh_from_db()
    assert group.state == "completed"
    campaigns.settle_orders(actor=SYSTEM)
    return group, people, placed


def arrive(*placed: Order) -> None:
    for order in placed:
        order = Order.objects.select_related("shop__owner", "checkout__buyer").get(pk=order.pk)
        owner = make.actor(order.shop.owner)
        assert order.checkout.buyer is not None
        orders.ship(actor=owner, order_id=order.pk, carrier="SF", tracking="1")
        orders.confirm_receipt(actor=make.actor(order.checkout.buyer), order_id=order.pk)
    relay.drain()


def decide(after: dt.timedelta) -> None:
    with clock.at(clock.now() + after):
        campaigns.advance(actor=SYSTEM)


def owed_to(who: Account) -> int:
    return sum(Book.objects.filter(kind="earner_payable", owner_id=who.pk).values_list(
        "balance", flat=True))  # fmt: skip


def settled() -> None:
    assert_sound()
    assert recount() == {}
    assert verify().clean


def test_the_leader_is_paid_by_the_shop_once_nothing_can_be_sent_back(item: Variant) -> None:
    group, (ana, *_others), placed = complete(item)
    of = group.campaign
    of.refresh_from_db()
    assert (of.reserved, of.spent, group.spent) == (0, 1_000, 1_000)
    arrive(*placed)
    decide(6 * DAY)
    assert owed_to(ana) == 0, "it can still be sent back"

    decide(8 * DAY)
    decide(8 * DAY)

    assert owed_to(ana) == 1_000
    journals = Journal.objects.filter(kind="campaign.perk")
    assert {(one.subject_kind, one.subject_id, one.memo) for one in journals} == {
        ("order", order.pk, order.number) for order in placed[1:]
    }
    for one in journals:
        posted = {row.account.kind: row.amount for row in one.posting_set.all()}
        assert posted == {"shop_payable": -500, "earner_payable": 500}
    settled()


def test_a_leader_who_waits_for_their_part_does_not_leave(item: Variant) -> None:
    _group, (ana, ben, _cy), placed = complete(item)
    arrive(*placed)

    def open_of(who: Account) -> set[str]:
        return {one.code for one in obstacles(Person(account_id=who.pk))}

    assert "earnings" in open_of(ana)
    assert "earnings" not in open_of(ben)
    decide(8 * DAY)
    assert "earnings" not in open_of(ana)
    assert "money" in open_of(ana), "it is payable now"


def test_members_who_have_all_back_earn_the_leader_nothing(item: Variant) -> None:
    group, (ana, *_others), placed = complete(item)
    orders.undo_orders(actor=SYSTEM, order_ids=[placed[1].pk], reason="wanted")
    relay.drain()
    group.campaign.refresh_from_db()
    assert group.campaign.spent == 500, "the budget has it again"
    arrive(placed[0], placed[2])
    decide(8 * DAY)
    assert owed_to(ana) == 500
    assert sorted(Grant.objects.values_list("cost", "amount")) == [(0, 0), (500, 500)]
    settled()


def test_while_somebody_asks_for_their_money_the_leader_waits(item: Variant) -> None:
    _group, (ana, ben, _cy), placed = complete(item)
    arrive(*placed)
    asked = orders.ask_refund(
        actor=make.actor(ben), order_id=placed[1].pk, amount=7_000, reason="torn", key="torn"
    )
    decide(8 * DAY)
    assert owed_to(ana) == 500
    owner = make.actor(item.product.shop.owner)
    orders.grant_refund(
        actor=owner,
        order_id=placed[1].pk,
        amount=7_000,
        reason="torn",
        key="granted",
        request_id=asked.pk,
    )
    relay.drain()
    decide(10 * DAY)
    assert owed_to(ana) == 500
    settled()


def test_what_the_leader_was_paid_goes_back_with_the_order_below_zero_if_need_be(
    item: Variant,
) -> None:
    group, (ana, *_others), placed = complete(item)
    arrive(*placed)
    decide(8 * DAY)
    assert owed_to(ana) == 1_000
    owner = make.actor(item.product.shop.owner)
    shop_had = Book.objects.get(kind="shop_payable", owner_id=item.product.shop_id).balance

    with clock.at(clock.now() + 8 * DAY):
        for _again in range(2):
            for order in placed[1:]:
                refund: dict[str, Any] = {"amount": 7_000, "reason": "torn"}
                refund["key"] = f"kind:{order.pk}"
                orders.grant_refund(actor=owner, order_id=order.pk, **refund)
            relay.drain()

    assert owed_to(ana) == 0
    shop = Book.objects.get(kind="shop_payable", owner_id=item.product.shop_id)
    assert shop.balance == shop_had + 1_000 - 2 * 7_000
    group.campaign.refresh_from_db()
    assert group.campaign.spent == 0, "the budget has it again"
    assert list(Grant.objects.values_list("cost", "amount")) == [(0, 0), (0, 0)]
    told = Notification.objects.filter(recipient=ana, kind="campaign.perk_back")
    assert {one.data["amount"] for one in told} == {500}
    backs = Journal.objects.filter(kind="campaign.perk_back")
    assert {one.reverses.kind for one in backs if one.reverses} == {"campaign.perk"}
    assert backs.count() == 2
    statement = Phone(ana).look("/me/statement")
    assert "Taken back: an order of your group went back" in statement
    settled()


def test_a_part_that_goes_back_leaves_the_leader_what_they_had(item: Variant) -> None:
    _group, (ana, *_others), placed = complete(item)
    arrive(*placed)
    decide(8 * DAY)
    refund: dict[str, Any] = {"amount": 3_000, "reason": "a scratch", "key": "part"}
    owner = make.actor(item.product.shop.owner)
    orders.grant_refund(actor=owner, order_id=placed[1].pk, **refund)
    relay.drain()
    assert owed_to(ana) == 1_000
    settled()


def test_a_second_account_of_the_leader_earns_them_nothing(item: Variant) -> None:
    ana, again, cy = crowd(3)
    of = group_of(item)
    group = campaigns.begin(actor=Actor(kind="member", id=ana.pk, visitor="one"), code=of.code)
    bought(item, ana)
    for who, browser in ((again, "one"), (cy, "another")):
        at_it = Actor(kind="member", id=who.pk, visitor=browser)
        campaigns.play(actor=at_it, code=group.code, verb="join")
        bought(item, who)
    place = Participation.objects.get(account=cy)
    assert list(Grant.objects.values_list("account", "reference")) == [(ana.pk, place.pk)]
    assert_sound()


def test_a_leader_who_is_out_and_a_group_that_fails_earn_nothing(item: Variant) -> None:
    ana, ben = crowd(2)
    group = begun(group_of(item), ana)
    join(group, ben)
    bought(item, ben)
    group.campaign.refresh_from_db()
    assert group.campaign.reserved == 1_000
    later(group)
    group.campaign.refresh_from_db()
    assert (group.campaign.reserved, group.campaign.spent) == (0, 0)
    assert not Grant.objects.exists()
    settled()


def test_a_group_without_a_budget_for_its_leader_is_not_published(item: Variant) -> None:
    with pytest.raises(Invalid) as refused:
        group_of(item, budget=999)
    assert "budget" in refused.value.fields
    of = group_of(item, budget=1_000)
    begun(of, somebody())
    with pytest.raises(Refused, match="play_budget"):
        begun(of, somebody())


def test_nobody_is_the_third_to_be_paid_for_one_sale(item: Variant) -> None:
    shop = item.product.shop
    terms: dict[str, int] = {"rate_bps": 1_000, "levels": 2, "direct_bps": 8_000}
    earnings.set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, **terms)
    with pytest.raises(Invalid) as refused:
        group_of(item)
    assert list(refused.value.fields) == ["leader_perk"]
    group_of(item, leader_perk=0)


def test_everybody_reads_that_the_leader_earns(item: Variant) -> None:
    group, (ana, ben, _cy), placed = complete(item)
    told = "Who opened this group earns CN¥5.00 for each other who buys and keeps it."
    assert told in Phone(ben).look(f"/play/{group.code}")
    assert told not in Phone(ben, WECHAT).look(f"/play/{group.code}")
    rules = Phone(ben).look(f"/campaign/{group.campaign.code}/rules")
    assert "Who opens a group earns CN¥5.00 for each other" in rules
    arrive(*placed)
    assert "CN¥0.00 is yours, CN¥10.00 waits" in Phone(ana).look(f"/play/{group.code}")
    decide(8 * DAY)
    assert "CN¥10.00 is yours, CN¥0.00 waits" in Phone(ana).look(f"/play/{group.code}")


def test_the_shop_reads_at_each_order_what_its_leader_earns(item: Variant) -> None:
    _group, (ana, *_others), placed = complete(item)
    orders.undo_orders(actor=SYSTEM, order_ids=[placed[1].pk], reason="wanted")
    relay.drain()
    shop = item.product.shop
    desk = Phone(shop.owner)

    def told(order: Order) -> str:
        return desk.look(f"/studio/{shop.slug}/orders/{order.pk}")

    held = "opened the group. Held until the return window closes"
    assert [held in told(order) for order in placed] == [False, False, True]
    assert ana.display_name in told(placed[2])
    assert "opened the group. Taken back" in told(placed[1])
    arrive(placed[2])
    decide(8 * DAY)
    assert "opened the group. Payable" in told(placed[2])


@pytest.mark.parametrize("budget", [500, 499])
def test_who_pays_too_late_is_told_and_given_the_coupon_that_was_named(
    item: Variant, budget: int
) -> None:
    ana, ben = crowd(2)
    sorry = coupon(item.product.shop, title="Sorry").pk
    of = group_of(item, people=2, hours=1, leader_perk=0, apology=sorry, budget=budget)
    group = begun(of, ana)
    bought(item, ana)
    with clock.at(group.deadline - 2 * MINUTE):
        join(group, ben)
        placed = make.place((item, 1), buyer=ben)
    with clock.at(placed.expires_at + MINUTE):
        expire_due(actor=SYSTEM)
        later(group)
        make.pay(placed)
        relay.drain()
        relay.drain()
    one = Notification.objects.get(recipient=ben, kind="campaign.too_late")
    assert one.data["amount"] == placed.total_amount
    given = CouponGrant.objects.filter(account=ben, coupon_id=sorry)
    of.refresh_from_db()
    if budget < 500:
        assert (given.count(), of.spent) == (0, 0), "the budget is hard"
    else:
        assert (given.count(), of.spent, of.reserved) == (1, 500, 0)
    assert not Participation.objects.filter(account=ben, state="in").exists()
    settled()
