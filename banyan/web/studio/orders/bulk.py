"""Several orders at once: what to pack, and who carries it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from banyan.catalog.models import Shop
from banyan.kernel.money import Money
from banyan.kernel.problems import Invalid, Problem
from banyan.orders.access import visible_orders
from banyan.orders.actions.bulk import Sent, ToSend, read_rows, ship_many
from banyan.orders.models import Order
from banyan.orders.queries import lines_to_send
from banyan.orders.rules.carriers import suggested

from ...http import actor, private, signed_in
from ..room import page, refusal_of, shop_of
from .one import address_lines
from .queue import chosen_orders

MOST = 100


@require_safe
@private
@signed_in
def packing(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Show what goes into the parcels of the ticked orders, to print: A4, one order a sheet."""
    shop = shop_of(request, shop_slug)
    found = chosen_orders(request, shop, MOST)
    lines = lines_to_send(found)
    sheets = [
        {
            "order": order,
            "address": address_lines(order),
            "lines": [(line, Money(line.unit_amount, line.currency)) for line in lines[order.pk]],
        }
        for order in found
    ]
    context = {"sheets": sheets, "prices": "prices" in request.GET}
    return page(request, shop, "orders", "studio/packing.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def ship(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Say who carries the ticked orders, or paste a list; each row has its own answer."""
    shop = shop_of(request, shop_slug)
    if request.method != "POST":
        return _page(request, shop, chosen_orders(request, shop, MOST))
    try:
        rows = _rows(request)
        if not rows:
            raise Invalid(fields={"rows": _("Fill in at least one row.")}, code="no_rows")
        done = ship_many(actor=actor(request), shop_id=shop.pk, rows=rows)
    except Problem as problem:
        numbers = request.POST.getlist("number")[:MOST]
        mine = visible_orders(actor(request), shop.pk).select_related("checkout")
        found = list(mine.filter(number__in=numbers).order_by("id"))
        return _page(request, shop, found, refusal_of(problem))
    return _result(request, shop, done)


def _rows(request: HttpRequest) -> list[ToSend]:
    data = request.POST
    rows = read_rows(data.get("rows", ""))
    for number in data.getlist("number")[:MOST]:
        carrier = data.get(f"carrier_{number}", "").strip() or data.get("carrier", "").strip()
        tracking = data.get(f"tracking_{number}", "")
        if carrier or tracking.strip():
            rows.append(ToSend(number, carrier, tracking))
    return rows


def _page(
    request: HttpRequest, shop: Shop, found: list[Order], problem: Problem | None = None
) -> HttpResponse:
    lines = lines_to_send(found)
    rows: list[dict[str, Any]] = []
    for order in found:
        number = order.number
        if not lines[order.pk]:
            continue
        rows.append(
            {
                "order": order,
                "titles": ", ".join(f"{x.title} ×\u00a0{x.to_ship}" for x in lines[order.pk]),
                "carrier": request.POST.get(f"carrier_{number}", ""),
                "tracking": request.POST.get(f"tracking_{number}", ""),
            }
        )
    left_out = [order.number for order in found if not lines[order.pk]]
    context = {
        "rows": rows,
        "left_out": ", ".join(left_out),
        "carriers": suggested(get_language() or "en"),
        "values": request.POST,
    }
    return page(request, shop, "orders", "studio/bulk_ship.html", context, problem)


def _result(request: HttpRequest, shop: Shop, done: list[Sent]) -> HttpResponse:
    context = {"done": done, "sent": sum(1 for each in done if each.parcel), "total": len(done)}
    return page(request, shop, "orders", "studio/bulk_shipped.html", context)
