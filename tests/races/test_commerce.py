"""Features in pairs, under fire: one shelf for everybody, and carts of every kind crosswise."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from psycopg import errors as pg

import banyan
from banyan.catalog.actions import stock as stock_module
from banyan.catalog.models import Stock, StockMovement, Variant
from banyan.catalog.proof import stock_audit
from banyan.config.lock_order import LOCK_ORDER
from banyan.kernel import clock, locks
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.locks import LockKey, LockOrderViolation
from banyan.kernel.problems import Busy, Problem
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.actions import placement
from banyan.orders.models import Checkout, Order
from banyan.people.models import Account
from banyan.sales import actions as sales
from banyan.sales.models import Right, Sale
from banyan.storefronts.models import Offer
from tests.sales import scene
from tests.storefronts import stalls
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.threads import kinds, run_at_once
from tests.support.weakened import rendezvous, without_check

pytestmark = pytest.mark.usefixtures("threaded_db")

_numbers = itertools.count(1)


def basket(*lines: orders.WantedLine, who: Account | None = None) -> Checkout:
    """Place an order of somebody whom nobody has seen before, or of a member."""
    number = next(_numbers)
    return orders.place(
        actor=make.actor(who) if who else Actor.guest(),
        lines=lines,
        contact=orders.Contact(f"crowd{number}@example.com"),
        address=make.ADDRESS | {"phone": f"+86137{number:08d}"},
        placement_key=new_code(80),
        provider="sandbox",
    )


# -- one shelf: reserved, allocated and kept for a sale ------------------------------------------

SHELF, KEPT = 9, 4


def _shelf() -> tuple[Variant, Sale]:
    item = make.variant(price=10_000, stock=SHELF)
    return item, scene.on(item, public=KEPT, per_person=2)


def _twice(item: Variant) -> Checkout:
    """Order one variant by two lines, as two share links of one cart would."""
    return basket(orders.WantedLine(item.pk, 1), orders.WantedLine(item.pk, 2))


def _pay(checkout: Checkout) -> Checkout:
    return make.pay(checkout)


def _expire(checkout: Checkout) -> Checkout:
    with clock.at(checkout.expires_at):
        return orders.expire_checkout(actor=scene.SYSTEM, checkout_id=checkout.pk)


def _give_back(order: Order) -> Order:
    buyer = order.checkout.buyer
    orders.cancel_order(
        actor=make.actor(buyer) if buyer else Actor.guest(),
        order_id=order.pk,
        key=f"back:{order.pk}",
        access_token=order.checkout.access_token,
    )
    return order


def _everybody(item: Variant, sale: Sale, fans: list[Account]) -> list[Any]:
    """Let claims, orders, payments, expiries and cancellations meet at one row, in rounds."""
    results = run_at_once(
        *(lambda who=who: scene.claim(sale, item, who) for who in fans),
        *[lambda: _twice(item)] * 3,
    )
    results += run_at_once(
        *(lambda who=who: scene.order(item, 1, who) for who in fans),
        *[lambda: _twice(item)] * 2,
    )
    placed = list(Checkout.objects.filter(state="placed").order_by("id"))
    results += run_at_once(
        *(lambda c=c: _pay(c) for c in placed[::2]),
        *(lambda c=c: _expire(c) for c in placed),
        *[lambda: _twice(item)] * 2,
    )
    paid = list(Order.objects.filter(state="paid").select_related("checkout__buyer"))
    results += run_at_once(
        *(lambda o=o: _give_back(o) for o in paid[::2]),
        *(lambda who=who: scene.claim(sale, item, who) for who in fans),
        *[lambda: _twice(item)] * 2,
    )
    return results


def test_burned_06_reserved_allocated_and_kept_for_a_sale_share_one_shelf() -> None:
    item, sale = _shelf()
    fans = [scene.buyer(f"fan{n}") for n in range(3)]

    results = _everybody(item, sale, fans)

    strange = [r for r in results if isinstance(r, Exception) and not isinstance(r, Problem)]
    assert not strange, strange
    stock = make.stock_of(item)
    assert stock.on_hand == SHELF
    assert min(stock.free, stock.allocated, stock.reserved, stock.held) >= 0
    assert 0 < Right.objects.filter(state__in=["bound", "reserved", "redeemed"]).count() <= KEPT
    moves = set(StockMovement.objects.values_list("kind", flat=True))
    assert {"hold", "reserve", "allocate", "release", "cancel"} <= moves
    assert recount() == {}
    assert stock_audit() == []
    assert verify().clean


def test_burned_06_control_without_guard_and_check_units_are_promised_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those of the sale are sold on the side: more is promised than there is."""
    item, _sale = _shelf()
    statement = stock_module._MOVE.replace(
        "s.on_hand - s.allocated - s.reserved - s.held >= n", "true"
    )
    assert statement != stock_module._MOVE
    monkeypatch.setattr(stock_module, "_MOVE", statement)
    monkeypatch.setattr(placement, "_check_free", lambda wanted: None)
    monkeypatch.setattr(sales, "reserve_units", lambda **given: None)
    monkeypatch.setattr(orders.Quote, "in_sale", lambda quote: {})

    with without_check("catalog_stock", "stock_never_oversold"):
        run_at_once(*[lambda: _twice(item)] * 4)
        stock = make.stock_of(item)
        free = stock.free
        with connection.cursor() as cursor:
            cursor.execute("UPDATE catalog_stock SET reserved = 0, held = 0")

    assert free < 0


