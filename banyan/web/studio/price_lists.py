"""Price lists: other prices for a time, a currency, a quantity or some buyers."""

from __future__ import annotations

import datetime as dt
import json
import zoneinfo
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.catalog import actions as catalog
from banyan.catalog import queries
from banyan.catalog.access import MANAGERS, get_price_list_for_staff
from banyan.catalog.models import ListPrice, PriceList, Shop, Variant
from banyan.kernel.digits import whole
from banyan.kernel.money import Money
from banyan.kernel.problems import Problem

from ..http import actor, private, signed_in
from .room import page, refusal_of, shop_of
from .typed import Typed

MOST_SHOWN = 300
MOST_STEPS = 4
AUDIENCES = {
    "everyone": gettext_lazy("everyone"),
    "members": gettext_lazy("members"),
    "accounts": gettext_lazy("those named below"),
}


@require_safe
@private
@signed_in
def price_lists(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """List the shop's price lists, newest first."""
    shop = shop_of(request, shop_slug, MANAGERS)
    rows = [
        {"list": found, "audience": AUDIENCES[found.audience]}
        for found in queries.price_lists(shop.pk)
    ]
    return page(request, shop, "goods", "studio/price_lists.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def price_list(request: HttpRequest, shop_slug: str, list_id: int | None = None) -> HttpResponse:
    """Make a list, change one, or take it away."""
    shop = shop_of(request, shop_slug, MANAGERS)
    who = actor(request)
    found = None if list_id is None else get_price_list_for_staff(who, shop.pk, list_id)
    if request.method != "POST":
        return _page(request, shop, found, _values(shop, found))
    if found is not None and "remove" in request.POST:
        catalog.remove_price_list(actor=who, shop_id=shop.pk, list_id=found.pk)
        messages.success(request, _("The list is gone. Orders already placed keep their price."))
        return redirect("studio_price_lists", shop.slug)
    try:
        typed = Typed(request.POST)
        starts = typed.moment("starts_at", shop.timezone, found.starts_at if found else None)
        ends = typed.moment("ends_at", shop.timezone, found.ends_at if found else None)
        typed.check()
        data = catalog.ListInput(
            name=typed.text("name"),
            currency=found.currency if found else typed.text("currency").upper(),
            audience=typed.text("audience"),
            starts_at=starts,
            ends_at=ends,
            handles=typed.text("handles").replace(",", " ").split(),
        )
        made = catalog.save_price_list(actor=who, shop_id=shop.pk, list_id=list_id, data=data)
    except Problem as problem:
        return _page(request, shop, found, request.POST, refusal_of(problem))
    messages.success(request, _("Saved."))
    return redirect("studio_price_list", shop.slug, made.pk)


@require_POST
@private
@signed_in
def list_prices(request: HttpRequest, shop_slug: str, list_id: int) -> HttpResponse:
    """Write the prices of the goods that the page shows; those of others stay."""
    shop = shop_of(request, shop_slug, MANAGERS)
    who = actor(request)
    found = get_price_list_for_staff(who, shop.pk, list_id)
    # What came back to the goods since the page was drawn has no field in it, and keeps its prices.
    shown = [variant for variant in _shown(shop) if _field(variant, 0) in request.POST]
    now = {(row.variant_id, row.min_quantity): row.amount for row in found.prices.all()}
    had = _had(request.POST.get("had"))
    try:
        typed = Typed(request.POST, found.currency)
        steps = _steps(typed)
        wanted = _written(typed, shown, steps, now, had)
        typed.check()
        rows = [catalog.RowInput(pk, amount, n) for (pk, n), amount in wanted.items()]
        catalog.set_list_prices(actor=who, shop_id=shop.pk, list_id=list_id, rows=rows)
    except Problem as problem:
        return _page(request, shop, found, _values(shop, found), refusal_of(problem))
    messages.success(request, _("Saved. These prices hold from now on."))
    query = urlencode({"steps": ",".join(map(str, steps))})
    return redirect(f"{reverse('studio_price_list', args=[shop.slug, found.pk])}?{query}")


def _had(text: str | None) -> Mapping[str, Any] | None:
    """Return the prices that the page was drawn with, by "variant:quantity"; None of no page."""
    try:
        found = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _written(
    typed: Typed,
    shown: list[Variant],
    steps: list[int],
    now: Mapping[tuple[int, int], int],
    had: Mapping[str, Any] | None,
) -> dict[tuple[int, int], int]:
    """Return the prices with what was typed in the place of what the page was drawn with.

    What was not touched stays as it is by now: somebody else may have written it since.
    """
    wanted = dict(now)
    for variant in shown:
        for step in {*steps, *(step for pk, step in now if pk == variant.pk)}:
            field = _field(variant, steps.index(step)) if step in steps else ""
            if had is not None and typed.text(field) == had.get(f"{variant.pk}:{step}", ""):
                continue
            amount = typed.amount(field)
            if amount is None:
                wanted.pop((variant.pk, step), None)
            else:
                wanted[variant.pk, step] = amount
    return wanted


def _steps(typed: Typed) -> list[int]:
    """Return the quantities from which the columns of prices hold."""
    steps = _numbers(typed.text("steps")) or [1]
    if len(steps) > MOST_STEPS or 0 in steps or len(set(steps)) != len(steps):
        typed.errors["steps"] = _("Write up to four different numbers from 1 to 99.")
    return steps


def _numbers(text: str) -> list[int]:
    return [whole(one, most=99) or 0 for one in text.replace(",", " ").split()]


def _field(variant: Variant, place: int) -> str:
    return f"p{variant.pk}_{place}"


def _shown(shop: Shop) -> list[Variant]:
    rows = Variant.objects.filter(product__shop=shop, is_active=True)
    rows = rows.exclude(product__state="archived").select_related("product")
    return list(rows.order_by("product__title", "product_id", "position", "id")[:MOST_SHOWN])


def _page(
    request: HttpRequest,
    shop: Shop,
    found: PriceList | None,
    values: Mapping[str, Any],
    problem: Problem | None = None,
) -> HttpResponse:
    context: dict[str, Any] = {"found": found, "values": values, "audiences": AUDIENCES}
    if found is not None:
        prices = list(found.prices.all())
        wished = _numbers(request.GET.get("steps", "")[:20])[:MOST_STEPS]
        steps = sorted(({row.min_quantity for row in prices} | set(wished)) - {0}) or [1]
        typed = request.POST if problem is not None and "steps" in request.POST else {}
        context |= {
            "steps": typed.get("steps") or ", ".join(map(str, steps)),
            "columns": steps,
            "had": typed.get("had") or json.dumps(_texts(prices, found.currency)),
            "rows": _rows(shop, found, prices, steps, typed, problem),
        }
    return page(request, shop, "goods", "studio/price_list.html", context, problem)


def _texts(prices: list[ListPrice], currency: str) -> dict[str, str]:
    """Return prices as their fields have them, by "variant:quantity"."""
    return {
        f"{row.variant_id}:{row.min_quantity}": str(Money(row.amount, currency).decimal)
        for row in prices
    }


def _rows(
    shop: Shop,
    found: PriceList,
    prices: list[ListPrice],
    steps: list[int],
    typed: Mapping[str, Any],
    problem: Problem | None,
) -> list[dict[str, Any]]:
    known = {(row.variant_id, row.min_quantity): row.amount for row in prices}
    errors = problem.fields if problem else {}

    def cell(variant: Variant, place: int, step: int) -> dict[str, Any]:
        name, amount = _field(variant, place), known.get((variant.pk, step))
        text = "" if amount is None else str(Money(amount, found.currency).decimal)
        return {"name": name, "value": typed.get(name, text), "error": errors.get(name, "")}

    return [
        {
            "title": " / ".join([variant.product.title, *variant.values]),
            "own": Money(variant.price_amount, variant.currency),
            "cells": [cell(variant, place, step) for place, step in enumerate(steps)],
        }
        for variant in _shown(shop)
    ]


def _values(shop: Shop, found: PriceList | None) -> dict[str, str]:
    if found is None:
        return {"currency": shop.currency, "audience": "everyone"}
    handles = found.accounts.values_list("account__handle", flat=True)
    return {
        "name": found.name,
        "currency": found.currency,
        "audience": found.audience,
        "starts_at": _local(found.starts_at, shop),
        "ends_at": _local(found.ends_at, shop),
        "handles": ", ".join(sorted(handle for handle in handles if handle)),
    }


def _local(moment: dt.datetime | None, shop: Shop) -> str:
    if moment is None:
        return ""
    return moment.astimezone(zoneinfo.ZoneInfo(shop.timezone)).strftime("%Y-%m-%dT%H:%M")
