"""The shop's stock: one table, edits that say what they saw, locations, and every movement."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from banyan.catalog import actions as catalog
from banyan.catalog.access import MANAGERS, get_variant_for_staff
from banyan.catalog.models import Shop, Stock, StockMovement, Variant
from banyan.catalog.queries import (
    locations_of,
    movements_of,
    stock_rows,
    stock_table,
)
from banyan.catalog.reminders import BACK
from banyan.catalog.rules.product_csv.cells import protect
from banyan.kernel.problems import NotFound, Problem
from banyan.notify.queries import reachable_share
from banyan.people.models import Account

from ..http import actor, number, private, signed_in
from ..shop.people.sessions import safe_next
from .room import frame, page, refusal_of, shop_of
from .typed import Typed

PAGE = 50


@require_safe
@private
@signed_in
def stocks(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Show what is on the shelf, promised, kept for sales and free, of every variant."""
    return _table(request, shop_of(request, shop_slug))


def _table(request: HttpRequest, shop: Shop, problem: Problem | None = None) -> HttpResponse:
    query, show = _asked(request)
    start = number(request.GET, "from", most=100_000) or 0
    found = list(stock_table(shop, query=query, show=show)[start : start + PAGE + 1])
    kept = {"q": query, "show": show}
    context = {
        "rows": [_row(stock) for stock in found[:PAGE]],
        "query": query,
        "show": show,
        "places": locations_of(shop),
        "values": request.POST,
        "here": request.get_full_path() if request.method != "POST" else "",
        "export_query": urlencode({k: v for k, v in kept.items() if v}),
        "tabs": [
            (text, "?" + urlencode({"show": name} | ({"q": query} if query else {})), name == show)
            for name, text in (("all", _("All")), ("low", _("Low")), ("out", _("Sold out")))
        ],
        "more_url": "?" + urlencode({k: v for k, v in kept.items() if v} | {"from": start + PAGE})
        if len(found) > PAGE
        else "",
    }
    return page(request, shop, "stocks", "studio/stock.html", context, problem)


def _asked(request: HttpRequest) -> tuple[str, str]:
    """Return which words and which stock the address asks for."""
    show = request.GET.get("show", "all")
    return request.GET.get("q", "").strip()[:80], show if show in {"low", "out"} else "all"


def _row(stock: Stock) -> dict[str, Any]:
    variant = stock.variant
    return {
        "stock": stock,
        "variant": variant,
        "name": " / ".join([variant.product.title, *variant.values]),
        "out": stock.free < 1,
        "low": stock.free <= getattr(stock, "threshold", 0),
        "value": stock.on_hand,
        "saw": stock.on_hand,
        "changed": False,
        "error": "",
        "places": list(stock.places.all()),
    }


def _variant_of(request: HttpRequest, shop: Shop, variant_id: int) -> Variant:
    variant = get_variant_for_staff(actor(request), variant_id)
    if variant.product.shop_id != shop.pk:
        raise NotFound()
    _stock_of(shop, variant)
    return variant


def _stock_of(shop: Shop, variant: Variant) -> Stock:
    """Return its row of the table; NotFound once it is put away, even by somebody just now."""
    stock = stock_table(shop).filter(variant=variant).first()
    if stock is None:
        raise NotFound()
    return stock


@require_POST
@private
@signed_in
def edit(request: HttpRequest, shop_slug: str, variant_id: int) -> HttpResponse:
    """Set what lies on the shelf. A figure that has changed meanwhile is shown, to be confirmed."""
    shop = shop_of(request, shop_slug)
    variant = _variant_of(request, shop, variant_id)
    typed = Typed(request.POST)
    refused: Problem | None = None
    try:
        on_hand, saw = typed.whole("on_hand"), typed.whole("saw")
        place = typed.row_id("location")
        typed.required("on_hand", "saw")
        typed.check()
        catalog.set_on_hand(
            actor=actor(request),
            variant_id=variant.pk,
            on_hand=on_hand or 0,
            saw=saw,
            location_id=place,
        )
    except Problem as problem:
        refused = refusal_of(problem)
    if refused is None and not request.headers.get("hx-request"):
        messages.success(request, _("The stock is set."))
        return redirect(safe_next(request, reverse("studio_stocks", args=[shop.slug])))
    stock = _stock_of(shop, variant)
    row = _row(stock)
    if refused is not None:
        row |= {
            "value": request.POST.get("on_hand", ""),
            "changed": refused.code == "stock_changed",
            "saw": refused.extra.get("on_hand", stock.on_hand),
            "error": refused.fields.get("on_hand") or refused.message,
            "place": request.POST.get("location", ""),
        }
    # A form that comes back leads to the list as it was, not to the address it was sent to.
    here = request.POST.get("next", "")
    context = frame(request, shop, "stocks") | {"row": row, "saved": refused is None, "here": here}
    if request.headers.get("hx-request"):
        answer = render(request, "studio/stock_row.html", context)
        answer["Vary"] = "HX-Request"
        return answer
    return page(request, shop, "stocks", "studio/stock_confirm.html", context, refused)


@require_safe
@private
@signed_in
def stock_story(request: HttpRequest, shop_slug: str, variant_id: int) -> HttpResponse:
    """Show where a variant lies, and every movement of it, newest first."""
    shop = shop_of(request, shop_slug)
    return _story(request, shop, _variant_of(request, shop, variant_id))


