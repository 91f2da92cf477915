"""Orders under fire: real threads, real commits; each race has its negative control."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection

from banyan.catalog.actions import stock as stock_module
from banyan.entitlements import actions as coupons
from banyan.kernel import locks
from banyan.kernel.problems import Busy, Conflict, SoldOut
from banyan.ledger.proof import verify
from banyan.orders.models import Checkout, Order
from banyan.payments.models import Intent, Refund
from tests.support import factories as make
from tests.support.threads import run_at_once, run_concurrently

pytestmark = pytest.mark.usefixtures("threaded_db")


@contextlib.contextmanager
def without_check(table: str, name: str) -> Iterator[None]:
    """Drop a CHECK for a negative control, and put it back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name]
        )
        definition = cursor.fetchone()[0]
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID")


def _kinds(results: list[Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for result in results:
        name = type(result).__name__
        found[name] = found.get(name, 0) + 1
    return found


def _pay_again(checkout_id: int) -> Checkout:
    return make.pay(Checkout.objects.get(pk=checkout_id))


def test_burned_01_the_last_unit_is_sold_once() -> None:
    item = make.variant(stock=1)

    results = run_concurrently(lambda: make.place((item, 1)), 12)

    placed = [r for r in results if isinstance(r, Checkout)]
    assert len(placed) == 1, _kinds(results)
    assert all(isinstance(r, SoldOut | Busy) for r in results if r not in placed)
    assert make.stock_of(item).reserved == 1


def test_burned_01_control_read_then_write_oversells(monkeypatch: pytest.MonkeyPatch) -> None:
    item = make.variant(stock=1)
    unguarded = stock_module._MOVE.replace("s.on_hand - s.allocated - s.reserved >= n", "true")
    monkeypatch.setattr(stock_module, "_MOVE", unguarded)

    with without_check("catalog_stock", "stock_never_oversold"):
        results = run_concurrently(lambda: make.place((item, 1)), 6)
        oversold = make.stock_of(item).reserved
        with connection.cursor() as cursor:
            cursor.execute("UPDATE catalog_stock SET reserved = 0")

    assert len([r for r in results if isinstance(r, Checkout)]) > 1
    assert oversold > 1


def test_burned_01_the_check_stops_an_unguarded_move(monkeypatch: pytest.MonkeyPatch) -> None:
    item = make.variant(stock=1)
    unguarded = stock_module._MOVE.replace("s.on_hand - s.allocated - s.reserved >= n", "true")
    monkeypatch.setattr(stock_module, "_MOVE", unguarded)

    results = run_concurrently(lambda: make.place((item, 1)), 4)

    assert len([r for r in results if isinstance(r, Checkout)]) == 1
    assert [r for r in results if isinstance(r, IntegrityError)]


def test_burned_02_a_single_use_coupon_is_redeemed_once() -> None:
    shop = make.shop()
    item = make.variant(shop, price=5_000, stock=20)
    coupon = coupons.create_coupon(
        actor=make.actor(shop.owner), shop_id=shop.pk, title="Once", code="ONCE", amount_off=1_000
    )

    results = run_concurrently(lambda: make.place((item, 1), coupon="ONCE"), 8)

    winners = [r for r in results if isinstance(r, Checkout)]
    assert len(winners) == 1, _kinds(results)
    refused = [r for r in results if isinstance(r, coupons.CouponRefused)]
    assert {r.code for r in refused} <= {"coupon_used_up"}
    paid = make.pay(winners[0])
    coupon.refresh_from_db()
    assert (paid.state, coupon.taken) == ("paid", 1)
    assert coupon.redemptions.get().state == "redeemed"
    # the losers left nothing behind
    assert make.stock_of(item).reserved == 0
    assert Intent.objects.count() == 1


def test_burned_05_capture_told_by_three_at_once_pays_once() -> None:
    item = make.variant(price=3_000, stock=2)
    checkout = make.place((item, 1))

    results = run_concurrently(lambda: make.pay(Checkout.objects.get(pk=checkout.pk)), 6)

    assert not [r for r in results if isinstance(r, Exception) and not isinstance(r, Busy)]
    checkout.refresh_from_db()
    assert checkout.state == "paid"
    assert make.stock_of(item).allocated == 1
    assert not Refund.objects.exists()
    assert verify().clean


def test_burned_07_carts_in_opposite_order_do_not_deadlock() -> None:
    first, second = make.variant(stock=50), make.variant(stock=50)

    results = run_at_once(
        *[lambda: make.place((first, 1), (second, 1))] * 5,
        *[lambda: make.place((second, 1), (first, 1))] * 5,
    )

    assert len([r for r in results if isinstance(r, Checkout)]) == 10, _kinds(results)
    assert make.stock_of(first).reserved == make.stock_of(second).reserved == 10


def test_payment_and_expiry_at_once_end_in_one_of_two_ways() -> None:
    import datetime as dt

    from banyan.kernel import clock
    from banyan.kernel.actors import Actor
    from banyan.orders import actions as orders

    for _ in range(5):
        item = make.variant(price=2_000, stock=1)
        checkout = make.place((item, 1))
        late = clock.now() + dt.timedelta(minutes=16)

        def expire(pk: int = checkout.pk, late: dt.datetime = late) -> None:
            with clock.at(late):
                orders.expire_checkout(actor=Actor.system("test"), checkout_id=pk)

        run_at_once(expire, functools.partial(_pay_again, checkout.pk))

        checkout.refresh_from_db()
        intent = Intent.objects.get(subject_id=checkout.pk)
        stock = make.stock_of(item)
        if checkout.state == "paid":
            assert (intent.state, stock.allocated, stock.reserved) == ("captured", 1, 0)
        else:
            assert checkout.state == "expired"
            assert intent.state == "captured_unplaced"
            assert (stock.allocated, stock.reserved) == (0, 0)
            assert Refund.objects.filter(intent=intent, amount=2_000).exists()
    assert verify().clean


def test_refunds_at_once_never_exceed_what_was_paid() -> None:
    from banyan.kernel.problems import Invalid
    from banyan.orders import actions as orders

    shop = make.shop()
    order = make.pay(make.place((make.variant(shop, price=1_000), 1))).orders.get()
    owner = make.actor(shop.owner)

    def refund(key: str) -> object:
        return orders.grant_refund(actor=owner, order_id=order.pk, amount=400, reason="x", key=key)

    results = run_at_once(*[lambda k=f"r{i}": refund(k) for i in range(6)])

    granted = [r for r in results if not isinstance(r, Exception)]
    assert len(granted) == 2, _kinds(results)
    assert all(isinstance(r, Invalid | Busy | Conflict) for r in results if r not in granted)
    assert Order.objects.get(pk=order.pk).refunded_amount == 800
    assert verify().clean


def test_locks_are_taken_in_the_global_order() -> None:
    assert list(locks._rank) == [
        "stock",
        "entitlement",
        "checkout",
        "order",
        "payment",
        "commission",
        "payout",
        "wallet",
    ]
