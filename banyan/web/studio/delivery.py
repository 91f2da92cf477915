"""Where the shop delivers and how, and what tax is due there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from banyan.catalog import actions as catalog
from banyan.catalog.access import (
    MANAGERS,
    get_shipping_method_for_staff,
    get_shipping_zone_for_staff,
    get_tax_zone_for_staff,
)
from banyan.catalog.models import ShippingMethod, ShippingZone, Shop, TaxZone
from banyan.catalog.queries import shipping_zones, tax_zones
from banyan.catalog.rules import read_places
from banyan.kernel.money import Money, format_money
from banyan.kernel.problems import Problem
from banyan.people.rules.countries import place_told

from ..http import actor, private, signed_in
from ..shop.orders.explaining import days_text, rate_text
from .room import page, refusal_of, shop_of
from .typed import Typed

STARTS = {"places": "*"}


@require_safe
@private
@signed_in
def delivery(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Show the shop's shipping zones and taxes."""
    shop = shop_of(request, shop_slug, MANAGERS)
    zones = [
        {
            "zone": zone,
            "places": _places(zone.places),
            "ways": [_way(row) for row in zone.methods.all()],
        }
        for zone in shipping_zones(shop.pk)
    ]
    taxes = [
        {
            "zone": zone,
            "places": _places(zone.places),
            "standard": rate_text(zone.standard_rate),
            "reduced": rate_text(zone.reduced_rate),
        }
        for zone in tax_zones(shop.pk)
    ]
    context = {"zones": zones, "taxes": taxes}
    return page(request, shop, "settings", "studio/delivery.html", context)


def _places(named: list[str]) -> str:
    return ", ".join(place_told(one) for one in named)


