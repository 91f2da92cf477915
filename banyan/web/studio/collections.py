"""The shop's collections: making them, and what is in each."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from banyan.catalog import actions as catalog
from banyan.catalog.access import MANAGERS, get_collection_for_staff
from banyan.catalog.models import Collection, Product, Shop
from banyan.catalog.queries import ConditionWords, products_in
from banyan.catalog.rules import CONDITION_FIELDS, Condition
from banyan.kernel.money import Money
from banyan.kernel.problems import NotFound, Problem

from ..http import actor, number, pressed, private, signed_in
from .room import page, refusal_of, shop_of
from .typed import Typed

ROWS = 5
MOST_SHOWN = 100
MOST_CHOICES = 500
AMOUNTS = {"price_from", "price_to"}


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def collections(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """List the collections; on POST make one."""
    shop = shop_of(request, shop_slug, MANAGERS)
    problem = None
    if request.method == "POST":
        try:
            data = _typed(request, shop)
            made = catalog.make_collection(actor=actor(request), shop_id=shop.pk, data=data)
        except Problem as refused:
            problem = refusal_of(refused)
        else:
            messages.success(request, _("The collection is there."))
            return redirect("studio_collection", shop.slug, made.pk)
    values = request.POST if problem else {"kind": "manual", "is_shown": "1"}
    context = {
        "rows": Collection.objects.filter(shop=shop).order_by("title", "id"),
        **_form(values, shop),
    }
    return page(request, shop, "collections", "studio/collections.html", context, problem)


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def collection(request: HttpRequest, shop_slug: str, collection_id: int) -> HttpResponse:
    """Change one: what it says, what its rules are, what is in it."""
    shop = shop_of(request, shop_slug, MANAGERS)
    found = get_collection_for_staff(actor(request), collection_id)
    if found.shop_id != shop.pk:
        raise NotFound()
    problem = None
    if request.method == "POST":
        try:
            if _act(request, shop, found):
                return redirect("studio_collections", shop.slug)
            return redirect("studio_collection", shop.slug, found.pk)
        except Problem as refused:
            problem = refusal_of(refused)
    goods = list(products_in(found)[:MOST_SHOWN])
    there = set(found.items.values_list("product_id", flat=True))
    others = Product.objects.filter(shop=shop, state="active").exclude(pk__in=there)
    manual = found.kind == "manual"
    context = {
        "collection": found,
        "goods": goods,
        "choices": others.order_by("-id").values_list("id", "title")[:MOST_CHOICES]
        if manual
        else [],
        **_form(request.POST if problem else _values(found, shop), shop),
    }
    return page(request, shop, "collections", "studio/collection.html", context, problem)


def _act(request: HttpRequest, shop: Shop, found: Collection) -> bool:
    """Do what was pressed; tell whether the collection is gone."""
    who = actor(request)
    wish = pressed(request, "", "delete", "put", "take", "up", "down")
    product_id = number(request.POST, "product") or 0
    if wish == "delete":
        catalog.delete_collection(actor=who, collection_id=found.pk)
        messages.success(request, _("The collection is gone; its goods are still there."))
        return True
    if wish == "put":
        catalog.put_in_collection(actor=who, collection_id=found.pk, product_id=product_id)
    elif wish == "take":
        catalog.take_from_collection(actor=who, collection_id=found.pk, product_id=product_id)
    elif wish in {"up", "down"}:
        by = -1 if wish == "up" else 1
        catalog.move_in_collection(actor=who, collection_id=found.pk, product_id=product_id, by=by)
    else:
        data = _typed(request, shop)
        catalog.change_collection(actor=who, collection_id=found.pk, data=data)
        messages.success(request, _("Saved."))
    return False


def _typed(request: HttpRequest, shop: Shop) -> catalog.CollectionInput:
    typed = Typed(request.POST, shop.currency)
    conditions, words = [], _words()
    kind = typed.text("kind") or "manual"
    for row in range(ROWS if kind == "rules" else 0):
        field, value = typed.text(f"field{row}"), typed.text(f"value{row}")
        if not field:
            continue
        if field in AMOUNTS:
            amount = typed.amount(f"value{row}")
            value = "" if amount is None else str(amount)
        conditions.append(Condition(field, words.kept(field, value)))
    typed.check()
    return catalog.CollectionInput(
        title=typed.text("title"),
        about=typed.text("about"),
        kind=kind,
        match=typed.text("match") or "all",
        conditions=conditions,
        sort=typed.text("sort") or "newest",
        is_shown="is_shown" in request.POST,
    )


def _values(found: Collection, shop: Shop) -> dict[str, str]:
    values = {
        "title": found.title,
        "about": found.about,
        "kind": found.kind,
        "match": found.match,
        "sort": found.sort,
    }
    if found.is_shown:
        values["is_shown"] = "1"
    words = _words()
    for row, stored in enumerate(found.conditions):
        one = Condition.read(stored)
        value = words.told(one)
        if one.field in AMOUNTS:
            value = str(Money(int(value), shop.currency).decimal)
        values |= {f"field{row}": one.field, f"value{row}": value}
    return values


def _words() -> ConditionWords:
    return ConditionWords(get_language() or "en")


def _form(values: Any, shop: Shop) -> dict[str, Any]:
    names = {
        "category": _("Category"),
        "tag": _("Tag"),
        "vendor": _("Maker"),
        "price_from": _("Price from (%(currency)s)") % {"currency": shop.currency},
        "price_to": _("Price up to (%(currency)s)") % {"currency": shop.currency},
        "attribute": _("Attribute (name=value)"),
        "newer_than": _("On sale for at most days"),
        "in_stock": _("In stock"),
    }
    return {
        "values": values,
        "fields": [(field, names[field]) for field in CONDITION_FIELDS],
        "proposed": _words().proposed(shop),
        "conditions": [
            {
                "names": (f"field{row}", f"value{row}"),
                "field": values.get(f"field{row}", ""),
                "value": values.get(f"value{row}", ""),
            }
            for row in range(ROWS)
        ],
    }
