"""Another piece for one that comes back: set aside at once, sent when the shop has seen it.

A replacement is a line of the same order that costs nothing. Its price is that of the line it
replaces, so whoever sends it back in turn is paid what they paid.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import F, Q

from banyan.catalog.actions import allocate, reserve, stock_locks
from banyan.kernel.locks import LockKey

from ..models import Order, OrderLine, Return, ReturnLine
from ..rules import line_title
from ..states import OPEN_RETURN
from . import units as unit


def replacement_locks(found: Return) -> list[LockKey]:
    """Return the stock that an exchange touches: what comes back and what is wished for."""
    lines = found.lines.select_related("line")
    ids = {line.variant_id for line in lines} | {line.line.variant_id for line in lines}
    return stock_locks(sorted(pk for pk in ids if pk is not None))


def set_aside(found: Return) -> None:
    """Make a line for each piece that is wished for; its units are allocated. Raises SoldOut."""
    if found.wish != "exchange":
        return
    rows = list(found.lines.select_related("line", "variant__product").order_by("id"))
    wanted = [(row.variant_id, row.quantity) for row in rows if row.variant_id is not None]
    reserve(wanted, reference=found.number)
    allocate(wanted, reference=found.number)
    for row in rows:
        if row.variant_id is None:
            continue  # its money was paid back meanwhile
        made = OrderLine.objects.create(**_line_for(row))
        ReturnLine.objects.filter(pk=row.pk).update(replacement=made)


def _line_for(row: ReturnLine) -> dict[str, object]:
    old, variant = row.line, row.variant
    assert variant is not None  # the caller leaves the others out
    return {
        "order_id": old.order_id,
        "variant": variant,
        "product_id": old.product_id,
        "seller_id": old.seller_id,
        "storefront_id": old.storefront_id,
        "title": line_title(variant.product.title, variant.values),
        "kind": old.kind,
        "quantity": row.quantity,
        "unit_amount": 0,
        "goods_amount": 0,
        "currency": old.currency,
        "replaces_id": old.replaces_id or old.pk,
    }


def keep_replacements(found: Return, accepted: unit.Units) -> None:
    """Keep as many replacements as pieces were accepted (by return line id); give up the others."""
    gone = {}
    for row in found.lines.exclude(replacement=None):
        assert row.replacement_id is not None
        if over := row.quantity - accepted.get(row.pk, 0):
            gone[row.replacement_id] = over
    if gone:
        unit.cancel_units(found.order, gone)


def give_up_replacements(found: Return) -> None:
    """Free everything that was set aside."""
    keep_replacements(found, {})


def pay_instead(order: Order, paid_back: Collection[int]) -> None:
    """Let nobody wait for another piece of lines that are paid back in full.

    Exchanges of them that are open go on as returns; the caller gives up what was set aside.
    """
    theirs = Q(line__in=paid_back) | Q(line__replaces__in=paid_back)
    open_ones = Return.objects.filter(order=order, state__in=OPEN_RETURN, wish="exchange")
    ReturnLine.objects.filter(theirs, of__in=open_ones).update(variant=None, replacement=None)
    open_ones.exclude(lines__variant__isnull=False).update(wish="refund")


def count_root(row: ReturnLine, n: int) -> dict[int, int]:
    """Return which line's price stands for ``n`` units of a returned line, and for how many.

    Never more units than that line has left to be paid back.
    """
    root = OrderLine.objects.annotate(left=F("quantity") - F("refunded_quantity")).get(
        pk=row.line.replaces_id or row.line_id
    )
    return {root.pk: min(n, root.left)}
