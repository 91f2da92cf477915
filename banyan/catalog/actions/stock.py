"""Stock moves: each is one conditional UPDATE per row, with the table's CHECK behind it.

free = on_hand - allocated - reserved - held. The callers are outermost actions that hold the rows
(``stock_locks``), or move a single row last of all: anything else raises LockOrderViolation.
:func:`set_on_hand` is one itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock, locks
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Conflict, Invalid, SoldOut
from banyan.kernel.remembered import run

from ..access import get_variant_for_staff
from ..models import Shop, Stock, StockAt, StockMovement
from ..ports import check_counting
from ..queries import stock_of
from .acts import note_act
from .locations import bring, place_of

Wanted = Iterable[tuple[int, int]]
"""(variant id, quantity) pairs; a variant may occur more than once."""


LARGEST = 1_000_000


def _sum(wanted: Wanted) -> dict[int, int]:
    total: Counter[int] = Counter()
    for variant_id, quantity in wanted:
        total[variant_id] += quantity
    return dict(sorted(total.items()))


def stock_locks(variant_ids: Iterable[int]) -> list[LockKey]:
    """Return the lock keys of the stock rows of ``variant_ids``."""
    return [LockKey("stock", stock.pk) for stock in stock_of(sorted(set(variant_ids)))]


_MOVE = f"""
WITH patience AS MATERIALIZED ({locks.patience()}),
wanted AS (
  SELECT w.* FROM patience, unnest(%(variants)s::bigint[], %(numbers)s::int[]) AS w (variant_id, n)
),
moved AS (
  UPDATE catalog_stock s SET
    on_hand = s.on_hand + %(on_hand)s * n,
    allocated = s.allocated + %(allocated)s * n,
    reserved = s.reserved + %(reserved)s * n,
    held = s.held + %(held)s * n
  FROM wanted w
  WHERE s.variant_id = w.variant_id
    AND (NOT %(guard)s OR s.on_hand - s.allocated - s.reserved - s.held >= n)
  RETURNING s.id, s.variant_id, n
), logged AS (
  INSERT INTO catalog_stockmovement
    (stock_id, kind, on_hand, allocated, reserved, held, reference, at)
  SELECT id, %(kind)s, %(on_hand)s * n, %(allocated)s * n, %(reserved)s * n, %(held)s * n,
    %(reference)s, %(at)s
  FROM moved
)
SELECT variant_id, id FROM moved
"""  # noqa: S608 - our own text


def _move(wanted: Wanted, *, kind: str, reference: str, guard: bool, **signs: int) -> list[int]:
    """Apply ``signs`` x quantity to every row in one statement; return the variants left out.

    With ``guard`` a row with too little free is left out: the condition is in the UPDATE itself.
    Raises Busy when somebody else keeps a row locked for too long.
    """
    total = _sum(wanted)
    if not total:
        return []
    if any(quantity < 1 for quantity in total.values()):
        raise Invalid(code="quantity_not_positive")
    parameters: dict[str, Any] = {
        "variants": list(total),
        "numbers": list(total.values()),
        "kind": kind,
        "reference": reference,
        "guard": guard,
        "at": clock.now(),
        "on_hand": signs.get("on_hand", 0),
        "allocated": signs.get("allocated", 0),
        "reserved": signs.get("reserved", 0),
        "held": signs.get("held", 0),
    }
    with locks.in_time():
        moved = dict(run(_MOVE, parameters).fetchall())
    locks.locked_by_statement(LockKey("stock", stock_id) for stock_id in moved.values())
    return [variant_id for variant_id in total if variant_id not in moved]


def reserve(wanted: Wanted, *, reference: str) -> None:
    """Promise units to an unpaid order; all or, with SoldOut (``extra["variants"]``), nothing."""
    short = _move(wanted, kind="reserve", reference=reference, guard=True, reserved=1)
    if short:
        raise sold_out(short)


def sold_out(variant_ids: Iterable[int]) -> SoldOut:
    """Return the refusal that names what there is too little of."""
    return SoldOut(
        _("Sorry, this was just sold out."),
        extra={"variants": [str(variant_id) for variant_id in variant_ids]},
    )


def release(wanted: Wanted, *, reference: str) -> None:
    """Give reserved units back."""
    _move(wanted, kind="release", reference=reference, guard=False, reserved=-1)


def hold(wanted: Wanted, *, reference: str) -> None:
    """Keep free units for a sale; all or, with SoldOut (``extra["variants"]``), nothing."""
    short = _move(wanted, kind="hold", reference=reference, guard=True, held=1)
    if short:
        raise sold_out(short)


def unhold(wanted: Wanted, *, reference: str) -> None:
    """Let go of units that were kept for a sale: they are free."""
    _move(wanted, kind="unhold", reference=reference, guard=False, held=-1)


def reserve_held(wanted: Wanted, *, reference: str) -> None:
    """Promise units that a sale keeps to an unpaid order; whose they are the sale has decided."""
    _move(wanted, kind="reserve", reference=reference, guard=False, held=-1, reserved=1)


def release_held(wanted: Wanted, *, reference: str) -> None:
    """Give reserved units back to the sale that kept them."""
    _move(wanted, kind="release", reference=reference, guard=False, held=1, reserved=-1)


def allocate(wanted: Wanted, *, reference: str) -> None:
    """Turn reserved units into allocated ones: the order is paid."""
    _move(wanted, kind="allocate", reference=reference, guard=False, reserved=-1, allocated=1)


def ship_out(wanted: Wanted, *, reference: str) -> None:
    """Take allocated units off the shop's own shelf.

    What the shop's own shelf lacks is taken from the other locations, each with its movement.
    """
    bring(_sum(wanted), reference=reference)
    _move(wanted, kind="ship", reference=reference, guard=False, allocated=-1, on_hand=-1)


def restock(wanted: Wanted, *, reference: str, shipped: bool) -> None:
    """Put refunded units back: from the parcel onto the shelf, or from allocated to free."""
    if shipped:
        _move(wanted, kind="return", reference=reference, guard=False, on_hand=1)
    else:
        _move(wanted, kind="cancel", reference=reference, guard=False, allocated=-1)


_COUNT = """
WITH counted AS (
  SELECT * FROM unnest(%(variants)s::bigint[], %(numbers)s::int[]) AS c (variant_id, n)
),
before AS (
  SELECT s.id, s.on_hand, c.n FROM catalog_stock s JOIN counted c USING (variant_id)
  WHERE s.on_hand <> c.n
),
written AS (
  UPDATE catalog_stock s SET on_hand = b.n FROM before b WHERE s.id = b.id
)
INSERT INTO catalog_stockmovement
  (stock_id, kind, on_hand, allocated, reserved, reference, at)
