"""What the shop lets other pages sell: its terms, who asks, who lists it, and what they sold."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from banyan.catalog.access import MANAGERS, get_product_for_staff
from banyan.catalog.models import Product, Shop
from banyan.catalog.queries import variants_of
from banyan.kernel.money import Money
from banyan.kernel.problems import NotFound, Problem
from banyan.orders.queries import units_by_storefront
from banyan.storefronts import actions as storefronts
from banyan.storefronts.access import get_item_for_supplier
from banyan.storefronts.models import PoolItem
from banyan.storefronts.queries import supplied_by

from ..http import actor, number, private, signed_in
from .room import page, refusal_of, shop_of
from .typed import Typed

MOST_CHOICES = 500


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def pool(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """List what is in the pool; on POST put a product in, or change its terms."""
    shop = shop_of(request, shop_slug, MANAGERS)
    if request.method != "POST":
        return _page(request, shop)
    try:
        _offer(request, shop)
    except Problem as problem:
        return _page(request, shop, refusal_of(problem))
    messages.success(request, _("Other pages can sell it on these terms now."))
    return redirect("studio_pool", shop.slug)


def _offer(request: HttpRequest, shop: Shop) -> None:
    product = _product(request, shop, number(request.POST, "product") or 0)
    typed = Typed(request.POST, shop.currency)
    terms = {}
    for variant in product.variants.filter(is_active=True):
        supply = typed.amount(f"supply_{variant.pk}")
        minimum = typed.amount(f"minimum_{variant.pk}")
        if supply is not None:
            terms[variant.pk] = storefronts.Terms(supply, minimum)
    typed.check()
    storefronts.offer_to_pool(
        actor=actor(request),
        product_id=product.pk,
        terms=terms,
        open_to=typed.text("open_to") or "anyone",
    )


def _product(request: HttpRequest, shop: Shop, product_id: int) -> Product:
    product = get_product_for_staff(actor(request), product_id)
    if product.shop_id != shop.pk:
        raise NotFound()
    return product


def _page(request: HttpRequest, shop: Shop, problem: Problem | None = None) -> HttpResponse:
    items = supplied_by(shop.pk)
    sold = units_by_storefront([item.product_id for item in items])
    there = {item.product_id for item in items}
    wanted = number(request.POST if problem else request.GET, "product")
    chosen = _product(request, shop, wanted) if wanted else None
    others = Product.objects.filter(shop=shop, state="active").exclude(pk__in=there)
    context: dict[str, Any] = {
        "rows": [_row(item, sold) for item in items],
        "choices": list(others.order_by("-id").values_list("id", "title")[:MOST_CHOICES]),
        "chosen": chosen,
        "open_to": request.POST.get("open_to") or _open_to(items, chosen),
        "fields": _fields(request, items, chosen, problem),
    }
    return page(request, shop, "pool", "studio/pool.html", context, problem)


def _open_to(items: list[PoolItem], chosen: Product | None) -> str:
    found = (item.open_to for item in items if chosen and item.product_id == chosen.pk)
    return next(found, "anyone")


def _fields(
    request: HttpRequest, items: list[PoolItem], chosen: Product | None, problem: Problem | None
) -> list[dict[str, Any]]:
    """Return a pair of prices to type for each variant of the chosen product."""
    if chosen is None:
        return []
    known = {
        price.variant_id: price
        for item in items
        if item.product_id == chosen.pk
        for price in item.prices.all()
    }
    fields = []
    for variant in variants_of([chosen.pk]).get(chosen.pk, []):
        price = known.get(variant.pk)
        supply = Money(price.supply_amount, variant.currency).decimal if price else ""
        least = price.minimum_amount if price else None
        minimum = "" if least is None else Money(least, variant.currency).decimal
        names = (f"supply_{variant.pk}", f"minimum_{variant.pk}")
        fields.append(
            {
                "choice": " / ".join(variant.values),
                "usual": Money(variant.price_amount, variant.currency),
                "names": names,
                "supply": request.POST.get(names[0], "") if problem else supply,
                "minimum": request.POST.get(names[1], "") if problem else minimum,
            }
        )
    return fields


def _row(item: PoolItem, sold: dict[tuple[int, int], int]) -> dict[str, Any]:
    return {
        "item": item,
        "prices": [
            {
                "choice": " / ".join(price.variant.values),
                "supply": Money(price.supply_amount, price.variant.currency),
                "minimum": Money(price.minimum_amount, price.variant.currency)
                if price.minimum_amount is not None
                else None,
            }
            for price in item.prices.all()
        ],
        "pages": [
            {
                "storefront": offer.storefront,
                "paused": offer.state == "paused",
                "prices": [
                    Money(price.amount, price.variant.currency) for price in offer.prices.all()
                ],
                "units": sold.get((item.product_id, offer.storefront_id), 0),
            }
            for offer in item.pages  # type: ignore[attr-defined]  # see supplied_by
        ],
        "sellers": item.sellers.all(),
    }


@require_POST
@private
@signed_in
def pool_item(request: HttpRequest, shop_slug: str, item_id: int) -> HttpResponse:
    """Take an item out of the pool, or answer somebody who asks to sell it."""
    shop = shop_of(request, shop_slug, MANAGERS)
    who, wish = actor(request), request.POST.get("do", "")
    if get_item_for_supplier(who, item_id).product.shop_id != shop.pk:
        raise NotFound()
    account_id = number(request.POST, "account") or 0
    if wish == "withdraw":
        storefronts.withdraw_from_pool(actor=who, item_id=item_id)
        messages.success(request, _("It is out of the pool and off every page."))
    elif wish == "approve":
        storefronts.approve_seller(actor=who, item_id=item_id, account_id=account_id)
        messages.success(request, _("They may sell it now."))
    elif wish == "refuse":
        storefronts.refuse_seller(actor=who, item_id=item_id, account_id=account_id)
        messages.success(request, _("They may not sell it."))
    else:
        raise NotFound()
    return redirect("studio_pool", shop.slug)
