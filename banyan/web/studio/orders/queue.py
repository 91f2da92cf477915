"""The queue of a shop's orders: what waits for what, found again by number, name or goods."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from banyan.kernel.money import Money
from banyan.orders.access import visible_orders
from banyan.orders.models import Order, OrderRefund
from banyan.orders.queries import lines_of
from banyan.web.ui.shapes import Tab

from ...http import actor, number, private, signed_in
from ...shop.orders.story import shared_path
from ..room import page, shop_of
from ..words import order_state

PAGE = 30


def _filters() -> list[tuple[str, str, list[str]]]:
    return [
        ("", _("All"), []),
        ("paid", _("To ship"), ["paid"]),
        ("asked", _("Refund asked for"), []),
        ("shipped", _("Sent"), ["shipped"]),
        ("received", _("Received"), ["received"]),
        ("closed", _("Refunded"), ["closed"]),
        ("placed", _("Unpaid"), ["placed"]),
        ("ended", _("Ended unpaid"), ["expired", "cancelled"]),
    ]


@require_safe
@private
@signed_in
def queue(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """List the shop's orders, newest first, by state."""
    shop = shop_of(request, shop_slug)
    mine = visible_orders(actor(request), shop.pk)
    chosen = request.GET.get("state", "")
    rows = _narrowed(mine, chosen)
    before = number(request.GET, "before")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.select_related("checkout__buyer")[: PAGE + 1])
    url = reverse("studio_orders", args=[shop.slug])
    context = {
        "tabs": [
            Tab(text, f"{url}?state={name}" if name else url, name == chosen)
            for name, text, _states in _filters()
        ],
        "rows": _rows(found[:PAGE]),
        "more_url": f"{url}?state={chosen}&before={found[PAGE - 1].pk}"
        if len(found) > PAGE
        else "",
        "filtered": bool(chosen),
    }
    return page(request, shop, "orders", "studio/orders.html", context)


def _narrowed(rows: QuerySet[Order], chosen: str) -> QuerySet[Order]:
    if chosen == "asked":
        return rows.filter(refunds__state="requested").distinct()
    states = next((states for name, _text, states in _filters() if name == chosen), [])
    return rows.filter(state__in=states) if states else rows


def _rows(found: list[Order]) -> list[dict[str, Any]]:
    lines = lines_of(found)
    asked = set(
        OrderRefund.objects.filter(order__in=found, state="requested").values_list(
            "order_id", flat=True
        )
    )
    return [
        {
            "order": order,
            "state": order_state(order.state),
            "total": Money(order.total_amount, order.currency),
            "titles": ", ".join(f"{line.title} × {line.quantity}" for line in lines[order.pk]),
            "path": shared_path(lines[order.pk]),
            "buyer": order.checkout.address.get("recipient", ""),
            "asked": order.pk in asked,
        }
        for order in found
    ]
