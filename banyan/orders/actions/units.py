"""Units of lines: taken to be shipped, cancelled or sent back, each by one conditional UPDATE.

A unit is shipped, cancelled, or still to ship, and never two of these: whoever comes second finds
no row. The table's CHECK stands behind it. Callers hold the order and the stock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from banyan.catalog.actions import release, restock, ship_out
from banyan.catalog.rules import IN_PARCELS
from banyan.kernel.problems import Conflict, Invalid

from ..models import Order, OrderLine
from ..states import OPEN_RETURN

Units = Mapping[int, int]
"""Line id to a number of units."""

NONE: Units = MappingProxyType({})


class UnitsGone(Conflict):
    """Somebody else shipped, cancelled or took back these units first."""

    code = "units_gone"
    message = _("Some of these units are already shipped or cancelled.")


def lines_of(order: Order) -> list[OrderLine]:
    """Return the lines of an order with their variants, in order.

    What is set aside for an exchange is none of them before the shop has seen what came back.
    """
    waiting = Q(replaces_in__of__state__in=OPEN_RETURN)
    return list(order.lines.select_related("variant").exclude(waiting).order_by("id"))


def parcel_lines(order: Order) -> list[OrderLine]:
    """Return those of :func:`lines_of` that are sent."""
    return [line for line in lines_of(order) if line.kind in IN_PARCELS]


def left_to_ship(lines: Iterable[OrderLine]) -> dict[int, int]:
    """Return what is neither shipped nor cancelled, by line; lines without any are left out."""
    return {line.pk: line.to_ship for line in lines if line.to_ship}


def check_units(wanted: Units, among: Iterable[OrderLine]) -> dict[int, int]:
    """Return the wanted units without zeros; Invalid for none, negative ones or foreign lines."""
    known = {line.pk for line in among}
    if any(n < 0 for n in wanted.values()) or not {k for k, n in wanted.items() if n} <= known:
        raise Invalid(fields={"units": _("Choose units of this order.")}, code="units_unknown")
    found = {key: n for key, n in wanted.items() if n}
    if not found:
        raise Invalid(fields={"units": _("Choose at least one unit.")}, code="units_none")
    return found


def ship_units(order: Order, units: Units) -> None:
    """Let units leave: allocated stock leaves the shelf. Raises UnitsGone."""
    for line_id, n in units.items():
        _one(_to_ship(line_id, n).update(shipped_quantity=F("shipped_quantity") + n))
    ship_out(_variants(order.lines.all(), units), reference=order.number)


def cancel_units(order: Order, units: Units) -> None:
    """Take units out of what is to be shipped; they are free to be sold. Raises UnitsGone."""
    for line_id, n in units.items():
        _one(
            _to_ship(line_id, n).update(
                cancelled_quantity=F("cancelled_quantity") + n,
            )
        )
    sent = order.lines.filter(kind__in=IN_PARCELS)
    restock(_variants(sent, units), reference=order.number, shipped=False)
    # What is handed over is only reserved until it is: see ``holding``.
    handed_over = order.lines.exclude(kind__in=IN_PARCELS)
    release(_variants(handed_over, units), reference=order.number)


def count_paid_back(units: Units) -> None:
    """Write down that units were paid back."""
    for line_id, n in units.items():
        OrderLine.objects.filter(pk=line_id).update(refunded_quantity=F("refunded_quantity") + n)


def claim_returned(units: Units) -> None:
    """Let units be on their way back: never more than were shipped. Raises UnitsGone."""
    for line_id, n in units.items():
        free = OrderLine.objects.filter(
            pk=line_id, shipped_quantity__gte=F("returned_quantity") + n
        )
        if not free.update(returned_quantity=F("returned_quantity") + n):
            raise UnitsGone(
                _("More than what was sent and is not yet on its way back."),
                code="return_too_many",
            )


def unclaim_returned(units: Units) -> None:
    """Undo :func:`claim_returned` for units that stay with the buyer."""
    for line_id, n in units.items():
        OrderLine.objects.filter(pk=line_id).update(returned_quantity=F("returned_quantity") - n)


def _to_ship(line_id: int, n: int) -> QuerySet[OrderLine]:
    taken = F("shipped_quantity") + F("cancelled_quantity") + n
    return OrderLine.objects.filter(pk=line_id, quantity__gte=taken)


def _one(changed: int) -> None:
    if not changed:
        raise UnitsGone()


def _variants(lines: QuerySet[OrderLine], units: Units) -> list[tuple[int, int]]:
    rows = lines.filter(pk__in=units).values_list("pk", "variant_id")
    return [(variant_id, units[line_id]) for line_id, variant_id in rows]
