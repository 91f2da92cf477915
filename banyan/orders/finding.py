"""Finding a shop's orders: by what they wait for, by day, number, telephone, name or goods."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from banyan.catalog.rules import IN_PARCELS
from banyan.catalog.rules.product_csv.cells import price_text, protect

from .models import Order, OrderLine, OrderRefund, Return, ReturnLine
from .ports import lines_that_wait
from .queries import lines_of, sendable, shipments_of
from .states import OPEN_RETURN

STATES: dict[str, tuple[str, ...]] = {
    "paid": ("paid",),
    "shipped": ("shipped",),
    "received": ("received",),
    "closed": ("closed",),
    "placed": ("placed",),
    "ended": ("expired", "cancelled"),
}
SENT = ("shipped", "received")
CONDITIONS = ("waits", "partly", "returns", "asked")
WAITING = ("paid", "partly", "returns", "asked")
"""What somebody in the shop has to do something about."""
CHUNK = 200


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for; ``first`` and ``last`` are days of the shop's calendar."""

    waits_for: str = ""
    text: str = ""
    first: dt.date | None = None
    last: dt.date | None = None


def narrowed(rows: QuerySet[Order], sought: Sought, timezone: str) -> QuerySet[Order]:
    """Return those of a shop's orders that are sought."""
    rows = waiting_for(rows, sought.waits_for)
    zone = ZoneInfo(timezone)
    if sought.first:
        start = dt.datetime.combine(sought.first, dt.time(), zone)
        rows = rows.filter(created_at__gte=start)
    if sought.last:
        end = dt.datetime.combine(sought.last + dt.timedelta(days=1), dt.time(), zone)
        rows = rows.filter(created_at__lt=end)
    text = " ".join(sought.text.split())[:80]
    return rows.filter(_matches(text)) if text else rows


def waiting_for(rows: QuerySet[Order], what: str) -> QuerySet[Order]:
    """Return the orders in a state, or of which something is partly sent, asked or coming back.

    Of what is "paid" something can be sent now, a piece in exchange, too: an order of which all
    that is left "waits" is apart, and so is one that only waits to be used.
    """
    if what == "paid":
        left = OrderLine.objects.filter(sendable(), order=OuterRef("pk"))
        now = Q(Exists(left.exclude(lines_that_wait())), state="paid")
        return rows.filter(now | Q(state__in=SENT, pk__in=_owed_pieces(rows)))
    if what == "waits":
        return rows.filter(_waits_wholly(), state="paid")
    if what in STATES:
        return rows.filter(state__in=STATES[what])
    if what == "partly":
        # What is handed over without a parcel leaves nothing to be sent after it.
        parcels = OrderLine.objects.filter(kind__in=IN_PARCELS, order=OuterRef("pk"))
        sent = parcels.filter(shipped_quantity__gt=0)
        return rows.filter(Exists(sent), state="paid")
    if what == "returns":
        coming = Return.objects.filter(order=OuterRef("pk"), state__in=OPEN_RETURN)
        return rows.filter(Exists(coming))
    if what == "asked":
        asked = OrderRefund.objects.filter(order=OuterRef("pk"), state="requested")
        return rows.filter(Exists(asked))
    return rows


def _owed_pieces(rows: QuerySet[Order]) -> list[int]:
    """Return the orders of exchanges that are agreed and whose other piece is not sent yet.

    Read first: there are few of them, and without any the list is found by its index as before.
    """
    gone = F("replacement__shipped_quantity") + F("replacement__cancelled_quantity")
    owed = ReturnLine.objects.filter(of__state="exchanged", replacement__quantity__gt=gone)
    mine = owed.filter(of__order__in=rows.order_by().values("pk"))
    return list(mine.values_list("of__order_id", flat=True).distinct())


def _waits_wholly() -> Q:
    left = F("shipped_quantity") + F("cancelled_quantity")
    unsent = OrderLine.objects.filter(order=OuterRef("pk"), quantity__gt=left)
    waiting = lines_that_wait()
    return Q(Exists(unsent.filter(waiting))) & ~Q(Exists(unsent.exclude(waiting)))


