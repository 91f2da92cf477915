"""One run on the market's floor: how an act is done, and what is looked at after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import OperationalError, connection, transaction

from banyan.catalog.models import Stock
from banyan.earnings.queries import due_of
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Busy, Problem, SoldOut
from banyan.ledger.actions import forget_accounts
from banyan.ledger.proof import verify
from banyan.orders.models import Order
from tests.properties.commerce_floor import START, Cut, Floor, falling_over_at
from tests.properties.commerce_truths import broken, miscounted
from tests.support.posted import posted_about

T = TypeVar("T")

_THERE = {
    "checkout": "orders_checkout WHERE intent_id IS NOT NULL",
    "unpaid": "orders_checkout WHERE state = 'placed'",
    "order": "orders_order WHERE state IN ('paid', 'shipped', 'received')",
    "unsent": "orders_orderline l JOIN orders_order o ON o.id = l.order_id WHERE "
    "o.state IN ('paid', 'shipped', 'received') AND l.kind IN ('goods', 'listing') AND "
    "l.shipped_quantity + l.cancelled_quantity < l.quantity",
    "sent": "orders_orderline WHERE shipped_quantity > 0 AND kind IN ('goods', 'listing')",
    "right": "sales_right WHERE state = 'bound'",
    "own": "entitlements_priceright WHERE state = 'held'",
    "waits": "orders_orderline l JOIN orders_order o ON o.id = l.order_id WHERE o.state = 'paid' "
    "AND l.kind IN ('digital', 'voucher') AND "
    "l.shipped_quantity + l.cancelled_quantity < l.quantity",
    "voucher": "delivery_voucher",
    "wish": "orders_refund WHERE state = 'requested'",
    "failed": "orders_refund WHERE state = 'failed'",
    "refund": "payments_refund WHERE state NOT IN ('succeeded', 'failed')",
    "return": "orders_return WHERE state IN ('asked', 'approved', 'sent', 'received')",
    "down": "standing_takedown WHERE state <> 'lifted'",
    "dispute": "market_dispute WHERE state = 'open'",
}


def what_is_there() -> dict[str, int]:
    """Return how many there are of what deeds need. One statement."""
    counts = ", ".join(f"(SELECT count(*) FROM {rows})" for rows in _THERE.values())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}")
        return dict(zip(_THERE, cursor.fetchone(), strict=True))


@dataclass(frozen=True, slots=True)
class How:
    """Which of the things that are there, how many units, how much of the money, and twice yes/no.

    ``number`` counts round them; ``share`` is in percent, and may be too much.
    """

    number: int
    n: int
    share: int
    yes: bool
    also: bool


class Run:
    """What happens between the opening of the floor and its end."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.now = START
        self.brought: dict[int, int] = {}
        self.cut: int | None = None
        self.told: list[str] = []
        self.wanted: dict[int, int] = {}
        self.actors = {buyer.actor.id: buyer.actor for buyer in floor.buyers}
        # Durable acts may run inside it, as inside the savepoint of a test.
        self._room = transaction.atomic()
        self._room._from_testcase = True  # type: ignore[attr-defined]
        self._room.__enter__()

    def end(self) -> None:
        """Look at the books, and put the floor back as it was."""
        try:
            # Where the room is broken nothing can be read, and the fault that broke it is told.
            if not connection.needs_rollback:
                assert verify().clean, verify()
                assert_dues_are_posted()
        finally:
            transaction.set_rollback(True)
            self._room.__exit__(None, None, None)
            forget_accounts()

    def check(self) -> None:
        """Ask what must hold now."""
        found = broken()
        assert not found, found
        wrong = miscounted(self.floor, self.brought)
        assert not wrong, f"stock: {wrong}"

    def act(self, call: Callable[[], T]) -> T | None:
        """Do something; a refusal is noted. What fell over is tried once more."""
        cut, self.cut = self.cut, None
        with clock.at(self.now):
            try:
                with falling_over_at(cut):
                    return self._refusable(call)
            except (Cut, OperationalError):
                # A write outside of any transaction is one of its own and undone alone; Django
                # takes the room for what it was in. What is cut never reached the database.
                transaction.set_rollback(False)
                self.check()
                return self._refusable(call)

    def _refusable(self, call: Callable[[], T]) -> T | None:
        try:
            return call()
        except Busy as busy:
            raise AssertionError("nobody else is here") from busy
        except Problem as problem:
            if isinstance(problem, SoldOut):
                self._check_sold_out(problem)
            self.told.append(problem.code)
            return None

    def _check_sold_out(self, problem: SoldOut) -> None:
        """Nobody is sent away while there is enough for what they want."""
        for variant_id in map(int, problem.extra.get("variants", [])):
            free = Stock.objects.get(variant_id=variant_id).free
            wanted = self.wanted.get(variant_id, 0)
            assert not 0 < wanted <= free, f"{free} free, {wanted} wanted, and sold out"

    def answers_the_same(self, call: Callable[[], object], first: object) -> None:
        """An act that was done answers the same when it is asked for again."""
        with clock.at(self.now):
            assert call() == first

    def order(self, how: How) -> Order | None:
        """Return a paid order that is not closed."""
        rows = Order.objects.filter(state__in=["paid", "shipped", "received"])
        return one(list(rows.select_related("checkout").order_by("id")), how)

    def shop_of(self, order: Order) -> Actor:
        """Return whoever runs the shop of an order."""
        return self.floor.owners[order.shop_id]

    def buyer_of(self, order: Order) -> dict[str, Any]:
        """Return how the buyer of an order acts on it."""
        return {
            "actor": self.actors[order.checkout.buyer_id],
            "access_token": order.checkout.access_token,
        }


def assert_dues_are_posted() -> None:
    """What the rows say that a shop gets of an order is what the ledger posted about it."""
    for order in Order.objects.filter(paid_at__isnull=False).exclude(shop__kind="member"):
        due = due_of(order)
        assert due is not None
        assert due.due.amount == posted_about(order), due


def one(rows: Sequence[T], how: How) -> T | None:
    """Return one of the rows, or None without any."""
    return rows[how.number % len(rows)] if rows else None


Deed = Callable[[Run, How], None]
