"""Sales under fire: real threads, real commits; each race has its negative control."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError
from django.db.models import F

from banyan.catalog.models import Variant
from banyan.kernel import clock, tickets
from banyan.kernel.problems import Busy, Conflict, SoldOut
from banyan.orders import actions as orders
from banyan.orders.actions import placement
from banyan.orders.models import Checkout
from banyan.people.models import Account
from banyan.sales import actions as sales
from banyan.sales.actions import claiming, codes, room, units
from banyan.sales.models import Bucket, Entry, Right, Sale
from banyan.trust.actions import record
from banyan.trust.rules import PAYMENT, Key
from tests.sales.scene import MINUTE, SYSTEM, assert_sound, bucket, buyer, claim, on, order
from tests.support import factories as make
from tests.support.threads import kinds, run_at_once, run_concurrently
from tests.support.weakened import between, meet, rendezvous, without_check

pytestmark = pytest.mark.usefixtures("threaded_db")

CROWD, UNITS = 64, 100


def _crowd(people: int) -> list[Account]:
    return [buyer(n) for n in range(people)]


def _attempts(sale: Sale, item: Variant, people: list[Account], each: int) -> list[Any]:
    """Let everybody try ``each`` times, all at once; return what every try came to."""
    found: list[Any] = []

    def tries(who: Account) -> None:
        for _n in range(each):
            try:
                found.append(claim(sale, item, who))
            except Conflict as error:
                found.append(error)
            except Busy as error:
                found.append(error)

    problems = run_at_once(*(lambda who=who: tries(who) for who in people))
    assert problems == [None] * len(people)
    return found


# -- a hundred units ------------------------------------------------------------------------------


@pytest.mark.parametrize("ticketed", [False, True], ids=["counter", "ticket"])
def test_a_hundred_units_are_claimed_a_hundred_times(ticketed: bool) -> None:
    item = make.variant(stock=120)
    sale = on(item, public=UNITS, per_person=3, ticketed=ticketed)

    found = _attempts(sale, item, _crowd(CROWD), 3)

    bound = [one for one in found if isinstance(one, Right)]
    assert len(bound) == UNITS, kinds(found)
    assert all(isinstance(one, SoldOut | Right) for one in found), kinds(found)
    assert Right.objects.filter(state="bound").count() == UNITS
    assert_sound()

    with clock.at(clock.now() + 15 * MINUTE):
        sales.advance_sale(actor=SYSTEM, sale=sale)
        again = _attempts(sale, item, _crowd_again(), 1)
    assert sum(isinstance(one, Right) for one in again) == CROWD, "nothing stays away"
    assert_sound()


def _crowd_again() -> list[Account]:
    return [buyer(f"again{n}") for n in range(CROWD)]


def test_a_hundred_units_are_ordered_without_a_claim() -> None:
    item = make.variant(price=10_000, stock=20)
    sale = on(item, price=5_000, public=10)

    results = run_concurrently(lambda: order(item), 24)

    assert bucket(sale).taken == 10, kinds(results)
    assert Right.objects.filter(state="reserved").count() == 10
    assert make.stock_of(item).free >= 0
    assert_sound()


def _look_then_write(parties: int) -> Callable[..., Any]:
    """Take a unit as one would without knowing better."""
    together = rendezvous(parties)

    def write(one: Bucket, n: int = 1) -> None:
        now = Bucket.objects.get(pk=one.pk)
        together()
        if now.taken + n > now.size:
            raise SoldOut
        Bucket.objects.filter(pk=one.pk).update(taken=F("taken") + n)

    return write


def test_control_read_then_write_oversells(monkeypatch: pytest.MonkeyPatch) -> None:
    item = make.variant(stock=9)
    sale = on(item, public=1)
    monkeypatch.setattr(claiming, "take", _look_then_write(6))

    with without_check("sales_bucket", "sale_bucket_size"):
        found = _attempts(sale, item, _crowd(6), 1)
        taken = bucket(sale).taken
        Bucket.objects.update(taken=0)

    assert taken > 1, kinds(found)


def test_the_check_stops_an_unguarded_take(monkeypatch: pytest.MonkeyPatch) -> None:
    item = make.variant(stock=9)
    sale = on(item, public=1)
    monkeypatch.setattr(claiming, "take", _look_then_write(4))

    results = run_at_once(*(lambda who=who: claim(sale, item, who) for who in _crowd(4)))

    assert sum(isinstance(one, Right) for one in results) == 1
    assert [one for one in results if isinstance(one, IntegrityError)]


# -- one person -----------------------------------------------------------------------------------


@pytest.mark.parametrize("ticketed", [False, True], ids=["counter", "ticket"])
def test_one_person_at_many_devices_gets_one(ticketed: bool) -> None:
    item = make.variant(stock=20)
    sale = on(item, public=9, ticketed=ticketed)
    ana = buyer(1)

    results = run_concurrently(lambda: claim(sale, item, ana), 8)

    assert sum(isinstance(one, Right) for one in results) == 1, kinds(results)
    assert {one.code for one in results if isinstance(one, Conflict)} == {"sale_cap"}
    if ticketed:
        pool = bucket(sale).pool_id
        assert pool is not None
        assert tickets.left(pool) == 8, "tickets of refused claims are free again"
    assert_sound()


def test_member_and_guest_of_one_address_get_one() -> None:
    item = make.variant(stock=20)
    sale = on(item, public=9)
    ana = buyer(1)

    results = run_at_once(
        lambda: claim(sale, item, ana),
        lambda: order(item, who=ana),
        lambda: order(item, email="BUYER1@example.com"),
        lambda: order(item, email="buyer1@example.com"),
    )

    got = Right.objects.filter(state__in=["bound", "reserved"]).count()
    assert got == 1, kinds(results)
    assert_sound()


def test_who_orders_twice_at_once_has_one_and_is_told_what_the_other_costs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    item = make.variant(price=10_000, stock=20)
    sale = on(item, price=5_000, public=9)
    ana = buyer(1)
    line = [orders.WantedLine(item.pk)]
    agreed = orders.quote(actor=make.actor(ana), lines=line).agreement.text()
    meet(monkeypatch, placement, "credits_of", 2)

    results = run_concurrently(lambda: order(item, who=ana, agreement=agreed), 2)

    assert sum(isinstance(one, Checkout) for one in results) == 1, kinds(results)
    assert [one.code for one in results if isinstance(one, Conflict)] == ["price_changed"]
    assert bucket(sale).taken == 1
    assert_sound()


@pytest.mark.parametrize("ticketed", [False, True], ids=["counter", "ticket"])
def test_control_without_the_lock_on_a_person_they_get_more(
    monkeypatch: pytest.MonkeyPatch, ticketed: bool
) -> None:
    item = make.variant(stock=20)
    sale = on(item, public=9, ticketed=ticketed)
    ana = buyer(1)
    monkeypatch.setattr(claiming, "lock_person", lambda sale_id, keys: None)
    together = threading.Barrier(4, timeout=60)

    def later(*asked: Any) -> None:
        units.bind_unit(*asked)
        together.wait()  # nobody sees what the others hold before they have bound theirs

    monkeypatch.setattr(claiming, "bind_unit", later)

    results = run_concurrently(lambda: claim(sale, item, ana), 4)

    assert sum(isinstance(one, Right) for one in results) == 4, kinds(results)


def _two_accounts_of_one_person() -> tuple[Sale, list[Account]]:
    item = make.variant(stock=20)
    sale = on(item, public=9, admission="queue")
    both = _crowd(2)
    for one in both:
        record(account_id=one.pk, keys=[Key(PAYMENT, "card")], source="test")
    return sale, both


def _enter_room_at_once(sale: Sale, people: list[Account]) -> list[Any]:
    return run_at_once(
        *(
            lambda who=who: sales.enter_room(actor=make.actor(who), sale_id=sale.pk)
            for who in people
        )
    )


def test_two_accounts_of_one_person_have_one_place_in_the_room() -> None:
    sale, both = _two_accounts_of_one_person()

    results = _enter_room_at_once(sale, both)

    assert Entry.objects.count() == 1, kinds(results)
    assert [one.code for one in results if isinstance(one, Conflict)] == ["sale_waits_already"]


def test_control_without_the_lock_on_a_person_they_have_two_places(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sale, both = _two_accounts_of_one_person()
    monkeypatch.setattr(room, "lock_person", lambda sale_id, keys: None)
    look, together = room._check_alone, rendezvous(2)

    def later(*about: Any) -> None:
        look(*about)
        together()

    monkeypatch.setattr(room, "_check_alone", later)

    results = _enter_room_at_once(sale, both)

    assert Entry.objects.count() == 2, kinds(results)


# -- one code -------------------------------------------------------------------------------------


def _one_code() -> tuple[Sale, list[Account], str]:
    item = make.variant(stock=9)
    owner = make.actor(item.product.shop.owner)
    sale = on(item, public=1, code=3)
    batch = sales.issue_codes(
        actor=owner, sale_id=sale.pk, variant_id=item.pk, channel="radio", count=1
    )
    [right] = sales.codes_of(actor=owner, batch_id=batch.pk)
    return sale, _crowd(4), right.code


def _enter_all(sale: Sale, people: list[Account], code: str) -> list[Any]:
    return run_at_once(
        *(
            lambda who=who: sales.enter_code(actor=make.actor(who), sale_id=sale.pk, code=code)
            for who in people
        )
    )


def test_a_code_that_many_enter_at_once_is_one_persons() -> None:
    sale, people, code = _one_code()

    results = _enter_all(sale, people, code)

    [winner] = [one for one in results if isinstance(one, Right)]
    assert {one.code for one in results if isinstance(one, Conflict)} == {"code_used"}
    right = Right.objects.get(code=code)
    assert (right.account_id, right.state) == (winner.account_id, "bound")
    assert bucket(sale, "code").taken == 1
    assert right.keys.count() == 2
    assert_sound()


def test_control_without_the_condition_a_code_gives_several_units(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sale, people, code = _one_code()
    all_there = threading.Barrier(len(people))

    def moved(machine: Any, right: Right, to: str, *, actor: Any, **updates: Any) -> None:
        # Everybody has read the code as a free one before anybody takes it.
        all_there.wait(timeout=20)
        Right.objects.filter(pk=right.pk).update(state=to, **updates)

    monkeypatch.setattr(codes, "transition", moved)
    monkeypatch.setattr(codes, "_take_for", lambda right, account_id: None)

    results = _enter_all(sale, people, code)

    assert len([one for one in results if isinstance(one, Right)]) > 1, kinds(results)
    assert bucket(sale, "code").taken > 1


def _holder(right: Right) -> Account:
    assert right.account is not None
    return right.account


# -- the end --------------------------------------------------------------------------------------


def _race(*acts: Callable[[], object]) -> None:
    for problem in run_at_once(*acts):
        assert (
            problem is None
            or not isinstance(problem, Exception)
            or isinstance(problem, Conflict | Busy)
        ), problem


def _ordered_and_let_go(meanwhile: Callable[..., Callable[[], Any]]) -> tuple[Right, list[Any]]:
    """Order a claimed unit, and let go of it when the order has the right and no stock yet."""
    item, who = make.variant(stock=5), buyer(1)
    sale = on(item, public=2)
    right = claim(sale, item, who)
    results = run_at_once(
        lambda: order(item, who=who),
        meanwhile(lambda: sales.let_go(actor=make.actor(who), right_id=right.pk)),
    )
    right.refresh_from_db()
    return right, results


def test_a_unit_that_is_being_ordered_is_not_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    right, results = _ordered_and_let_go(between(monkeypatch, claiming, "write_keys"))

    assert not [one for one in results if isinstance(one, Exception)], kinds(results)
    assert right.state == "reserved"
    assert_sound()


def test_control_who_waits_for_a_right_with_the_stock_in_hand_deadlocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plainly = Right.objects.select_for_update

    def without_passing(**options: Any) -> Any:
        return plainly(**{**options, "skip_locked": False})

    monkeypatch.setattr(Right.objects, "select_for_update", without_passing)
    meanwhile = between(monkeypatch, claiming, "write_keys", seconds=0.5)

    _right, results = _ordered_and_let_go(meanwhile)

    assert any(isinstance(one, Busy | OperationalError) for one in results), kinds(results)


@pytest.mark.parametrize("round_", range(3))
def test_claims_orders_lapses_and_the_end_at_once_lose_no_unit(round_: int) -> None:
    item = make.variant(stock=30)
    sale = on(item, public=12)
    people = _crowd(12)
    held = [claim(sale, item, who) for who in people[:4]]
    placed = [order(item) for _n in range(3)]
    owner = make.actor(item.product.shop.owner)

    def settle() -> None:
        sales.end_sale(actor=owner, sale_id=sale.pk)
        sales.settle_sale(actor=SYSTEM, sale_id=sale.pk)

    _race(
        settle,
        lambda: sales.settle_sale(actor=SYSTEM, sale_id=sale.pk),
        *(lambda who=who: claim(sale, item, who) for who in people[4:8]),
        *(lambda who=who: order(item, who=who) for who in people[:2]),
        *(
            lambda right=right: sales.let_go(actor=make.actor(_holder(right)), right_id=right.pk)
            for right in held[1:]
        ),
        lambda: make.pay(placed[0]),
        lambda: orders.cancel_checkout(
            actor=SYSTEM, checkout_id=placed[1].pk, access_token=placed[1].access_token
        ),
    )

    assert_sound()
    with clock.at(clock.now() + 20 * MINUTE):
        orders.expire_due(actor=SYSTEM)
        for right in Right.objects.filter(state="bound"):
            sales.let_go(actor=make.actor(_holder(right)), right_id=right.pk)
    assert make.stock_of(item).held == 0
    assert_sound()
