"""Sales lock in one order: a person's sales, and the buckets that units come from."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection

from banyan.catalog.models import Variant
from banyan.kernel.ids import new_code
from banyan.kernel.problems import Busy
from banyan.orders import actions as orders
from banyan.orders.models import Checkout
from banyan.people.models import Account
from banyan.sales import actions as sales
from banyan.sales.actions import claiming, units
from banyan.sales.models import Sale
from tests.sales.scene import SYSTEM, assert_sound, bucket, buyer, claim, on
from tests.support import factories as make
from tests.support.threads import run_at_once, somebody_waits

pytestmark = pytest.mark.usefixtures("threaded_db")


def _until(holds: Callable[[], bool]) -> None:
    """Wait for what another thread does; a thread that never does it is the test's to tell."""
    ends = time.monotonic() + 20
    while not holds() and time.monotonic() < ends:
        time.sleep(0.01)


def _basket(who: Account, *items: Variant) -> Checkout:
    return orders.place(
        actor=make.actor(who),
        lines=[orders.WantedLine(item.pk, 1) for item in items],
        contact=orders.Contact(email=who.email or ""),
        address=make.ADDRESS,
        placement_key=new_code(80),
        provider="sandbox",
    )


# -- one person, two sales, two tabs --------------------------------------------------------------


def _two_tabs(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Order the goods of two sales in opposite order, each tab with its first sale in hand."""
    one, other, who = make.variant(stock=5), make.variant(stock=5), buyer(1)
    for item in (one, other):
        on(item, public=4, per_person=2)
    take, inside = units.lock_person, set()

    def taken(*args: Any) -> None:
        take(*args)
        me = threading.get_ident()
        if me not in inside:
            inside.add(me)
            _until(lambda: len(inside) > 1 or somebody_waits())

    monkeypatch.setattr(claiming, "lock_person", taken)
    return run_at_once(lambda: _basket(who, one, other), lambda: _basket(who, other, one))


def test_one_person_with_two_sales_in_opposite_order_does_not_deadlock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    results = _two_tabs(monkeypatch)

    assert all(isinstance(one, Checkout) for one in results), results
    assert_sound()


def test_control_sales_locked_as_named_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    as_named: Callable[..., Sequence[Any]] = lambda rows, key: list(rows)  # noqa: E731 - a stand-in
    monkeypatch.setattr(claiming, "sorted", as_named, raising=False)

    results = _two_tabs(monkeypatch)

    [victim] = [one for one in results if isinstance(one, Exception)]
    assert isinstance(victim, OperationalError | Busy), results


# -- two buckets ----------------------------------------------------------------------------------


@contextmanager
def _stopping_after_the_first_bucket(there: threading.Event) -> Iterator[None]:
    """Let this thread stop when it has locked its first bucket, until somebody waits for it."""

    def watch(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        done = execute(sql, *args)
        if "sales_bucket" in sql and "UPDATE" in sql and not there.is_set():
            there.set()
            _until(somebody_waits)
        return done

    with connection.execute_wrapper(watch):
        yield


def _given_up_while_the_rest_goes_public() -> tuple[Sale, list[Any]]:
    """Give up an order of a unit of each bucket while what is left for codes becomes public."""
    item, who = make.variant(stock=9), buyer(1)
    sale = on(item, public=2, code=2, per_person=2)
    owner = make.actor(item.product.shop.owner)
    batch = sales.issue_codes(
        actor=owner, sale_id=sale.pk, variant_id=item.pk, channel="letter", count=1
    )
    sales.enter_code(actor=make.actor(who), sale_id=sale.pk, code=batch.rights.get().code)
    claim(sale, item, who)
    assert bucket(sale, "public").pk < bucket(sale, "code").pk  # the code's right is the older one
    checkout = orders.place(
        actor=make.actor(who),
        lines=[orders.WantedLine(item.pk, 2)],
        contact=orders.Contact(email=who.email or ""),
        address=make.ADDRESS,
        placement_key=new_code(80),
        provider="sandbox",
    )
    there = threading.Event()

    def give_up() -> Checkout:
        with _stopping_after_the_first_bucket(there):
            return orders.cancel_checkout(actor=make.actor(who), checkout_id=checkout.pk)

    def move() -> int:
        assert there.wait(20)
        return sales.move_leftover(actor=SYSTEM, sale=sale)

    return sale, run_at_once(give_up, move)


def test_units_of_two_buckets_go_back_in_the_order_of_buckets() -> None:
    sale, results = _given_up_while_the_rest_goes_public()

    assert not [one for one in results if isinstance(one, Exception)], results
    assert bucket(sale, "public").taken == bucket(sale, "code").taken == 0
    assert_sound()


def test_control_without_their_locks_first_they_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claiming, "bucket_locks", lambda rights: [])

    _sale, results = _given_up_while_the_rest_goes_public()

    assert any(isinstance(one, Busy | OperationalError) for one in results), results
