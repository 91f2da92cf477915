"""Mechanic 2.5: a group that buys together."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.mechanic import Arrival, mechanic
from banyan.campaigns.models import Campaign, Instance, Participation
from banyan.campaigns.persons import same_hands
from banyan.campaigns.problems import Refused
from banyan.catalog.models import Variant
from banyan.entitlements.models import PriceRight
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid
from banyan.ledger.models import Journal
from banyan.notify import kinds
from banyan.notify.kinds import Happening
from banyan.notify.models import Notification
from banyan.orders import actions as orders
from banyan.orders.actions import expire_due
from banyan.orders.actions.holding import OrderWaits
from banyan.orders.models import Order
from banyan.payments.models import Intent, Refund
from banyan.people.models import Account
from banyan.sharing.actions import share
from tests.campaigns.groups import buy, group_of, order, settled
from tests.campaigns.scene import (
    SYSTEM,
    assert_sound,
    begun,
    crowd,
    draft,
    join,
    later,
    somebody,
)
from tests.support import factories as make

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def item() -> Variant:
    return make.variant(price=10_000, stock=50)


def test_three_pay_and_the_group_is_complete(item: Variant) -> None:
    ana, ben, cy = crowd(3)
    group = begun(group_of(item), ana)
    assert [one.total_amount for one in (buy(item, ana),)] == [7_000]
    for who in (ben, cy):
        join(group, who)
        assert buy(item, who).total_amount == 7_000
    group.refresh_from_db()
    assert (group.state, group.taken, group.done) == ("completed", 3, 3)
    assert Participation.objects.filter(state="in").count() == 3
    assert PriceRight.objects.filter(state="redeemed").count() == 3
    settled()


def test_a_paid_order_waits_for_the_group(item: Variant) -> None:
    ana, *others = crowd(3)
    group = begun(group_of(item), ana)
    paid = Order.objects.get(checkout=buy(item, ana))
    owner = make.actor(item.product.shop.owner)
    ship: dict[str, Any] = {"actor": owner, "order_id": paid.pk, "carrier": "SF", "tracking": "1"}
    with pytest.raises(OrderWaits):
        orders.ship(**ship)
    for who in others:
        join(group, who)
        buy(item, who)
    settled()
    orders.ship(**ship)


def test_f02_overfull_group(item: Variant) -> None:
    ana, *others = crowd(6)
    group = begun(group_of(item), ana)
    buy(item, ana)
    for who in others[:2]:
        join(group, who)
    for who in others[2:]:
        with pytest.raises(Refused, match="play_drained"):
            join(group, who)
    for who in others[:2]:
        buy(item, who)
    group.refresh_from_db()
    assert (group.state, group.done) == ("completed", 3)
    settled()


def test_m05_expiry(item: Variant) -> None:
    ana, ben = crowd(2)
    group = begun(group_of(item), ana)
    buy(item, ana)
    join(group, ben)
    buy(item, ben)
    later(group)
    assert group.state == "failed"
    settled()
    assert Refund.objects.count() == 2
    assert {one.refunded_amount for one in Intent.objects.all()} == {7_000}
    assert set(Participation.objects.values_list("state", flat=True)) == {"lost"}
    assert not Participation.objects.filter(order_due_at__isnull=False).exists()


def test_f17_full_group_is_never_refunded_at_timeout(item: Variant) -> None:
    ana, *others = crowd(3)
    group = begun(group_of(item), ana)
    buy(item, ana)
    for who in others:
        join(group, who)
        buy(item, who)
    later(group)
    later(group)
    assert group.state == "completed"
    settled()
    assert not Refund.objects.exists()


def test_f22_each_group_has_its_own_window(item: Variant) -> None:
    ana, ben = crowd(2)
    of = group_of(item, hours=2)
    first = begun(of, ana)
    with clock.at(clock.now() + 60 * MINUTE):
        second = begun(of, ben)
        buy(item, ben)
    later(first)
    second.refresh_from_db()
    assert (first.state, second.state) == ("failed", "forming")
    assert second.deadline - first.deadline >= 59 * MINUTE


def test_f04_the_window_is_the_terms(item: Variant) -> None:
    group = begun(group_of(item, hours=2), somebody())
    assert group.deadline - group.opened_at == 120 * MINUTE


def test_f05_a_payment_after_the_window_is_late(item: Variant) -> None:
    ana = somebody()
    group = begun(group_of(item, hours=1), ana)
    with clock.at(group.deadline - 5 * MINUTE):
        group_again = begun(group.campaign, ana)
        assert group_again.pk == group.pk
        Participation.objects.update(expires_at=group.deadline)
        PriceRight.objects.update(expires_at=group.deadline)
        placed = order(item, ana)
    with clock.at(group.deadline + dt.timedelta(seconds=30)):
        make.pay(placed)
    placed.refresh_from_db()
    assert placed.state != "paid"
    group.refresh_from_db()
    assert group.done == 0, "no phantom member, whenever the job comes"
    intent = Intent.objects.get()
    assert intent.state == "captured_unplaced"
    assert Refund.objects.get().amount == 7_000
    assert_sound()


def test_an_unpaid_place_comes_back(item: Variant) -> None:
    ana, ben, cy = crowd(3)
    group = begun(group_of(item, people=2), ana)
    buy(item, ana)
    join(group, ben)
    with pytest.raises(Refused, match="play_drained"):
        join(group, cy)
    with clock.at(clock.now() + 20 * MINUTE):
        assert campaigns.lapse_due(actor=SYSTEM) == 1
        assert campaigns.lapse_due(actor=SYSTEM) == 0
        join(group, cy)
        buy(item, cy)
    group.refresh_from_db()
    assert (group.state, group.done) == ("completed", 2)
    settled()


def test_a_placed_order_keeps_its_place_until_it_ends(item: Variant) -> None:
    ana, ben, cy = crowd(3)
    group = begun(group_of(item, people=2, minutes=5), ana)
    buy(item, ana)
    join(group, ben)
    with clock.at(clock.now() + 4 * MINUTE):
        placed = order(item, ben)
    with clock.at(clock.now() + 8 * MINUTE):
        assert campaigns.lapse_due(actor=SYSTEM) == 0
        with pytest.raises(Refused):
            join(group, cy)
    with clock.at(placed.expires_at + MINUTE):
        expire_due(actor=SYSTEM)
        assert campaigns.lapse_due(actor=SYSTEM) == 1
        join(group, cy)
    assert_sound()


def test_f01_nobody_is_made_up(item: Variant) -> None:
    ana, ben = crowd(2)
    group = begun(group_of(item, complete_from=2), ana)
    buy(item, ana)
    join(group, ben)
    buy(item, ben)
    later(group)
    assert (group.state, group.public, group.done) == ("completed", {"by_shop": 1}, 2)
    journal = Journal.objects.get(kind="campaign.completed")
    posted = {one.account.kind: one.amount for one in journal.posting_set.all()}
    assert posted == {"shop_costs": -6_000, "shop_spared": 6_000}, "two times 30.00 spared"
    assert {one.account.owner_id for one in journal.posting_set.all()} == {item.product.shop_id}
    seen = figures(group.campaign)
    assert seen["Groups that filled up, of those decided"] == "0 of 1 (0%)"
    assert seen["Groups that the shop completed"] == 1
    assert Participation.objects.count() == 2
    assert Account.objects.filter(handle__startswith="player").count() == 2
    settled()
    assert not Refund.objects.exists()


def told(who: Account) -> set[str]:
    rows = Notification.objects.filter(recipient=who, kind__startswith="campaign.")
    return {one.kind.removeprefix("campaign.") for one in rows}


def test_everybody_is_told_how_it_goes(item: Variant) -> None:
    ana, ben, cy = crowd(3)
    group = begun(group_of(item), ana)
    assert told(ana) == set()
    buy(item, ana)
    assert told(ana) == {"group_opened"}
    for who in (ben, cy):
        join(group, who)
    buy(item, ben)
    assert told(ana) == {"group_opened", "group_joined", "one_to_go"}
    assert told(ben) == set(), "who has just joined sees it"
    buy(item, cy)
    assert told(ana) == {"group_opened", "group_joined", "one_to_go", "group_full"}
    assert told(ben) == told(cy) == {"group_full"}


def test_who_has_money_back_is_told_how_much_and_until_when(item: Variant) -> None:
    ana, ben = crowd(2)
    group = begun(group_of(item, leader_price=6_000), ana)
    buy(item, ana)
    join(group, ben)
    buy(item, ben)
    later(group)
    for who, amount in ((ana, "CN¥60.00"), (ben, "CN¥70.00")):
        one = Notification.objects.get(recipient=who, kind="campaign.group_failed")
        text = kinds.require(one.kind).tell(Happening(1, (), "", one.data))
        assert amount in text
        assert f"{group.deadline + dt.timedelta(days=10):%Y-%m-%d}" in text
    assert Refund.objects.count() == 2
    settled()


def test_figures_of_groups_are_counted_from_rows(item: Variant) -> None:
    ana, ben, cy, dee = crowd(4)
    of = group_of(item, people=2, hours=2)
    full = begun(of, ana)
    buy(item, ana)
    mine = share(actor=make.actor(ana), target_kind="play", target_id=full.pk, via=None)
    make.pay(make.place((make.variant(), 1), buyer=ben))
    with clock.at(clock.now() + 30 * MINUTE):
        join(full, ben, arrival=Arrival(link_id=mine.pk))
        given_back = buy(item, ben)
    failed = begun(of, cy)
    buy(item, cy)
    begun(of, dee)
    later(failed)
    settled()
    (order_id,) = given_back.orders.values_list("id", flat=True)
    orders.undo_orders(actor=SYSTEM, order_ids=[order_id], reason="wanted")
    assert figures(of) == {
        "Groups that filled up, of those decided": "1 of 2 (50%)",
        "Groups that the shop completed": 0,
        "Usual time to fill up, in hours": "0:30",
        "Members brought by the leader's own link": "1 of 1 (100%)",
        "Paid places given back": "2 of 3 (67%)",
        "Paid places of newcomers": "2 of 3 (67%)",
        "Of who came by a friend, began one after that": "0 of 1 (0%)",
        "Of who came by a friend, newcomers": "0 of 1 (0%)",
        "Groups with places in the same hands": "0",
    }


def figures(of: Campaign) -> dict[str, Any]:
    return dict(mechanic(of.mechanic).figures(of))


def test_m05_refund_after_success(item: Variant) -> None:
    ana, ben = crowd(2)
    group = begun(group_of(item, people=2), ana)
    buy(item, ana)
    join(group, ben)
    bought = Order.objects.get(checkout=buy(item, ben))
    settled()
    orders.undo_orders(actor=SYSTEM, order_ids=[bought.pk], reason="wanted")
    group.refresh_from_db()
    assert group.state == "completed"
    assert Order.objects.exclude(pk=bought.pk).get().state == "paid"
    settled()


def test_m05_refund_after_success_prices_a_ladder_for_nobody_again(item: Variant) -> None:
    ana, ben, cy = crowd(3)
    group = begun(group_of(item, people=2, price=8_000, people_2=3, price_2=6_500), ana)
    buy(item, ana)
    for who in (ben, cy):
        join(group, who)
    buy(item, ben)
    bought = Order.objects.get(checkout=buy(item, cy))
    settled()
    orders.undo_orders(actor=SYSTEM, order_ids=[bought.pk], reason="wanted")
    relay.drain()
    settled()
    group.refresh_from_db()
    assert (group.state, group.done) == ("completed", 3)
    assert set(Participation.objects.values_list("state", "amount")) == {("in", 6_500)}
    others = Order.objects.exclude(pk=bought.pk).values_list("state", "refunded_amount")
    assert list(others) == [("paid", 1_500)] * 2, "the step that was reached stays reached"


def test_m05_new_user_only_breach(item: Variant) -> None:
    ana, old = crowd(2)
    make.pay(make.place((make.variant(), 1), buyer=old))
    group = begun(group_of(item, newcomers=True), ana)
    with pytest.raises(Refused, match="play_newcomers_only"):
        join(group, old)
    assert not PriceRight.objects.filter(account=old).exists(), "refused before any payment"
    group.refresh_from_db()
    assert group.taken == 1


@pytest.mark.parametrize(
    "values",
    [
        {"people": 1},
        {"price": 0},
        {"people_2": 2, "price_2": 5_000},
        {"people_2": 5, "price_2": 7_000},
        {"people_2": 5},
        {"complete_from": 3},
    ],
)
def test_ladders_that_do_not_fall_are_refused(item: Variant, values: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        group_of(item, **values)


def test_another_shops_goods_are_no_group(item: Variant) -> None:
    other = make.variant()
    with pytest.raises(Invalid) as refused:
        draft(item.product.shop, "group_buy", variant=other.pk, price=100)
    assert "variant" in refused.value.fields
    assert not Instance.objects.exists()


def test_f03_refund_flag(item: Variant) -> None:
    ana, ben, cy, dee = crowd(4)
    group = begun(group_of(item), ana)
    buy(item, ana)
    join(group, ben)
    given_back = Order.objects.get(checkout=buy(item, ben))
    orders.undo_orders(actor=SYSTEM, order_ids=[given_back.pk], reason="wanted")
    relay.drain()
    group.refresh_from_db()
    assert (group.state, group.taken, group.done) == ("forming", 1, 1)
    for who in (cy, dee):
        join(group, who)
        buy(item, who)
    group.refresh_from_db()
    assert (group.state, group.done) == ("completed", 3)
    inside = Participation.objects.filter(state="in").values_list("account_id", flat=True)
    assert set(inside) == {ana.pk, cy.pk, dee.pk}
    settled()


def test_f18_silent_re_seat(item: Variant) -> None:
    ana, ben, cy, late = crowd(4)
    of = group_of(item, people=2, groups=2)
    full, waiting = begun(of, ana), begun(of, cy)
    join(full, ben)
    with pytest.raises(Refused, match="play_drained"):
        join(full, late)
    with clock.at(waiting.deadline), pytest.raises(Refused, match="play_over"):
        join(waiting, late)
    assert not Participation.objects.filter(account=late).exists(), "nobody is seated elsewhere"
    assert not PriceRight.objects.filter(account=late).exists()
    assert Instance.objects.count() == 2


def test_m05_self_assist(item: Variant) -> None:
    ana, again = crowd(2)
    of = group_of(item)
    at_home = Actor(kind="member", id=ana.pk, visitor="one-browser")
    group = campaigns.begin(actor=at_home, code=of.code)
    second = Actor(kind="member", id=again.pk, visitor="one-browser")
    assert same_hands(of.pk) == {}
    campaigns.play(actor=second, code=group.code, verb="join")
    join(group, somebody())
    join(begun(of, somebody()), somebody())
    group.refresh_from_db()
    assert group.taken == 3, "nobody is refused: it may be a household"
    assert same_hands(of.pk) == {group.code: 2}, "and the shop knows"
    assert figures(of)["Groups with places in the same hands"] == f"1 ({group.code})"
    assert campaigns.play(actor=second, code=group.code, verb="join").repeated
    with clock.at(clock.now() + 20 * MINUTE):
        campaigns.lapse_due(actor=SYSTEM)
    assert same_hands(of.pk) == {}
    assert_sound()


def test_m05_partial_fill(item: Variant) -> None:
    ana, ben = crowd(2)
    alone = begun(group_of(item, complete_from=2), ana)
    buy(item, ana)
    by_shop = begun(group_of(item, complete_from=1), ben)
    buy(item, ben)
    later(alone)
    later(by_shop)
    assert (alone.state, by_shop.state) == ("failed", "completed")
    assert by_shop.public == {"by_shop": 2}
    assert Refund.objects.get().intent.subject_id == alone.participations.get().checkout_id
    settled()
