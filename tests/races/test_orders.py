"""Orders under fire: real threads, real commits; each race has its negative control."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection
from psycopg import errors as pg

from banyan.catalog import actions as catalog
from banyan.catalog.actions import stock as stock_module
from banyan.catalog.models import Stock, StockMovement, Variant
from banyan.kernel import clock, locks
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Busy, Conflict, Problem, SoldOut
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.actions import payment, placement
from banyan.orders.models import Checkout, Order
from banyan.payments.models import Intent, Refund
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.threads import kinds, run_at_once, run_concurrently
from tests.support.weakened import no_locks, rendezvous, without_check

pytestmark = pytest.mark.usefixtures("threaded_db")

SYSTEM = Actor.system("test")


def placed_ones(results: Iterable[Any]) -> list[Checkout]:
    return [result for result in results if isinstance(result, Checkout)]


# -- the last unit --------------------------------------------------------------------------------


def test_burned_01_the_last_unit_is_sold_once() -> None:
    item = make.variant(stock=1)

    results = run_concurrently(lambda: make.place((item, 1)), 12)

    placed = placed_ones(results)
    assert len(placed) == 1, kinds(results)
    assert all(isinstance(r, SoldOut | Busy) for r in results if r not in placed)
    assert make.stock_of(item).reserved == 1
    assert recount() == {}


def _unguarded(monkeypatch: pytest.MonkeyPatch) -> None:
    statement = stock_module._MOVE.replace(
        "s.on_hand - s.allocated - s.reserved - s.held >= n", "true"
    )
    assert statement != stock_module._MOVE
    monkeypatch.setattr(stock_module, "_MOVE", statement)
    # The look ahead would spare who comes late the UPDATE that is tested.
    monkeypatch.setattr(placement, "_check_free", lambda wanted: None)


def test_burned_01_control_read_then_write_oversells(monkeypatch: pytest.MonkeyPatch) -> None:
    item = make.variant(stock=1)
    _unguarded(monkeypatch)

    with without_check("catalog_stock", "stock_never_oversold"):
        results = run_concurrently(lambda: make.place((item, 1)), 6)
        oversold = make.stock_of(item).reserved
        with connection.cursor() as cursor:
            cursor.execute("UPDATE catalog_stock SET reserved = 0")

    assert len(placed_ones(results)) > 1
    assert oversold > 1


def test_burned_01_the_check_stops_an_unguarded_move(monkeypatch: pytest.MonkeyPatch) -> None:
    item = make.variant(stock=1)
    _unguarded(monkeypatch)

    results = run_concurrently(lambda: make.place((item, 1)), 4)

    assert len(placed_ones(results)) == 1
    assert [r for r in results if isinstance(r, IntegrityError)]


def _twice(item: Variant, first: int, second: int) -> Checkout:
    """Order one variant by two lines, as two share links of one cart would."""
    return orders.place(
        actor=Actor.guest(),
        lines=[orders.WantedLine(item.pk, first), orders.WantedLine(item.pk, second)],
        contact=orders.Contact(email="cy@example.com"),
        address=make.ADDRESS,
        placement_key=new_code(80),
        provider="sandbox",
    )


def test_burned_06_two_lines_that_share_a_stock_row_count_together() -> None:
    item = make.variant(stock=7)

    results = run_concurrently(lambda: _twice(item, 1, 2), 5)

    assert len(placed_ones(results)) == 2, kinds(results)
    assert make.stock_of(item).reserved == 6
    assert recount() == {}


class Shoppers:
    """People who order, pay, give up, send, return and recount two goods, in any order."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.shop = make.shop()
        self.owner = make.actor(self.shop.owner)
        self.items = [make.variant(self.shop, price=1_000, stock=12) for _ in range(2)]
        self.sold: list[Order] = []

    def acts(self, count: int) -> list[Callable[[], object]]:
        """Return things that could happen now, each on rows of its own or on shared ones."""
        unpaid = list(Checkout.objects.filter(state="placed"))
        paid = list(Order.objects.filter(state="paid"))
        sent = list(Order.objects.filter(state__in=["shipped", "received"]))
        choices: list[Callable[[], object]] = [self._place() for _ in range(count)]
        choices += [lambda c=c: make.pay(c) for c in unpaid]  # type: ignore[misc]
        choices += [lambda c=c: self._expire(c) for c in unpaid]  # type: ignore[misc]
        choices += [lambda o=o: self._ship(o) for o in paid]  # type: ignore[misc]
        choices += [lambda o=o: self._refund(o) for o in [*paid, *sent]]  # type: ignore[misc]
        choices.append(self._count)
        return self.random.sample(choices, min(count, len(choices)))

    def _place(self) -> Callable[[], object]:
        some = self.random.sample(self.items, self.random.choice([1, 2]))
        wanted = [(item, self.random.randint(1, 3)) for item in some]
        return lambda: make.place(*wanted)

    def _expire(self, checkout: Checkout) -> None:
        with clock.at(checkout.expires_at):
            orders.expire_checkout(actor=SYSTEM, checkout_id=checkout.pk)

    def _ship(self, order: Order) -> None:
        orders.ship(actor=self.owner, order_id=order.pk, carrier="SF")

    def _refund(self, order: Order) -> None:
        orders.grant_refund(
            actor=self.owner,
            order_id=order.pk,
            amount=order.total_amount,
            reason="sent back",
            key=f"back:{order.pk}",
            restock=True,
        )

    def _count(self) -> None:
        item = self.items[0]
        stock = make.stock_of(item)
        catalog.set_on_hand(actor=self.owner, variant_id=item.pk, on_hand=stock.on_hand + 1)


