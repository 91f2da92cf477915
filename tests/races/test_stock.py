"""Stock edited and announced by two at once; each race has its negative control."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.db import OperationalError, transaction

from banyan.catalog import actions as catalog
from banyan.catalog.actions import low_stock
from banyan.catalog.models import Product, Shop, Stock, Variant
from banyan.catalog.proof import stock_audit
from banyan.catalog.reminders import BACK
from banyan.kernel import locks
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.models import StoredEvent
from banyan.kernel.problems import Busy, Conflict
from banyan.notify import actions as notify
from banyan.notify.actions import remind
from banyan.notify.models import Message, Reminder
from tests.support import factories as make
from tests.support.threads import kinds, run_at_once, run_concurrently, somebody_waits
from tests.support.weakened import no_locks, rendezvous

pytestmark = pytest.mark.usefixtures("threaded_db")


def _count_both(item: Variant) -> list[object]:
    who = make.actor(item.product.shop.owner)
    return run_at_once(
        *(
            lambda n=n: catalog.set_on_hand(actor=who, variant_id=item.pk, on_hand=n, saw=5)
            for n in (7, 9)
        )
    )


def test_two_who_confirm_an_edit_of_the_same_figure_one_is_told() -> None:
    item = make.variant(stock=5)

    results = _count_both(item)

    refused = [r for r in results if isinstance(r, Conflict)]
    assert [r.code for r in refused] == ["stock_changed"], kinds(results)
    assert make.stock_of(item).on_hand == refused[0].extra["on_hand"]
    assert stock_audit() == []


def test_control_without_locks_one_edit_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    item = make.variant(stock=5)
    no_locks(monkeypatch)

    read, together = Stock.objects.get, rendezvous(2)

    def slowly(**wanted: object) -> object:
        found = read(**wanted)
        together()
        return found

    monkeypatch.setattr(Stock.objects, "get", slowly)
    results = _count_both(item)
    monkeypatch.undo()

    assert not [r for r in results if isinstance(r, Conflict)], kinds(results)
    assert stock_audit() != []


def _waited_for(people: int, units: int) -> Variant:
    item = make.variant(stock=0)
    for n in range(people):
        remind(actor=Actor.guest(), kind=BACK, subject_id=item.pk, contact=f"w{n}@example.com")
    owner = make.actor(item.product.shop.owner)
    catalog.set_on_hand(actor=owner, variant_id=item.pk, on_hand=units)
    return item


def test_workers_at_once_tell_nobody_twice_and_no_more_than_there_is_for() -> None:
    _waited_for(10, 2)

    told = run_concurrently(catalog.tell_back_in_stock, 4)

    assert sum(told) == 6, told
    assert Message.objects.count() == 6
    assert Reminder.objects.filter(told_at=None).count() == 4


def test_control_without_the_lock_more_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    _waited_for(10, 2)
    no_locks(monkeypatch)
    tell, all_have_chosen = notify.tell, rendezvous(4)

    def tell_later(*args: Any, **kwargs: Any) -> Any:
        all_have_chosen()
        return tell(*args, **kwargs)

    monkeypatch.setattr(notify, "tell", tell_later)

    told = run_concurrently(catalog.tell_back_in_stock, 4)

    assert sum(told) > 6, told


def test_two_watchers_tell_of_low_stock_once() -> None:
    make.variant(stock=1)

    told = run_concurrently(lambda: catalog.watch_stock(actor=Actor.system("test")), 4)

    assert sum(told) == 1, told
    assert StoredEvent.objects.filter(name="stock.low").count() == 1


def _watched_while_two_things_are_ordered() -> list[object]:
    """Order two things that are low, as carts lock them, while the watch goes through its list."""
    items = [make.variant(stock=1), make.variant(stock=1)]
    first, second = sorted(items, key=lambda item: item.stock.pk)
    # Written anew, so that whoever takes rows as they lie meets this one last.
    Stock.objects.filter(pk=first.stock.pk).update(low_at=9)
    Variant.objects.filter(pk=first.pk).update(position=1)
    Product.objects.filter(pk=first.product_id).update(title="Anew")
    Shop.objects.filter(pk=first.product.shop_id).update(name="Anew")
    has_one = threading.Event()

    def order() -> None:
        with transaction.atomic():
            locks.take([LockKey("stock", first.stock.pk)])
            has_one.set()
            until = time.monotonic() + 10
            while not somebody_waits() and time.monotonic() < until:
                time.sleep(0.01)
            locks.take([LockKey("stock", second.stock.pk)])

    def watch() -> int:
        assert has_one.wait(10)
        return catalog.watch_stock(actor=Actor.system("test"))

    return run_at_once(order, watch)


def test_the_watch_and_an_order_of_two_low_things_do_not_deadlock() -> None:
    assert _watched_while_two_things_are_ordered() == [None, 2]


def test_control_a_watch_that_takes_the_last_row_first_deadlocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    statement = low_stock._TELL.replace("ORDER BY s.id", "ORDER BY s.id DESC")
    assert statement != low_stock._TELL
    monkeypatch.setattr(low_stock, "_TELL", statement)

    results = _watched_while_two_things_are_ordered()

    assert [r for r in results if isinstance(r, Busy | OperationalError)], kinds(results)
