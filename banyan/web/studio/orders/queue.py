"""The queue of a shop's orders: what waits for what, found again by number, name or goods."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from banyan.catalog.models import Shop
from banyan.kernel import audit
from banyan.kernel.digits import whole
from banyan.kernel.money import Money
from banyan.orders.access import visible_orders
from banyan.orders.finding import HEADS, SENT, Sought, counts, exported, narrowed
from banyan.orders.models import Order, OrderRefund
from banyan.orders.ports import holds_on
from banyan.orders.queries import lines_of, lines_to_send
from banyan.web.ui.shapes import Tab

from ...http import actor, day, number, private, signed_in
from ...shop.orders.story import hold_text, shared_path
from ..room import page, shop_of
from ..words import order_state

PAGE = 30


def _filters() -> list[tuple[str, str]]:
    return [
        ("", _("All")),
        ("paid", _("To ship")),
        ("waits", _("Waiting for others")),
        ("partly", _("Partly sent")),
        ("returns", _("Returns open")),
        ("asked", _("Refund asked for")),
        ("shipped", _("Sent")),
        ("received", _("Received")),
        ("closed", _("Refunded")),
        ("placed", _("Unpaid")),
        ("ended", _("Ended unpaid")),
    ]


def sought(request: HttpRequest) -> Sought:
    """Return what the address asks for; what cannot be read asks for nothing."""
    data = request.GET
    first, last = (day(data.get(name, "")) for name in ("from", "to"))
    return Sought(data.get("state", ""), data.get("q", "").strip(), first, last)


def _query(wanted: Sought, **more: Any) -> str:
    pairs = {
        "state": wanted.waits_for,
        "q": wanted.text,
        "from": wanted.first.isoformat() if wanted.first else "",
        "to": wanted.last.isoformat() if wanted.last else "",
    } | more
    return urlencode({name: value for name, value in pairs.items() if value})


@require_safe
@private
@signed_in
def queue(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """List the shop's orders, newest first, by state, day and words."""
    shop = shop_of(request, shop_slug)
    mine = visible_orders(actor(request), shop.pk)
    wanted = sought(request)
    rows = narrowed(mine, wanted, shop.timezone)
    before = number(request.GET, "before")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.select_related("checkout__buyer")[: PAGE + 1])
    url = reverse("studio_orders", args=[shop.slug])
    export_url = reverse("studio_orders_export", args=[shop.slug])
    more = _query(wanted, before=found[PAGE - 1].pk) if len(found) > PAGE else ""
    context = {
        "tabs": _tabs(url, wanted, counts(mine)),
        "rows": _rows(found[:PAGE]),
        "more_url": f"{url}?{more}" if more else "",
        "filtered": wanted != Sought(),
        "wanted": wanted,
        "export_url": f"{export_url}?{_query(wanted)}",
    }
    return page(request, shop, "orders", "studio/orders.html", context)


def _tabs(url: str, wanted: Sought, counted: dict[str, int]) -> list[Tab]:
    tabs = []
    for name, text in _filters():
        query = _query(wanted, state=name)
        here = name == wanted.waits_for
        tabs.append(Tab(text, f"{url}?{query}" if query else url, here, counted.get(name)))
    return tabs


def _rows(found: list[Order]) -> list[dict[str, Any]]:
    lines = lines_of(found)
    asked = set(
        OrderRefund.objects.filter(order__in=found, state="requested").values_list(
            "order_id", flat=True
        )
    )
    held = holds_on(x for order in found if order.state == "paid" for x in lines[order.pk])
    owed = lines_to_send(order for order in found if order.state in SENT)
    return [
        {
            "order": order,
            "hold": hold_text(lines[order.pk], held),
            "state": order_state(order.state, lines[order.pk]),
            "total": Money(order.total_amount, order.currency),
            "titles": ", ".join(f"{line.title} ×\u00a0{line.quantity}" for line in lines[order.pk]),
            "path": shared_path(lines[order.pk]),
            "buyer": order.checkout.address.get("recipient", "") if order.paid_at else "",
            "asked": order.pk in asked,
            "owed": bool(owed.get(order.pk)),
        }
        for order in found
    ]


@require_safe
@private
@signed_in
def export(request: HttpRequest, shop_slug: str) -> HttpResponseBase:
    """Send the orders of the list as CSV, piece by piece; written down, for it holds addresses."""
    shop = shop_of(request, shop_slug)
    rows = narrowed(visible_orders(actor(request), shop.pk), sought(request), shop.timezone)
    audit.record(
        actor=actor(request),
        action="orders.export",
        subject_kind="shop",
        subject_id=shop.pk,
        subject_label=shop.name,
    )
    answer = StreamingHttpResponse(
        _csv(rows, shop.timezone), content_type="text/csv; charset=utf-8"
    )
    name = f"{shop.slug}-orders-{timezone.localtime():%Y%m%d}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _csv(rows: Any, zone: str) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield "\ufeff"  # so that spreadsheets read it as UTF-8
    writer.writerow(HEADS)
    for cells in exported(rows, zone):
        writer.writerow(cells)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def chosen_orders(request: HttpRequest, shop: Shop, most: int) -> list[Order]:
    """Return the shop's orders that were ticked, oldest first; other ids count for nothing."""
    ids = [whole(text) or 0 for text in request.GET.getlist("order")[:most]]
    mine = visible_orders(actor(request), shop.pk).filter(pk__in=ids)
    return list(mine.select_related("checkout").order_by("id"))
