"""When people are told how far a play has come: at parts of the way, each once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.milestones import passes
from banyan.campaigns.models import Participation
from banyan.catalog.models import Shop
from banyan.kernel import clock, relay
from banyan.kernel.money import Money
from banyan.notify.models import Notification
from banyan.orders import actions as orders
from banyan.orders.models import Checkout
from banyan.payments.actions.credit import issue_credit
from banyan.people.models import Account
from banyan.sales import actions as sales
from banyan.sales.models import Right
from tests.campaigns.scene import (
    HOUR,
    SYSTEM,
    assert_sound,
    begun,
    campaign,
    coupon,
    crowd,
    help_,
    join,
    somebody,
)
from tests.sales import scene
from tests.support import factories as make

MINUTE = dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("whole", "parts", "told"),
    [
        (10, (50, 90), [5]),  # nine of ten is the last but one, which is told otherwise
        (30, (50, 90), [15, 27]),
        (20, (25, 50, 75), [5, 10, 15]),
        (7, (25, 50, 75), [2, 4]),
        (3, (50, 90), []),
        (4, (25, 50, 75), [1, 2]),
    ],
)
def test_each_part_of_the_way_is_passed_once(
    whole: int, parts: tuple[int, ...], told: list[int]
) -> None:
    assert [n for n in range(1, whole + 1) if passes(n, whole, parts)] == told


@pytest.fixture
def shop() -> Shop:
    return make.shop()


def notes(who: Account) -> list[tuple[str, Any]]:
    relay.drain()
    rows = Notification.objects.filter(recipient=who).order_by("id")
    return [(one.kind.removeprefix("campaign."), one.data.get("n")) for one in rows]


@pytest.mark.django_db
def test_who_collects_likes_is_told_half_way_and_reminded_on_the_last_day(shop: Shop) -> None:
    of = campaign(shop, "like_collection", coupon=coupon(shop).pk, likes=4, hours=48)
    ana = somebody()
    play = begun(of, ana)
    for who in crowd(2):
        help_(play, who)
    assert notes(ana) == [("progress", 2)]
    with clock.at(play.deadline - 25 * HOUR):
        campaigns.advance(actor=SYSTEM)
    assert notes(ana) == [("progress", 2)]
    for _again in range(2):
        with clock.at(play.deadline - 23 * HOUR):
            campaigns.advance(actor=SYSTEM)
    assert notes(ana) == [("progress", 2), ("ending", 2)]
    with clock.at(play.deadline - 22 * HOUR):
        for who in crowd(2):
            help_(play, who)
    play.refresh_from_db()
    with clock.at(play.deadline - 23 * HOUR):
        campaigns.advance(actor=SYSTEM)
    assert [kind for kind, _n in notes(ana)][2:] == ["reached", "claim_ending"]
    assert_sound()


@pytest.mark.django_db
def test_a_collection_of_some_hours_reminds_nobody(shop: Shop) -> None:
    of = campaign(shop, "like_collection", coupon=coupon(shop).pk, likes=4, hours=5)
    play = begun(of, somebody())
    assert Participation.objects.get(instance=play).due_at is None


@pytest.mark.django_db
def test_who_bargains_is_told_each_quarter_and_warned_of_the_last_pieces(shop: Shop) -> None:
    item = make.variant(shop, price=10_000, stock=3)
    ana = somebody()
    play = begun(campaign(shop, "bargain", variant=item.pk, floor=2_000, people=8), ana)
    seen: list[Any] = []
    for who in crowd(8):
        help_(play, who)
        told = Notification.objects.filter(recipient=ana, kind="campaign.progress")
        notes(ana)
        seen.append([one.data["n"] for one in told])
    assert seen == [[], [6], [6], [4], [4], [2], [2], [2]]
    kinds = {kind for kind, _n in notes(ana)}
    assert kinds == {"progress", "scarce", "one_to_go", "reached"}, "the quarters are one line"


@pytest.mark.django_db
def test_who_had_the_best_luck_of_a_packet_is_told() -> None:
    ana, *others = crowd(4)
    issue_credit(
        actor=SYSTEM, account_id=ana.pk, amount=Money(1_000, "CNY"), key="gift", reason="gift"
    )
    of = campaigns.standing_campaign(mechanic_code="red_packet", currency="CNY")
    given = {"total": "1000", "count": "3"}
    packet = campaigns.begin(actor=make.actor(ana), code=of.code, given=given)
    for who in others:
        join(packet, who)
    takers = Participation.objects.filter(instance=packet, role="taker")
    best = takers.order_by("-amount", "place")[0]
    relay.drain()
    told = Notification.objects.get(kind="campaign.luckiest")
    assert (told.recipient_id, told.data["amount"]) == (best.account_id, best.amount)


@pytest.mark.django_db
def test_whose_unit_of_a_sale_goes_back_soon_is_warned_once_and_told_when_it_is_gone() -> None:
    item = make.variant(stock=5)
    sale = scene.on(item, ttl_minutes=5, public=4)
    ana, ben, cleo = (scene.buyer(n) for n in range(3))
    right = scene.claim(sale, item, ana)
    scene.claim(sale, item, ben)
    ordered = scene.order(item, who=ben)
    paid = make.pay(scene.order(item, who=cleo))
    guest = scene.order(item)

    def kinds(who: Account) -> list[str]:
        rows = Notification.objects.filter(recipient=who, kind__startswith="sale.")
        return list(rows.order_by("id").values_list("kind", flat=True))

    for minutes, told in (
        (2, []),
        (3.5, ["sale.ending"]),
        (4, ["sale.ending"]),
        (5.5, ["sale.ending", "sale.released"]),
        (6, ["sale.ending", "sale.released"]),
    ):
        with clock.at(right.created_at + minutes * MINUTE):
            sales.advance_sale(actor=SYSTEM, sale=sale)
            orders.warn_unpaid()
            orders.expire_due(actor=SYSTEM)
        assert kinds(ana) == told, minutes
        # who has ordered is told the same of paying, and led to the order
        of_order = {"sale.ending": "sale.unpaid", "sale.released": "sale.lapsed"}
        assert kinds(ben) == [of_order[kind] for kind in told], minutes
    at = set(Notification.objects.filter(recipient=ben).values_list("url", flat=True))
    assert at == {f"/o/{ordered.access_token}"}
    assert kinds(cleo) == [], "who has paid is left alone"
    assert guest.buyer_id is None
    assert Checkout.objects.filter(state="expired").count() == 2
    assert paid.state == "paid"
    assert Right.objects.get(pk=right.pk).state == "expired"


@pytest.mark.django_db
def test_who_gives_an_order_of_a_sale_up_is_not_told_that_it_is_over() -> None:
    item = make.variant(stock=5)
    scene.on(item, ttl_minutes=5)
    ana = scene.buyer(1)
    ordered = scene.order(item, who=ana)

    orders.cancel_checkout(actor=make.actor(ana), checkout_id=ordered.pk)

    with clock.at(ordered.expires_at - MINUTE):
        assert orders.warn_unpaid() == 0
    assert not Notification.objects.filter(recipient=ana, kind__startswith="sale.").exists()
    scene.assert_sound()
