"""The last places of groups, for payments that come too late; each race beside its control."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.actions import buying, money, seating
from banyan.campaigns.actions.buying import lapse
from banyan.campaigns.models import Grant, Instance, Participation
from banyan.campaigns.problems import Refused
from banyan.catalog.models import Variant
from banyan.kernel import clock, locks
from banyan.kernel.actors import Actor
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.events import OrderPaid
from banyan.orders.models import Checkout, Order
from banyan.payments.models import Intent, Refund
from banyan.people.models import Account
from tests.campaigns.plays import patient
from tests.campaigns.scene import SYSTEM, assert_sound, begun, campaign, crowd, join
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.threads import run_at_once
from tests.support.weakened import between, meet, no_locks, without_check

pytestmark = pytest.mark.usefixtures("threaded_db")
MINUTE = dt.timedelta(minutes=1)


def order(item: Variant, who: Account) -> Checkout:
    return make.place((item, 1), buyer=who)


def paying(checkout: Checkout) -> Callable[[], Any]:
    """Return what pays when the place was given away already, and the order still waits."""

    def pay() -> Any:
        with clock.at(checkout.expires_at - MINUTE):
            return patient(lambda: make.pay(checkout))

    return pay


def late(many: int, choice: str, others: int = 0) -> tuple[Instance, list[Instance], list[Any]]:
    """Return a full group, others with one free place each, and so many who still pay for it."""
    item = make.variant(price=10_000, stock=60)
    terms = {"variant": item.pk, "people": many + 1, "price": 7_000, "minutes": 5}
    of = campaign(item.product.shop, "group_buy", **terms)
    first, *leaders = crowd(1 + others)
    group = begun(of, first)
    make.pay(order(item, first))
    slow = crowd(many)
    for who in slow:
        join(group, who, given={"if_full": choice})
    placed = [order(item, who) for who in slow]
    places = Participation.objects.filter(account__in=slow, state="reserved")
    with clock.at(clock.now() + 6 * MINUTE):
        assert lapse(actor=SYSTEM, ids=list(places.values_list("id", flat=True))) == many
        for who in crowd(many):
            join(group, who)
        rest = [begun(of, who) for who in leaders]
        for one in rest:
            for who in crowd(many - 1):
                join(one, who)
    return group, rest, placed


def settled() -> None:
    campaigns.settle_orders(actor=SYSTEM)
    assert_sound()
    assert recount() == {}
    assert verify().clean


def test_m05_concurrent_last_slot_of_another_group_goes_to_one_of_those_who_pay_late() -> None:
    group, (other,), placed = late(3, "other", others=1)

    run_at_once(*(paying(one) for one in placed))

    group.refresh_from_db()
    other.refresh_from_db()
    assert (group.taken, other.taken) == (4, 4), "no place is taken twice"
    states = sorted(Intent.objects.filter(subject_id__in=[one.pk for one in placed]).values_list(
        "state", flat=True))  # fmt: skip
    assert states == ["captured", "captured_unplaced", "captured_unplaced"]
    assert sorted(Refund.objects.values_list("amount", flat=True)) == [7_000] * 2
    assert Participation.objects.filter(instance=other, state="in").count() == 1
    settled()


def test_control_without_the_conditional_update_a_group_is_overfull(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _group, (other,), placed = late(2, "other", others=1)
    no_locks(monkeypatch)
    monkeypatch.setattr(locks, "held", lambda _key: True)

    def careless(instance: Instance, _actor: Actor) -> int:
        """Read, think, write: as one must not."""
        if instance.taken >= instance.cap or instance.ended_at is not None:
            raise Refused("drained")
        instance.taken += 1
        return instance.taken

    monkeypatch.setattr(seating, "_take_place", careless)
    meet(monkeypatch, seating, "_others", 2)
    with without_check("campaigns_instance", "instance_places"):
        run_at_once(*(paying(one) for one in placed))
    assert Participation.objects.filter(instance=other).exclude(state="out").count() == 4, (
        "more people than places"
    )


def test_a_place_is_given_away_or_paid_for_and_never_both() -> None:
    item = make.variant(price=10_000, stock=9)
    terms = {"variant": item.pk, "people": 2, "price": 7_000, "minutes": 5}
    ana, ben, cy = crowd(3)
    group = begun(campaign(item.product.shop, "group_buy", **terms), ana)
    make.pay(order(item, ana))
    join(group, ben)
    placed = order(item, ben)
    over = clock.now() + 6 * MINUTE

    def gives_away() -> Any:
        with clock.at(over):
            campaigns.lapse_due(actor=SYSTEM)
            return patient(lambda: join(group, cy))

    def pays() -> Any:
        with clock.at(over):
            return patient(lambda: make.pay(placed))

    run_at_once(gives_away, pays)

    group.refresh_from_db()
    assert group.taken == 2
    who = set(Participation.objects.filter(instance=group).exclude(state="out").values_list(
        "account_id", flat=True))  # fmt: skip
    back = Refund.objects.count()
    assert who in ({ana.pk, ben.pk}, {ana.pk, cy.pk})
    assert back == (0 if ben.pk in who else 1), "who has no place has all back"
    settled()


def test_a_group_of_ones_own_is_opened_once_by_two_payments() -> None:
    group, _none, (placed, _other) = late(2, "own")
    owner = placed.buyer
    run_at_once(paying(placed), paying(placed))
    own = Instance.objects.get(owner=owner)
    assert (own.pk != group.pk, own.taken, own.done) == (True, 1, 1)
    assert Intent.objects.get(subject_id=placed.pk).state == "captured"
    settled()


def perk_due() -> tuple[int, Participation]:
    item = make.variant(price=10_000, stock=9)
    terms = {"variant": item.pk, "people": 2, "price": 7_000, "leader_perk": 500}
    ana, ben = crowd(2)
    group = begun(campaign(item.product.shop, "group_buy", **terms), ana)
    make.pay(order(item, ana))
    join(group, ben)
    bought = make.pay(order(item, ben)).orders.get()
    campaigns.settle_orders(actor=SYSTEM)
    owner = make.actor(item.product.shop.owner)
    orders.ship(actor=owner, order_id=bought.pk, carrier="SF", tracking="1")
    orders.confirm_receipt(actor=make.actor(ben), order_id=bought.pk)
    campaigns.follow(actor=SYSTEM, order_id=bought.pk, hook="received")
    return ana.pk, Participation.objects.get(account=ben)


def test_what_the_leader_earns_is_paid_once_by_two_jobs() -> None:
    from banyan.ledger.models import Account as Book

    leader, place = perk_due()
    assert place.due_at is not None
    due = place.due_at

    def job() -> Any:
        with clock.at(due):
            return patient(lambda: campaigns.advance(actor=SYSTEM))

    run_at_once(job, job, job)
    assert Book.objects.get(kind="earner_payable", owner_id=leader).balance == 500
    settled()


def give_all_back(order_id: int) -> None:
    order = Order.objects.select_related("shop__owner").get(pk=order_id)
    refund: dict[str, Any] = {"amount": order.total_amount, "reason": "torn", "key": "torn"}
    orders.grant_refund(actor=make.actor(order.shop.owner), order_id=order_id, **refund)


def what_a_leader_keeps(monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Let all of an order go back while a job is about to pay its leader; what they have, and is
    said of it."""
    from banyan.ledger.models import Account as Book

    leader, place = perk_due()
    assert place.due_at is not None
    assert place.order_id is not None
    due, order_id = place.due_at, place.order_id
    meanwhile = between(monkeypatch, money, "_owed", seconds=2)

    def pay() -> Any:
        with clock.at(due):
            return patient(lambda: campaigns.advance(actor=SYSTEM))

    def back() -> Any:
        give_all_back(order_id)
        return patient(lambda: campaigns.follow(actor=SYSTEM, order_id=order_id, hook="refunded"))

    found = run_at_once(pay, meanwhile(back))
    assert not any(isinstance(one, Exception) for one in found), found
    has = Book.objects.filter(kind="earner_payable", owner_id=leader).values_list("balance")
    paid = Grant.objects.get(kind="perk").amount
    return sum(amount for (amount,) in has), paid