@pytest.mark.parametrize("seed", range(2))
def test_burned_06_reserve_release_send_and_restock_lose_no_unit(seed: int) -> None:
    shoppers = Shoppers(seed)
    for _ in range(5):
        results = run_at_once(*shoppers.acts(8))
        strange = [r for r in results if isinstance(r, Exception) and not isinstance(r, Problem)]
        assert not strange, strange
        assert recount() == {}
    moves = set(StockMovement.objects.values_list("kind", flat=True))
    assert {"reserve", "allocate", "release"} <= moves
    assert verify().clean


def test_burned_06_control_a_lost_update_is_seen_by_the_recount(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Read the row, write the sum: what another took meanwhile is forgotten."""
    item, together = make.variant(stock=20), rendezvous(4)

    def read_then_write(wanted: Iterable[tuple[int, int]], *, reference: str) -> None:
        for variant_id, quantity in wanted:
            stock = Stock.objects.get(variant_id=variant_id)
            together()
            Stock.objects.filter(pk=stock.pk).update(reserved=stock.reserved + quantity)
            StockMovement.objects.create(
                stock=stock, kind="reserve", reserved=quantity, reference="", at=clock.now()
            )

    no_locks(monkeypatch)
    monkeypatch.setattr(placement, "reserve", read_then_write)
    run_concurrently(lambda: make.place((item, 1)), 4)

    assert {"stock is what its movements say", "stock is what the orders say"} <= set(recount())


# -- carts in opposite order ----------------------------------------------------------------------

ROUNDS = 3


def test_burned_07_carts_in_opposite_order_do_not_deadlock() -> None:
    items = [make.variant(stock=500) for _ in range(3)]
    carts = list(itertools.permutations(items))

    def shop_on(cart: tuple[Variant, ...]) -> int:
        for _ in range(ROUNDS):
            checkout = make.place(*((item, 1) for item in cart))
            make.pay(checkout)
        return ROUNDS

    results = run_at_once(*[lambda cart=cart: shop_on(cart) for cart in carts])

    # A deadlock that the database found, or a lock that was not to be had, would be a Busy.
    assert results == [ROUNDS] * len(carts), kinds(results)
    for item in items:
        assert make.stock_of(item).allocated == ROUNDS * len(carts)
    assert recount() == {}


def test_burned_07_control_locks_taken_as_named_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = make.variant(stock=50), make.variant(stock=50)
    together = rendezvous(2)

    def one_by_one(keys: Iterable[LockKey]) -> None:
        for kind, row in keys:
            with connection.cursor() as cursor:
                table = locks._tables[kind]
                cursor.execute(f"SELECT 1 FROM {table} WHERE id = %s FOR NO KEY UPDATE", [row])
            together()

    monkeypatch.setattr(locks, "take", one_by_one)
    monkeypatch.setattr(locks, "locked_by_statement", lambda keys: None)
    results = run_at_once(
        lambda: make.place((first, 1), (second, 1)), lambda: make.place((second, 1), (first, 1))
    )

    [victim] = [r for r in results if isinstance(r, OperationalError)]
    assert isinstance(victim.__cause__, pg.DeadlockDetected)


# -- payment against expiry -----------------------------------------------------------------------


def _expire(checkout: Checkout) -> None:
    with clock.at(checkout.expires_at):
        orders.expire_checkout(actor=SYSTEM, checkout_id=checkout.pk)


def _race_to_the_end(checkout: Checkout) -> list[Any]:
    def expire() -> None:
        _expire(checkout)

    def pay() -> Checkout:
        return make.pay(Checkout.objects.get(pk=checkout.pk))

    return run_at_once(expire, pay, expire, pay)


def test_payment_and_expiry_at_once_end_in_one_of_two_ways() -> None:
    ends = set()
    for _ in range(8):
        item = make.variant(price=2_000, stock=1)
        checkout = make.place((item, 1))

        results = _race_to_the_end(checkout)

        assert not [r for r in results if isinstance(r, Exception)], results
        checkout.refresh_from_db()
        intent = Intent.objects.get(subject_id=checkout.pk)
        stock = make.stock_of(item)
        ends.add(checkout.state)
        if checkout.state == "paid":
            assert (intent.state, stock.allocated, stock.reserved) == ("captured", 1, 0)
            assert not Refund.objects.filter(intent=intent).exists()
        else:
            assert (checkout.state, intent.state) == ("expired", "captured_unplaced")
            assert (stock.allocated, stock.reserved) == (0, 0)
            assert Refund.objects.get(intent=intent).amount == 2_000
    assert ends <= {"paid", "expired"}
    assert recount() == {}
    assert verify().clean


@pytest.mark.parametrize("first", ["pay", "expire"])
def test_payment_and_expiry_one_after_the_other(first: str) -> None:
    """Both ends of the race, each forced, so that both are seen whatever the threads do."""
    item = make.variant(price=2_000, stock=1)
    checkout = make.place((item, 1))
    if first == "pay":
        make.pay(checkout)
    with clock.at(checkout.expires_at):
        orders.expire_due(actor=SYSTEM)
    if first == "expire":
        make.pay(checkout)
    checkout.refresh_from_db()
    assert checkout.state == {"pay": "paid", "expire": "expired"}[first]
    assert Refund.objects.count() == {"pay": 0, "expire": 1}[first]
    assert recount() == {}


def test_control_without_locks_and_conditions_an_order_is_paid_and_expired(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    about_to_expire, paid = threading.Event(), threading.Event()

    def move_without_looking(
        machine: Any, obj: Any, to: str, *, actor: Any, reason: str = "", **updates: Any
    ) -> None:
        about_to_expire.set()
        assert paid.wait(timeout=20), "nothing holds the payment up"
        type(obj).objects.filter(pk=obj.pk).update(state=to, **updates)

    def pay() -> None:
        assert about_to_expire.wait(timeout=20)
        make.pay(checkout)
        paid.set()

    item = make.variant(price=2_000, stock=1)
    checkout = make.place((item, 1))
    no_locks(monkeypatch)
    monkeypatch.setattr(payment, "transition", move_without_looking)
    with without_check("catalog_stock", "stock_never_oversold"):
        run_at_once(lambda: _expire(checkout), pay)
        found = recount()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE catalog_stock SET reserved = 0, allocated = 0")

    assert "stock is what the orders say" in found


def test_one_checkout_that_does_not_expire_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stuck, free = make.place((make.variant(), 1)), make.place((make.variant(), 1))
    give_up = payment._give_up

    def fails_for_one(actor: Actor, checkout_id: int, to: str, reason: str) -> Checkout:
        if checkout_id == stuck.pk:
            raise Conflict(code="stuck")
        return give_up(actor, checkout_id, to, reason)

    monkeypatch.setattr(payment, "_give_up", fails_for_one)
    with clock.at(free.expires_at):
        orders.expire_due(actor=SYSTEM)

    states = dict(Checkout.objects.values_list("pk", "state"))
    assert states == {stuck.pk: "placed", free.pk: "expired"}
