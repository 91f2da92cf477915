"""How campaigns end under fire: payments, deadlines and rewards."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.db import models, transaction

from banyan.campaigns import actions as campaigns
from banyan.campaigns.actions import applying, buying, clockwork, following, giving
from banyan.campaigns.models import Grant, Instance, Participation
from banyan.campaigns.problems import Refused
from banyan.catalog.models import Variant
from banyan.entitlements.models import Grant as CouponGrant
from banyan.entitlements.models import PriceRight
from banyan.kernel import clock, relay, remembered
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.events import OrderPaid
from banyan.orders.models import Checkout, Order
from banyan.payments.models import Intent, Refund
from banyan.people.models import Account
from tests.campaigns.plays import moves, patient, rush
from tests.campaigns.scene import (
    DAY,
    SYSTEM,
    assert_sound,
    begun,
    campaign,
    coupon,
    crowd,
    join,
    somebody,
)
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.threads import kinds, run_at_once, run_concurrently
from tests.support.weakened import between, careless, meet, no_locks, without_check

pytestmark = pytest.mark.usefixtures("threaded_db")
SECOND = dt.timedelta(seconds=1)


def settled() -> None:
    campaigns.settle_orders(actor=SYSTEM)
    assert_sound()
    assert recount() == {}
    assert verify().clean


# -- groups: places, payments, deadlines ----------------------------------------------------------


def _group(people: int) -> tuple[Variant, Instance]:
    item = make.variant(price=10_000, stock=50)
    values: dict[str, Any] = {"variant": item.pk, "people": people, "price": 7_000}
    return item, begun(campaign(item.product.shop, "group_buy", **values), somebody())


def _order(item: Variant, who: Account) -> Checkout:
    return make.place((item, 1), buyer=who)


def _paying(checkout: Checkout) -> Callable[[], Any]:
    return lambda: patient(lambda: make.pay(checkout))


def at(moment: dt.datetime, call: Callable[[], Any]) -> Callable[[], Any]:
    """Return what calls at a moment of its own."""

    def then() -> Any:
        with clock.at(moment):
            return call()

    return then


def _owner(of: Instance) -> Account:
    assert of.owner is not None
    return of.owner


def test_burned_03_more_payers_than_places() -> None:
    item, of = _group(4)
    people = crowd(6)
    joined = {one.mine.account_id for one in rush(join, of, people) if one.mine}
    assert len(joined) == 3
    everybody = [_owner(of), *people]
    placed = [_order(item, who) for who in everybody]

    run_at_once(*(_paying(one) for one in placed))

    of.refresh_from_db()
    assert (of.state, of.taken, of.done) == ("completed", 4, 4)
    assert moves(of) == {"formed": 1, "completed": 1}
    inside = Participation.objects.filter(state="in")
    assert set(inside.values_list("account_id", flat=True)) == joined | {_owner(of).pk}
    paid = Order.objects.filter(state="paid").values_list("total_amount", flat=True)
    assert sorted(paid) == [7_000] * 4 + [10_000] * 3, "who was refused pays the usual price"
    assert not Refund.objects.exists()
    settled()


def test_burned_03_a_place_is_paid_for_or_given_to_somebody_else() -> None:
    item, of = _group(3)
    first = [_owner(of), *crowd(2)]
    for who in first[1:]:
        join(of, who)
    placed = [_order(item, who) for who in first]
    late = max(one.expires_at for one in placed)

    run_at_once(
        *(at(late - SECOND, _paying(one)) for one in placed),
        at(late + SECOND, lambda: orders.expire_due(actor=SYSTEM)),
        at(late + SECOND, lambda: campaigns.lapse_due(actor=SYSTEM)),
    )
    with clock.at(late + SECOND):
        orders.expire_due(actor=SYSTEM)
        campaigns.lapse_due(actor=SYSTEM)
        others = crowd(6)
    rush(lambda one, who: at(late + SECOND, lambda: join(one, who))(), of, others)
    with clock.at(late + SECOND):
        again = PriceRight.objects.filter(state="held", account__in=others)
        orders_now = [_order(item, right.account) for right in again.select_related("account")]
    run_at_once(*(at(late + 2 * SECOND, _paying(one)) for one in orders_now))

    of.refresh_from_db()
    assert (of.state, of.taken, of.done) == ("completed", 3, 3)
    assert (moves(of)["completed"], Participation.objects.filter(state="in").count()) == (1, 3)
    back = Intent.objects.filter(state="captured_unplaced")
    assert Refund.objects.count() == back.count()
    settled()


def test_burned_03_control_without_the_lock_a_full_group_never_completes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    item, of = _group(3)
    make.pay(_order(item, _owner(of)))
    people = crowd(2)
    for who in people:
        join(of, who)
    placed = [Order.objects.get(checkout=_order(item, who)) for who in people]
    no_locks(monkeypatch)
    meet(monkeypatch, buying, "terms_of", 2)

    def counted(order: Order) -> None:
        paid = OrderPaid(
            order_id=order.pk,
            checkout_id=order.checkout_id,
            shop_id=order.shop_id,
            amount=order.total_amount,
            currency=order.currency,
            instances=[of.pk],
        )
        with transaction.atomic():
            buying.on_paid(paid, SYSTEM)

    found = run_at_once(*(lambda order=order: counted(order) for order in placed))
    assert found == [None, None]
    of.refresh_from_db()
    assert (of.state, of.done) == ("forming", 3)


def _due_with_one_missing() -> tuple[Instance, Callable[[], Any], Callable[[], Any]]:
    """Return a group, what pays for its last place in time, and the job after the deadline."""
    item, of = _group(2)
    who = somebody()
    make.pay(_order(item, _owner(of)))
    with clock.at(of.deadline - 5 * SECOND):
        join(of, who)
        last = _order(item, who)

    job = at(of.deadline, lambda: campaigns.advance(actor=SYSTEM))
    return of, at(of.deadline - SECOND, _paying(last)), job


def test_burned_04_the_job_twice_and_the_last_payment() -> None:
    of, pay, job = _due_with_one_missing()
    found = run_at_once(job, pay, job)
    assert not [one for one in found if isinstance(one, Exception)], found
    job()

    of.refresh_from_db()
    with clock.at(of.deadline):
        campaigns.settle_orders(actor=SYSTEM)
    back = {one.state: one.refunded_amount for one in Intent.objects.all()}
    states = set(Participation.objects.values_list("state", flat=True))
    if of.state == "completed":
        assert moves(of) == {"formed": 1, "completed": 1}
        assert (states, back) == ({"in"}, {"captured": 0})
        assert not Refund.objects.exists()
    else:
        assert moves(of) == {"failed": 1}
        assert states == {"lost", "out"}
        assert Refund.objects.count() == 2
        assert set(back.values()) == {7_000}
    settled()


def test_burned_04_control_without_lock_and_machine_a_complete_group_is_undone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of, pay, job = _due_with_one_missing()
    no_locks(monkeypatch)
    careless(monkeypatch, applying, giving)
    meanwhile = between(monkeypatch, clockwork, "terms_of")
    found = run_at_once(job, meanwhile(pay))
    assert not [one for one in found if isinstance(one, Exception)], found
    of.refresh_from_db()
    assert (of.state, of.done) == ("failed", 2)


def test_control_without_the_lock_the_machine_still_keeps_a_complete_group(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of, pay, job = _due_with_one_missing()
    no_locks(monkeypatch)
    meanwhile = between(monkeypatch, clockwork, "terms_of")
    run_at_once(job, meanwhile(pay))
    of.refresh_from_db()
    assert (of.state, of.done) == ("completed", 2)
    assert set(Participation.objects.values_list("state", flat=True)) == {"in"}


# -- codes for friends: thanks --------------------------------------------------------------------


def _friends(many: int, most: int) -> tuple[Instance, list[int]]:
    """Return a code and the friends whose orders have been kept long enough."""
    shop = make.shop()
    item = make.variant(shop, stock=9)
    of = campaign(
        shop,
        "referral",
        coupon=coupon(shop, title="welcome").pk,
        thanks=coupon(shop, title="thanks").pk,
        most=most,
        hold_days=0,
        ends_at=clock.now() + 90 * DAY,
    )
    code = begun(of, somebody())
    for who in crowd(many):
        join(code, who)
        order = Order.objects.get(checkout=make.pay(_order(item, who)))
        relay.drain()
        owner = make.actor(shop.owner)
        orders.ship(actor=owner, order_id=order.pk, carrier="SF", tracking="1")
        orders.confirm_receipt(actor=make.actor(who), order_id=order.pk)
    relay.drain()
    rows = Participation.objects.filter(instance=code, due_at__isnull=False)
    return code, list(rows.order_by("id").values_list("id", flat=True))


def _decide(one_id: int) -> None:
    following._tell(SYSTEM, one_id, "due", None)


def _thanks() -> int:
    return CouponGrant.objects.filter(coupon__title="thanks").count()


def test_m07_concurrent_last_slot() -> None:
    code, friends = _friends(2, most=1)
    found = run_at_once(*(lambda one=one: patient(lambda: _decide(one)) for one in friends * 2))
    assert set(found) == {None}, found
    code.refresh_from_db()
    assert (code.done, _thanks()) == (1, 1)
    assert sorted(Participation.objects.values_list("state", flat=True)) == ["lost", "won"]
    assert_sound()


def test_control_without_the_lock_two_friends_pass_a_cap_of_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _code, friends = _friends(2, most=1)
    no_locks(monkeypatch)
    meet(monkeypatch, following, "terms_of", 2)
    with without_check("campaigns_instance", "instance_promise"):
        run_at_once(*(lambda one=one: _decide(one) for one in friends))
    assert _thanks() == 2


def test_f27_reward_unique() -> None:
    code, (friend,) = _friends(1, most=5)
    found = run_concurrently(lambda: patient(lambda: _decide(friend)), 20)
    assert set(found) == {None}, found
    code.refresh_from_db()
    assert (code.done, _thanks(), Grant.objects.filter(rule="thanks").count()) == (1, 1, 1)
    assert_sound()


@pytest.mark.parametrize("keyed", [True, False], ids=["by the key alone", "without the key"])
def test_f27_control_select_then_insert_rewards_again(
    keyed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    _code, (friend,) = _friends(1, most=5)
    no_locks(monkeypatch)
    careless(monkeypatch, applying, giving)
    meet(monkeypatch, following, "terms_of", 4)
    numbers = itertools.count(1)
    write = remembered.insert

    def unkeyed(*rows: models.Model) -> Any:
        for row in rows:
            if isinstance(row, Grant):
                row.cause = f"worker:{next(numbers)}"
        return write(*rows)

    if not keyed:
        monkeypatch.setattr(giving, "insert", unkeyed)
    with without_check("campaigns_instance", "instance_places"):
        found = run_concurrently(lambda: _decide(friend), 4)
    if keyed:
        assert _thanks() == 1
        assert sum(isinstance(one, Refused) for one in found) == 3, kinds(found)
    else:
        assert _thanks() == 4, kinds(found)
