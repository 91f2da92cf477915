"""Mechanic 2.5: a payment that finds its place given away, and what its buyer chose for that."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.actions import buying
from banyan.campaigns.actions.buying import lapse
from banyan.campaigns.models import Campaign, Instance, Participation
from banyan.campaigns.problems import Refused
from banyan.catalog.models import Variant
from banyan.kernel import clock
from banyan.kernel.problems import Busy
from banyan.ledger.proof import verify
from banyan.notify.models import Notification
from banyan.orders.models import Checkout, Order
from banyan.payments.models import Intent, Refund
from banyan.people import actions as people
from banyan.people.models import Account
from tests.campaigns.phones import Phone
from tests.campaigns.scene import SYSTEM, assert_sound, begun, campaign, crowd, join, later
from tests.support import factories as make
from tests.support.recount import recount

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def item() -> Variant:
    return make.variant(price=10_000, stock=50)


def group_of(item: Variant, **values: Any) -> Campaign:
    values = {"variant": item.pk, "people": 2, "price": 7_000, "minutes": 5} | values
    return campaign(item.product.shop, "group_buy", **values)


def order(item: Variant, who: Account) -> Checkout:
    return make.place((item, 1), buyer=who)


def buy(item: Variant, who: Account) -> Checkout:
    return make.pay(order(item, who))


def too_slow(of: Instance, item: Variant, who: Account, choice: str) -> Checkout:
    """Let somebody join and order, and somebody else have the place before they pay."""
    join(of, who, given={"if_full": choice})
    placed = order(item, who)
    (quick,) = crowd(1)
    place = Participation.objects.get(instance=of, account=who, state="reserved")
    with clock.at(clock.now() + 6 * MINUTE):
        assert lapse(actor=SYSTEM, ids=[place.pk]) == 1
        join(of, quick)
        buy(item, quick)
    return placed


def pays(placed: Checkout) -> Checkout:
    with clock.at(clock.now() + 7 * MINUTE):
        return make.pay(placed)


def settled() -> None:
    campaigns.settle_orders(actor=SYSTEM)
    assert_sound()
    assert recount() == {}
    assert verify().clean


def seats_of(who: Account) -> list[tuple[int, str]]:
    rows = Participation.objects.filter(account=who).exclude(state="out")
    return list(rows.values_list("instance_id", "state"))


def test_who_pays_after_the_place_was_kept_takes_it_again_while_it_is_free(item: Variant) -> None:
    ana, ben = crowd(2)
    group = begun(group_of(item), ana)
    buy(item, ana)
    join(group, ben)
    placed = order(item, ben)
    with clock.at(clock.now() + 4 * MINUTE):
        assert campaigns.lapse_due(actor=SYSTEM) == 0
    with clock.at(clock.now() + 6 * MINUTE):
        assert campaigns.lapse_due(actor=SYSTEM) == 1
    group.refresh_from_db()
    assert (group.taken, group.done) == (1, 1), "the place is free for others"

    assert pays(placed).state == "paid"

    group.refresh_from_db()
    assert (group.state, group.taken, group.done) == ("completed", 2, 2)
    assert seats_of(ben) == [(group.pk, "in")]
    assert not Refund.objects.exists()
    settled()


def test_f18_the_choice_is_honoured_in_another_group_that_is_open(item: Variant) -> None:
    ana, ben, cy, dee = crowd(4)
    of = group_of(item, hours=2, groups=2)
    with clock.at(clock.now() - 3 * 60 * MINUTE):
        Campaign.objects.update(starts_at=clock.now())
        over = begun(of, dee)
    first, second = begun(of, ana), begun(of, cy)
    buy(item, ana)
    placed = too_slow(first, item, ben, "other")

    assert pays(placed).state == "paid"

    assert seats_of(ben) == [(second.pk, "in")]
    assert not Participation.objects.filter(instance=over, account=ben).exists(), "it has expired"
    told = Notification.objects.get(recipient=ben, kind="campaign.reseated")
    assert told.url == f"/play/{second.code}"
    second.refresh_from_db()
    assert (second.taken, second.done) == (2, 1), "its leader has not paid yet"
    buy(item, cy)
    second.refresh_from_db()
    assert second.state == "completed"
    settled()
    assert not Refund.objects.exists()


def test_a_group_of_ones_own_is_opened_by_the_payment_if_that_was_chosen(item: Variant) -> None:
    ana, ben = crowd(2)
    first = begun(group_of(item), ana)
    buy(item, ana)
    placed = too_slow(first, item, ben, "own")

    assert pays(placed).state == "paid"

    own = Instance.objects.get(owner=ben)
    assert seats_of(ben) == [(own.pk, "in")]
    assert (own.state, own.taken, own.done, own.participations.get().role) == (
        *("forming", 1, 1),
        "leader",
    )
    assert Order.objects.get(checkout=placed).lines.get().unit_amount == 7_000
    settled()
    later(own)
    settled()
    assert Refund.objects.get().amount == 7_000, "it failed as any group does"


@pytest.mark.parametrize("choice", ["refund", "", "elsewhere", "own"])
def test_without_a_choice_that_can_be_had_all_goes_back(item: Variant, choice: str) -> None:
    ana, ben, cy = crowd(3)
    of = group_of(item)
    first, second = begun(of, ana), begun(of, cy)
    buy(item, ana)
    placed = too_slow(first, item, ben, choice)
    if choice == "own":
        begun(of, ben)  # as many as one may open

    assert pays(placed).state == "placed"

    assert Intent.objects.get(subject_id=placed.pk).state == "captured_unplaced"
    assert Refund.objects.get().amount == placed.total_amount
    second.refresh_from_db()
    assert (second.taken, second.done) == (1, 0), "nobody is put anywhere"
    assert (first.pk, "in") not in seats_of(ben)
    assert not Notification.objects.filter(kind="campaign.reseated").exists()
    settled()


@pytest.mark.parametrize("choice", ["other", "own"])
def test_a_place_that_goes_just_before_the_locks_is_paid_for_at_the_next_telling(
    item: Variant, choice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben, cy = crowd(3)
    of = group_of(item)
    first, second = begun(of, ana), begun(of, cy)
    buy(item, ana)
    placed = too_slow(first, item, ben, choice)
    with monkeypatch.context() as nothing_is_gone_yet:
        nothing_is_gone_yet.setattr(buying, "seat_locks", lambda _event: [])
        with pytest.raises(Busy):
            pays(placed)
    assert seats_of(ben) == []
    assert not Refund.objects.exists()
    assert not Instance.objects.filter(owner=ben).exists()

    assert pays(placed).state == "paid"

    ((where, state),) = seats_of(ben)
    assert (where == second.pk, state) == (choice == "other", "in")
    settled()


def test_nobody_is_seated_with_whom_they_are_apart_from(item: Variant) -> None:
    ana, ben, cy, dee = crowd(4)
    of = group_of(item)
    first, _apart, room = begun(of, ana), begun(of, cy), begun(of, dee)
    Instance.objects.filter(pk=room.pk).update(place="chat:1")
    people.block(actor=make.actor(cy), account_id=ben.pk)
    buy(item, ana)
    placed = too_slow(first, item, ben, "other")
    assert pays(placed).state == "placed"
    assert seats_of(ben) == []
    assert Refund.objects.count() == 1


def test_who_pays_too_late_comes_back_to_nobody_who_has_blocked_them_since(item: Variant) -> None:
    ana, ben = crowd(2)
    group = begun(group_of(item), ana)
    join(group, ben)
    placed = order(item, ben)
    place = Participation.objects.get(instance=group, account=ben)
    with clock.at(clock.now() + 6 * MINUTE):
        assert lapse(actor=SYSTEM, ids=[place.pk]) == 1
    people.block(actor=make.actor(ana), account_id=ben.pk)

    assert pays(placed).state == "placed"

    assert seats_of(ben) == []
    assert Refund.objects.count() == 1
    assert_sound()


def test_another_group_that_costs_more_is_no_place_for_the_same_money(item: Variant) -> None:
    ana, ben, cy, dee = crowd(4)
    of = group_of(item, price=8_000, people_2=3, price_2=6_000)
    first, _dear = begun(of, ana), begun(of, cy)
    buy(item, ana)
    join(first, dee)
    buy(item, dee)
    settled()
    # The first step is reached by two, the second one by three: ben joined for the first price.
    placed = too_slow(first, item, ben, "other")
    Participation.objects.filter(account=ben, state="out").update(amount=6_500)

    assert pays(placed).state == "placed"
    assert seats_of(ben) == []
    assert_sound()


def test_an_order_outlives_its_group_where_another_one_was_chosen(item: Variant) -> None:
    ana, ben, cy = crowd(3)
    of = group_of(item, hours=1, groups=2)
    group = begun(of, ana)
    with clock.at(group.deadline - 2 * MINUTE):
        other = begun(of, cy)
        join(group, ben, given={"if_full": "other"})
        placed = order(item, ben)
    later(group)
    assert group.state == "failed"
    placed.refresh_from_db()
    assert placed.state == "placed", "it can be paid in its time"
    with clock.at(group.deadline + MINUTE):
        make.pay(placed)
    assert seats_of(ben) == [(other.pk, "in")]
    settled()


def test_who_reserved_at_an_earlier_step_pays_no_more_than_the_others(item: Variant) -> None:
    ana, ben, cy, dee = crowd(4)
    group = begun(group_of(item, price=8_000, people_2=3, price_2=7_000, people_3=5,
                           price_3=6_000), ana)  # fmt: skip
    for who in (ben, cy, dee):
        join(group, who)
    for who in (ana, ben, cy, dee):
        assert buy(item, who).total_amount == 8_000
    settled()
    assert sorted(Refund.objects.values_list("amount", flat=True)) == [1_000] * 4


def test_the_page_asks_and_says_what_was_chosen(item: Variant) -> None:
    ana, ben = crowd(2)
    group = begun(group_of(item), ana)
    phone = Phone(ben)
    seen = phone.look(f"/play/{group.code}")
    assert '<select id="f-if_full" name="if_full" form="act-join">' in seen
    join(group, ben, given={"if_full": "own"})
    assert "If you pay too late: a group of my own." in phone.look(f"/play/{group.code}")
    with pytest.raises(Refused, match="play_drained"):
        join(group, crowd(1)[0])
