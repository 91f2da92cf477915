"""Numbers of documents under fire: each once, and none left out, whoever rolls back."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection
from django.db.models import Max

from banyan.orders import actions as orders
from banyan.orders.actions import documents
from banyan.orders.models import Document, LegalEntity, Order
from tests.support import factories as make
from tests.support.threads import kinds, run_at_once
from tests.support.weakened import meet

pytestmark = pytest.mark.usefixtures("threaded_db")


class UndoneError(Exception):
    """Something failed after the number was taken."""


def paid_orders(count: int) -> list[Order]:
    shop = make.shop()
    item = make.variant(shop, stock=50)
    orders.set_legal_entity(
        actor=make.actor(shop.owner), shop_id=shop.pk, name="Kiln", address="Lakeside Road 1"
    )
    return [make.pay(make.place((item, 1))).orders.get() for _ in range(count)]


def issue(order: Order) -> Document:
    return orders.issue_document(
        actor=make.actor(order.shop.owner), order_id=order.pk, kind="invoice"
    )


def sequences() -> list[int]:
    return sorted(Document.objects.values_list("sequence", flat=True))


def test_many_at_once_with_some_rolled_back_leave_no_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    all_orders = paid_orders(10)
    doomed = {order.pk for order in all_orders[::3]}
    write = documents._number

    def number(order: Order, *args: object, **kwargs: object) -> Document:
        made = write(order, *args, **kwargs)  # type: ignore[arg-type]
        if order.pk in doomed:
            raise UndoneError
        return made

    monkeypatch.setattr(documents, "_number", number)

    results = run_at_once(*[lambda o=order: issue(o) for order in all_orders])

    assert kinds(results) == {"Document": 6, "UndoneError": 4}, results
    assert sequences() == [1, 2, 3, 4, 5, 6]
    doomed.clear()
    for order in all_orders:
        issue(order)
    assert sequences() == list(range(1, 11))


def test_one_order_asked_for_by_many_has_one_invoice() -> None:
    (order,) = paid_orders(1)
    results = run_at_once(*[lambda: issue(order) for _ in range(6)])
    assert {r.pk for r in results} == {Document.objects.get().pk}


def two_shops() -> list[Order]:
    """A paid order in each of two shops of one owner."""
    first = make.shop()
    shops = [first, make.shop(first.owner)]
    return [make.pay(make.place((make.variant(shop), 1))).orders.get() for shop in shops]


def name_entity(order: Order) -> LegalEntity:
    return orders.set_legal_entity(
        actor=make.actor(order.shop.owner),
        shop_id=order.shop_id,
        name="Kiln",
        address="Lakeside Road 1",
        tax_id="91350100M000100Y43",
    )


def test_two_shops_that_name_one_tax_id_at_once_count_together() -> None:
    first, second = two_shops()

    named = run_at_once(lambda: name_entity(first), lambda: name_entity(second))

    assert kinds(named) == {"LegalEntity": 2}, named
    run_at_once(lambda: issue(first), lambda: issue(second))
    assert sequences() == [1, 2]


def test_control_two_shops_that_do_not_wait_for_each_other_count_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = two_shops()
    both = {first.shop_id, second.shop_id}
    monkeypatch.setattr(documents, "_hold_shops_of", lambda actor, shop: both)
    meet(monkeypatch, documents, "_same_elsewhere", parties=2)

    run_at_once(lambda: name_entity(first), lambda: name_entity(second))

    assert issue(first).number == issue(second).number


def test_control_counting_what_is_there_gives_two_the_same_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def count(entity: LegalEntity, kind: str, year: int) -> int:
        found = Document.objects.filter(entity=entity, kind=kind, year=year)
        return int(found.aggregate(last=Max("sequence"))["last"] or 0) + 1

    monkeypatch.setattr(documents, "_next", count)
    meet(monkeypatch, documents, "_next", parties=3)

    results = run_at_once(*[lambda o=order: issue(o) for order in paid_orders(3)])

    assert [r for r in results if isinstance(r, IntegrityError)]


def test_control_a_sequence_of_the_database_has_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = paid_orders(2)
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE control_numbers")

    def draw_one(entity: LegalEntity, kind: str, year: int) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('control_numbers')")
            return int(cursor.fetchone()[0])

    def fail(*args: object, **kwargs: object) -> str:
        raise UndoneError

    monkeypatch.setattr(documents, "_next", draw_one)
    try:
        with monkeypatch.context() as broken:
            broken.setattr(documents, "content_hash", fail)
            with pytest.raises(UndoneError):
                issue(first)
        issue(second)
        assert sequences() == [2]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP SEQUENCE control_numbers")