def _matches(text: str) -> Q:
    goods = OrderLine.objects.filter(order=OuterRef("pk"), title__icontains=text)
    whose = Q(checkout__address__recipient__icontains=text)
    digits = "".join(letter for letter in text if letter.isdigit())
    if len(digits) >= 4 and not any(letter.isalpha() for letter in text):
        whose |= Q(checkout__contact_phone__endswith=digits)
        whose |= Q(checkout__address__phone__endswith=digits)
    # Who has not paid is nobody's to know yet, on no page.
    return Q(number__istartswith=text) | Q(Exists(goods)) | Q(whose, paid_at__isnull=False)


def counts(rows: QuerySet[Order]) -> dict[str, int]:
    """Return how many of a shop's orders wait for each thing of WAITING. One statement each."""
    return {what: waiting_for(rows, what).count() for what in WAITING}


HEADS = (
    *("order", "purchase", "placed_at", "paid_at", "state"),
    *("recipient", "phone", "email", "address"),
    *("product", "variant_id", "quantity", "shipped", "cancelled", "returned"),
    *("currency", "unit_price", "discount", "shipping", "tax", "paid", "refunded"),
    *("carrier", "tracking"),
)
_PLACE = ("street", "level3", "level2", "level1", "postcode", "country")
_TO_SEND = ("paid", "shipped", "received", "closed")


def exported(rows: QuerySet[Order], timezone: str) -> Iterator[tuple[str, ...]]:
    """Yield a row of cells for each line of the orders, newest first; ``HEADS`` names them.

    Times are ISO 8601 in ``timezone``, which they name.
    Read in pieces, so that no shop is too large. Cells that a spreadsheet would run are protected.
    Addresses only of what was paid.
    """
    before, zone = None, ZoneInfo(timezone)
    while True:
        part = rows.filter(pk__lt=before) if before is not None else rows
        found = list(part.select_related("checkout").order_by("-id")[:CHUNK])
        if not found:
            return
        lines, parcels = lines_of(found), shipments_of([order.pk for order in found])
        for order in found:
            sent = parcels.get(order.pk, [])
            head = tuple(_order_cells(order, zone))
            for line in lines[order.pk]:
                mine = [p for p in sent if any(x.line_id == line.pk for x in p.lines.all())]
                cells = (*head, *_line_cells(line), *_sent_cells(mine))
                yield tuple(protect(cell) for cell in cells)
        before = found[-1].pk


def _order_cells(order: Order, zone: ZoneInfo) -> Iterable[str]:
    checkout = order.checkout
    address: dict[str, Any] = checkout.address if order.state in _TO_SEND else {}
    yield from (order.number, checkout.number)
    for at in (order.created_at, order.paid_at):
        yield at.astimezone(zone).isoformat(timespec="seconds") if at else ""
    yield order.state
    yield str(address.get("recipient", ""))
    yield (checkout.contact_phone or str(address.get("phone", ""))) if address else ""
    yield checkout.contact_email if address else ""
    yield ", ".join(str(address[name]) for name in _PLACE if address.get(name))


def _line_cells(line: OrderLine) -> Iterable[str]:
    yield line.title
    yield str(line.variant_id)
    counted = (line.quantity, line.shipped_quantity, line.cancelled_quantity)
    yield from (str(n) for n in (*counted, line.returned_quantity))
    yield line.currency
    amounts = (line.unit_amount, line.discount_amount, line.shipping_amount, line.tax_amount)
    for amount in (*amounts, line.paid_amount, line.refunded_amount):
        yield price_text(amount, line.currency)


def _sent_cells(parcels: Iterable[Any]) -> Iterable[str]:
    sent = list(parcels)
    yield "; ".join(parcel.carrier for parcel in sent)
    yield "; ".join(parcel.tracking for parcel in sent)