# -- carts of every kind, crosswise ---------------------------------------------------------------

ROUNDS = 3


def _crosswise() -> list[orders.WantedLine]:
    """Return a line of a flash sale, one of a pooled offer, and one of a shop."""
    in_sale, pooled, own = (make.variant(price=10_000, stock=500) for _ in range(3))
    scene.on(in_sale, public=200)
    offer: Offer = stalls.listed(stalls.page(), stalls.supply(pooled), 12_000)
    return [
        orders.WantedLine(in_sale.pk),
        orders.WantedLine(pooled.pk, offer_id=offer.pk),
        orders.WantedLine(own.pk),
    ]


def test_burned_07_a_sale_a_pooled_offer_and_a_shop_crosswise_do_not_deadlock() -> None:
    carts = list(itertools.permutations(_crosswise()))

    def shop_on(cart: tuple[orders.WantedLine, ...]) -> int:
        for number in range(ROUNDS):
            checkout = basket(*cart)
            if number % 2:
                orders.cancel_checkout(
                    actor=Actor.guest(),
                    checkout_id=checkout.pk,
                    access_token=checkout.access_token,
                )
            else:
                make.pay(checkout)
        return ROUNDS

    results = run_at_once(*[lambda cart=cart: shop_on(cart) for cart in carts])

    # A deadlock that the database found, or a lock that was not to be had, would be a Busy.
    assert results == [ROUNDS] * len(carts), kinds(results)
    assert Right.objects.filter(state="redeemed").count() == len(carts) * 2
    assert {*Stock.objects.filter(allocated__gt=0).values_list("allocated", flat=True)} == {
        len(carts) * 2
    }
    assert recount() == {}
    assert verify().clean


def test_burned_07_control_locks_taken_as_named_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    in_sale, _pooled, own = _crosswise()
    together = rendezvous(2)

    def one_by_one(keys: Iterable[LockKey]) -> None:
        for kind, row in keys:
            with connection.cursor() as cursor:
                table = locks._tables[kind]
                cursor.execute(f"SELECT 1 FROM {table} WHERE id = %s FOR NO KEY UPDATE", [row])
            together()

    monkeypatch.setattr(locks, "take", one_by_one)
    monkeypatch.setattr(locks, "locked_by_statement", lambda keys: None)
    results = run_at_once(lambda: basket(in_sale, own), lambda: basket(own, in_sale))

    [victim] = [r for r in results if isinstance(r, Exception)]
    assert isinstance(victim, OperationalError | Busy), results
    if isinstance(victim, OperationalError):
        assert isinstance(victim.__cause__, pg.DeadlockDetected)


# -- the order of locks ---------------------------------------------------------------------------


def _named_kinds() -> set[str]:
    """Return the kinds that the code locks, by the words it uses."""
    found = set()
    for path in Path(banyan.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in {"LockKey", "take_reading"}:
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.add(first.value)
    return found


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def test_every_kind_that_is_locked_has_its_place_and_every_place_is_used() -> None:
    assert _named_kinds() == {kind for kind, _table in LOCK_ORDER}


@pytest.mark.parametrize(
    ("later", "earlier"), [(b[0], a[0]) for a, b in itertools.pairwise(LOCK_ORDER)]
)
def test_an_earlier_kind_after_a_later_one_raises(later: str, earlier: str) -> None:
    with transaction.atomic():
        locks.take([LockKey(later, 1)])
        with pytest.raises(LockOrderViolation):
            locks.take([LockKey(earlier, 1)])