def _way(row: ShippingMethod) -> dict[str, Any]:
    lowest, highest = (
        format_money(Money(pick(amount for _begins, amount in row.bands), row.currency))
        for pick in (min, max)
    )
    return {
        "row": row,
        "cost": lowest if lowest == highest else f"{lowest} – {highest}",
        "free_from": None if row.free_from is None else Money(row.free_from, row.currency),
        "days": ""
        if row.days_min is None or row.days_max is None
        else days_text((row.days_min, row.days_max)),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def zone(request: HttpRequest, shop_slug: str, zone_id: int | None = None) -> HttpResponse:
    """Make a shipping zone, change one, or take it away."""
    shop = shop_of(request, shop_slug, MANAGERS)
    who = actor(request)
    found = None if zone_id is None else get_shipping_zone_for_staff(who, shop.pk, zone_id)
    values: Mapping[str, Any] = STARTS
    if found is not None:
        values = {"name": found.name, "places": "\n".join(found.places)}
    if request.method != "POST":
        return _form(request, shop, "zone", found, values)
    if found is not None and "remove" in request.POST:
        catalog.remove_shipping_zone(actor=who, shop_id=shop.pk, zone_id=found.pk)
        return _done(request, shop, _("The zone is gone. Orders already placed stay as they are."))
    typed = Typed(request.POST)
    try:
        catalog.save_shipping_zone(
            actor=who,
            shop_id=shop.pk,
            zone_id=zone_id,
            name=typed.text("name"),
            places=read_places(typed.text("places")),
        )
    except Problem as problem:
        return _form(request, shop, "zone", found, request.POST, refusal_of(problem))
    return _done(request, shop, _("Saved."))


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def way(
    request: HttpRequest, shop_slug: str, zone_id: int, method_id: int | None = None
) -> HttpResponse:
    """Make a way of delivery, change one, or take it away."""
    shop = shop_of(request, shop_slug, MANAGERS)
    who = actor(request)
    get_shipping_zone_for_staff(who, shop.pk, zone_id)
    found = None if method_id is None else get_shipping_method_for_staff(who, shop.pk, method_id)
    if request.method != "POST":
        values = _way_values(found) if found else {"currency": shop.currency, "bands": "0: 0"}
        return _form(request, shop, "way", found, values)
    if found is not None and "remove" in request.POST:
        catalog.remove_shipping_method(actor=who, shop_id=shop.pk, method_id=found.pk)
        return _done(request, shop, _("This way is gone. Orders already placed stay as they are."))
    try:
        catalog.save_shipping_method(
            actor=who,
            shop_id=shop.pk,
            zone_id=zone_id,
            method_id=method_id,
            data=_typed_way(request),
        )
    except Problem as problem:
        return _form(request, shop, "way", found, request.POST, refusal_of(problem))
    return _done(request, shop, _("Saved. It holds from the next order on."))


def _typed_way(request: HttpRequest) -> catalog.MethodInput:
    currency = request.POST.get("currency", "").strip().upper()[:3]
    typed = Typed(request.POST, currency if len(currency) == 3 else "CNY")
    basis = typed.text("basis")
    bands = typed.bands("bands", money=basis == "value")
    free_from = typed.amount("free_from")
    fewest, most = typed.whole("days_min"), typed.whole("days_max")
    position = typed.whole("position")
    typed.check()
    days = None
    if fewest is not None or most is not None:
        days = (fewest or 0, fewest or 0 if most is None else most)
    return catalog.MethodInput(
        name=typed.text("name"),
        currency=currency,
        basis=basis,
        bands=bands,
        free_from=free_from,
        days=days,
        position=position or 0,
    )


def _way_values(row: ShippingMethod) -> dict[str, Any]:
    def figure(amount: int) -> str:
        return str(Money(amount, row.currency).decimal)

    return {
        "name": row.name,
        "currency": row.currency,
        "basis": row.basis,
        "bands": "\n".join(
            f"{figure(begins) if row.basis == 'value' else begins}: {figure(amount)}"
            for begins, amount in row.bands
        ),
        "free_from": "" if row.free_from is None else figure(row.free_from),
        "days_min": "" if row.days_min is None else str(row.days_min),
        "days_max": "" if row.days_max is None else str(row.days_max),
        "position": str(row.position),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def tax(request: HttpRequest, shop_slug: str, zone_id: int | None = None) -> HttpResponse:
    """Make a tax zone, change one, or take it away."""
    shop = shop_of(request, shop_slug, MANAGERS)
    who = actor(request)
    found = None if zone_id is None else get_tax_zone_for_staff(who, shop.pk, zone_id)
    if request.method != "POST":
        return _form(request, shop, "tax", found, _tax_values(found) if found else STARTS)
    if found is not None and "remove" in request.POST:
        catalog.remove_tax_zone(actor=who, shop_id=shop.pk, zone_id=found.pk)
        return _done(request, shop, _("No tax is due there from the next order on."))
    try:
        typed = Typed(request.POST)
        standard, reduced = typed.millionths("standard_rate"), typed.millionths("reduced_rate")
        typed.required("standard_rate")
        typed.check()
        data = catalog.TaxInput(
            name=typed.text("name"),
            places=read_places(typed.text("places")),
            standard_rate=standard or 0,
            reduced_rate=reduced or 0,
            included=typed.text("included") != "no",
            per=typed.text("per") or "line",
            rounding=typed.text("rounding") or "half_up",
        )
        catalog.save_tax_zone(actor=who, shop_id=shop.pk, zone_id=zone_id, data=data)
    except Problem as problem:
        return _form(request, shop, "tax", found, request.POST, refusal_of(problem))
    return _done(request, shop, _("Saved. It holds from the next order on."))


def _tax_values(zone: TaxZone) -> dict[str, str]:
    return {
        "name": zone.name,
        "places": "\n".join(zone.places),
        "standard_rate": rate_text(zone.standard_rate),
        "reduced_rate": rate_text(zone.reduced_rate),
        "included": "yes" if zone.included else "no",
        "per": zone.per,
        "rounding": zone.rounding,
    }


def _form(
    request: HttpRequest,
    shop: Shop,
    what: str,
    found: ShippingZone | ShippingMethod | TaxZone | None,
    values: Mapping[str, Any],
    problem: Problem | None = None,
) -> HttpResponse:
    context = {"found": found, "values": values}
    return page(request, shop, "settings", f"studio/delivery_{what}.html", context, problem)


def _done(request: HttpRequest, shop: Shop, told: str) -> HttpResponse:
    messages.success(request, told)
    return redirect("studio_delivery", shop.slug)