def test_what_is_paid_to_a_leader_while_the_order_goes_back_is_taken_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert what_a_leader_keeps(monkeypatch) == (0, 0)
    settled()


def test_control_without_the_lock_a_leader_keeps_what_nobody_knows_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    no_locks(monkeypatch)
    has, told = what_a_leader_keeps(monkeypatch)
    assert (has, told) != (0, 0)


def test_many_who_tell_of_one_refund_take_it_back_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from banyan.ledger.models import Account as Book

    leader, place = perk_due()
    assert place.due_at is not None
    assert place.order_id is not None
    order_id = place.order_id
    with clock.at(place.due_at):
        campaigns.advance(actor=SYSTEM)
    give_all_back(order_id)

    def told() -> Any:
        return patient(lambda: campaigns.follow(actor=SYSTEM, order_id=order_id, hook="refunded"))

    run_at_once(told, told, told, told)
    assert Book.objects.get(kind="earner_payable", owner_id=leader).balance == 0
    settled()


def test_only_what_was_asked_about_is_locked_for_a_payment_in_time() -> None:
    """Nobody who pays in time waits for other groups."""
    item = make.variant(price=10_000, stock=9)
    terms = {"variant": item.pk, "people": 2, "price": 7_000}
    ana, ben = crowd(2)
    of = campaign(item.product.shop, "group_buy", **terms)
    group = begun(of, ana)
    begun(of, ben)
    placed = order(item, ana).orders.get()
    event = OrderPaid(
        order_id=placed.pk,
        checkout_id=placed.checkout_id,
        shop_id=placed.shop_id,
        amount=placed.total_amount,
        currency=placed.currency,
        instances=[group.pk],
    )
    assert [key.id for key in buying.paid_locks(event)] == [group.pk]