SELECT id, 'count', n - on_hand, 0, 0, %(reference)s, %(at)s FROM before
"""


def count_all(counted: Mapping[int, int], *, reference: str) -> None:
    """Set what lies on the shelf for many variants (id to number), each with its movement.

    One statement, inside the caller's transaction. The caller holds the rows
    (``stock_locks``) and has looked at what is promised; the table's CHECK stands behind it.
    """
    if not counted:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT,
            {
                "variants": list(counted),
                "numbers": list(counted.values()),
                "reference": reference[:60],
                "at": clock.now(),
            },
        )


def stock_changed(on_hand: int) -> Conflict:
    """Return the refusal of a figure that was typed beside another one than that of now."""
    return Conflict(
        _("Meanwhile there are %(n)s. Please look again and confirm.") % {"n": on_hand},
        code="stock_changed",
        extra={"on_hand": on_hand},
    )


def set_on_hand(
    *,
    actor: Actor,
    variant_id: int,
    on_hand: int,
    saw: int | None = None,
    location_id: int | None = None,
) -> Stock:
    """Set what lies on the shelf: in all or, with ``location_id``, at one further location.

    ``saw`` is the figure that was looked at: Conflict ``stock_changed`` (``extra["on_hand"]``, the
    figure now) when it is another by now. Refused below what is already promised; raises what
    ``ports.check_counting`` raises.
    """
    if not 0 <= on_hand <= LARGEST:
        raise Invalid(fields={"on_hand": _("Enter a number from 0 to 1,000,000.")})
    variant = get_variant_for_staff(actor, variant_id)
    check_counting(variant.pk)
    if on_hand > 1 and Shop.objects.filter(pk=variant.product.shop_id, kind="member").exists():
        raise Conflict(
            _("Members sell single things. Open a shop to sell anything else."),
            code="not_a_merchant",
        )
    with transaction.atomic():
        locks.take(stock_locks([variant.pk]))
        stock = Stock.objects.get(variant=variant)
        place = None if location_id is None else place_of(variant, stock, location_id)
        before = stock.on_hand if place is None else place.on_hand
        if saw is not None and saw != before:
            raise stock_changed(before)
        delta = on_hand - before
        moved = delta if place is not None else 0
        if stock.on_hand + delta < max(stock.promised, stock.elsewhere + moved):
            raise Conflict(
                _("Some of these are already sold or reserved."),
                code="stock_already_promised",
                extra={"promised": stock.promised},
            )
        if delta:
            if place is not None:
                StockAt.objects.filter(pk=place.pk).update(on_hand=on_hand)
            Stock.objects.filter(pk=stock.pk).update(
                on_hand=stock.on_hand + delta, elsewhere=stock.elsewhere + moved
            )
            StockMovement.objects.create(
                stock=stock,
                kind="count",
                on_hand=delta,
                location_id=location_id,
                reference=str(actor)[:60],
                at=clock.now(),
            )
            stock.on_hand += delta
            stock.elsewhere += moved
            product = variant.product
            name = " / ".join([product.title, *variant.values])
            change = f"{before} → {on_hand}"
            note_act(actor, product.shop_id, "stock.count", name, change=change)
    return stock
