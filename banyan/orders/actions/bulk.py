"""Many parcels at once: each order on its own, so that one that fails keeps no other back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from banyan.catalog.access import get_shop_for_staff
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid, Problem

from ..models import Order, Shipment
from .fulfilment import ship

MOST_ROWS = 500
_HEADS = {"order", "order number", "number", "订单号", "訂單號"}


@dataclass(frozen=True, slots=True)
class ToSend:
    """A row of what is sent: an order's number, who carries it, its number there."""

    number: str
    carrier: str
    tracking: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a row: a parcel, or a refusal with its code and words."""

    row: ToSend
    parcel: Shipment | None = None
    code: str = ""
    message: str = ""


def read_rows(text: str) -> list[ToSend]:
    """Return the rows of pasted CSV (order number, carrier, tracking); tabs and semicolons, too.

    A first row of heads is passed over; where it names carrier and tracking, as the export of
    orders does, they stand there. Raises Invalid for more than 500 rows, and for what is no CSV.
    """
    text = text.lstrip("\ufeff")
    delimiter = next((sign for sign in "\t;" if sign in text.partition("\n")[0]), ",")
    found: list[ToSend] = []
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error as error:
        told = _("This cannot be read.")
        raise Invalid(fields={"rows": told}, code="rows_unreadable") from error
    carrier, tracking = 1, 2
    for cells in rows:
        values = [cell.strip().lstrip("'") for cell in cells]
        if not any(values):
            continue
        if not found and values[0].casefold() in _HEADS:
            heads = [value.casefold() for value in values]
            if "carrier" in heads and "tracking" in heads:
                carrier, tracking = heads.index("carrier"), heads.index("tracking")
            continue
        values += [""] * (1 + max(carrier, tracking))
        found.append(ToSend(values[0], values[carrier], values[tracking]))
    if len(found) > MOST_ROWS:
        told = _("At most %(n)s rows at once.") % {"n": MOST_ROWS}
        raise Invalid(fields={"rows": told}, code="too_many_rows")
    return found


def ship_many(*, actor: Actor, shop_id: int, rows: Iterable[ToSend]) -> list[Sent]:
    """Send all that is left of each order, in a transaction of its own; see :func:`ship`.

    Repeatable: an order that is sent already answers with that parcel. An order of another shop is
    as unknown as one that does not exist; one that is named twice is sent once.
    """
    shop = get_shop_for_staff(actor, shop_id)
    wanted = list(rows)
    numbers = {row.number.upper() for row in wanted}
    known = dict(Order.objects.filter(shop=shop, number__in=numbers).values_list("number", "id"))
    seen: set[str] = set()
    done = []
    for row in wanted:
        number = row.number.upper()
        if number not in known:
            done.append(Sent(row, code="unknown_order", message=_("No order has this number.")))
        elif number in seen:
            done.append(Sent(row, code="named_twice", message=_("It stands here twice.")))
        else:
            seen.add(number)
            done.append(_one(actor, known[number], row))
    return done


def _one(actor: Actor, order_id: int, row: ToSend) -> Sent:
    try:
        parcel = ship(actor=actor, order_id=order_id, carrier=row.carrier, tracking=row.tracking)
    except Problem as problem:
        told = "; ".join(str(text) for text in problem.fields.values()) or str(problem.message)
        return Sent(row, code=problem.code, message=told)
    return Sent(row, parcel)