def _story(
    request: HttpRequest, shop: Shop, variant: Variant, problem: Problem | None = None
) -> HttpResponse:
    before = number(request.GET, "before")
    found = list(movements_of(variant, before=before)[: PAGE + 1])
    stock = _stock_of(shop, variant)
    context = {
        "row": _row(stock),
        "places": locations_of(shop),
        "here": stock.on_hand - stock.elsewhere,
        "threshold": stock.low_at,
        "reach": reachable_share(kind=BACK, subject_id=variant.pk),
        "moves": _movements(found[:PAGE]),
        "more_url": f"?before={found[PAGE - 1].pk}" if len(found) > PAGE else "",
        "values": request.POST,
    }
    return page(request, shop, "stocks", "studio/stock_story.html", context, problem)


BY = re.compile(r"(?:member|staff):(\d+)")
"""How a movement keeps who made it, see ``str(Actor)``."""


def _movements(moves: Sequence[StockMovement]) -> list[dict[str, Any]]:
    """Return the rows; where an account made a movement, its name stands in place of its number."""
    by = {moved.pk: BY.fullmatch(moved.reference) for moved in moves}
    names = Account.objects.in_bulk({int(found[1]) for found in by.values() if found})
    rows = []
    for moved in moves:
        row, found = _movement(moved), by[moved.pk]
        if found:
            account = names.get(int(found[1]))
            row["reference"] = account.display_name if account else ""
        rows.append(row)
    return rows


def _movement(moved: StockMovement) -> dict[str, Any]:
    kinds = {
        "count": _("Counted"),
        "reserve": _("Reserved by an order"),
        "release": _("Reservation ended"),
        "allocate": _("Paid"),
        "ship": _("Sent"),
        "return": _("Came back"),
        "cancel": _("Refunded before it was sent"),
        "hold": _("Kept for a sale or a bargain"),
        "unhold": _("No longer kept"),
        "transfer": _("Carried"),
    }
    figures = (
        (_("on the shelf"), moved.on_hand),
        (_("reserved"), moved.reserved),
        (_("sold"), moved.allocated),
        (_("kept"), moved.held),
    )
    return {
        "at": moved.at,
        "kind": kinds.get(moved.kind, moved.kind),
        "figures": ", ".join(f"{name} {change:+d}" for name, change in figures if change),
        "place": moved.location.name if moved.location else "",
        "reference": moved.reference,
    }


@require_POST
@private
@signed_in
def carry(request: HttpRequest, shop_slug: str, variant_id: int) -> HttpResponse:
    """Carry units from one location to another."""
    shop = shop_of(request, shop_slug)
    variant = _variant_of(request, shop, variant_id)
    typed = Typed(request.POST)
    try:
        quantity = typed.whole("quantity")
        typed.required("quantity")
        typed.check()
        catalog.transfer(
            actor=actor(request),
            variant_id=variant.pk,
            quantity=quantity or 0,
            source_id=typed.row_id("source"),
            target_id=typed.row_id("target"),
        )
    except Problem as problem:
        return _story(request, shop, variant, refusal_of(problem))
    messages.success(request, _("They are there now."))
    return redirect("studio_stock_story", shop.slug, variant.pk)


@require_POST
@private
@signed_in
def low(request: HttpRequest, shop_slug: str, variant_id: int) -> HttpResponse:
    """Set from which number on a variant counts as low; empty: as in the whole shop."""
    shop = shop_of(request, shop_slug)
    variant = _variant_of(request, shop, variant_id)
    typed = Typed(request.POST)
    try:
        low_at = typed.whole("low_at")
        typed.check()
        catalog.set_low_stock(actor=actor(request), variant_id=variant.pk, low_at=low_at)
    except Problem as problem:
        return _story(request, shop, variant, refusal_of(problem))
    messages.success(request, _("Saved."))
    return redirect("studio_stock_story", shop.slug, variant.pk)


@require_POST
@private
@signed_in
def locations(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Add a further location, or set the shop's own threshold."""
    shop = shop_of(request, shop_slug, MANAGERS)
    typed = Typed(request.POST)
    try:
        if "low_at" in request.POST:
            low_at = typed.whole("low_at")
            typed.required("low_at")
            typed.check()
            catalog.set_low_stock_of_shop(actor=actor(request), shop_id=shop.pk, low_at=low_at or 0)
        else:
            catalog.add_location(actor=actor(request), shop_id=shop.pk, name=typed.text("name"))
    except Problem as problem:
        return _table(request, shop, refusal_of(problem))
    messages.success(request, _("Saved."))
    return redirect("studio_stocks", shop.slug)


@require_safe
@private
@signed_in
def export(request: HttpRequest, shop_slug: str) -> StreamingHttpResponse:
    """Send the table as a file: what the list shows, all pages of it."""
    shop = shop_of(request, shop_slug)
    query, show = _asked(request)
    rows = stock_rows(shop, query=query, show=show)
    answer = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
    name = f"{shop.slug}-stock-{timezone.localtime():%Y%m%d}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _lines(rows: Iterable[list[Any]]) -> Iterator[str]:
    yield "\ufeff"  # so that spreadsheets read it as UTF-8
    for row in rows:
        line = io.StringIO()
        cells = (protect(value) if isinstance(value, str) else value for value in row)
        csv.writer(line).writerow(cells)
        yield line.getvalue()
