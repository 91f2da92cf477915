"""The checkout page: what is bought and how its price came about, the ways to send and to pay."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from banyan.catalog.models import Shop
from banyan.kernel.money import Money
from banyan.kernel.problems import Problem
from banyan.media.queries import pictures
from banyan.orders import actions as orders
from banyan.orders.models import Checkout
from banyan.orders.queries import first_images
from banyan.payments.queries import methods_for
from banyan.people.rules.countries import country_names

from ...http import actor
from ..market.cards import product_title
from . import form_tokens, points_choices
from .checkout_values import METHOD, address_fields, book_of, carried, sign_in_url
from .coupon_choices import shown
from .explaining import left_out_texts, priced_rows, step_rows, way_text
from .way_back import way_back


def draw(
    request: HttpRequest,
    quote: orders.Quote,
    values: dict[str, str],
    problem: Problem | None = None,
    earlier: Checkout | None = None,
) -> HttpResponse:
    """Draw the form with a quote; ``problem`` is what stood in the way, ``earlier`` its order."""
    bought = {line.variant_id: line.quantity for line in quote.lines}
    if values.get("token"):
        form = form_tokens.Fresh(values["token"])
    elif earlier is not None:
        form = form_tokens.Fresh(form_tokens.another(request, bought))
    else:
        form = form_tokens.fresh(request, bought)
    errors = problem.fields if problem else {}
    coupon_error = errors.get("coupon", "")
    if quote.coupons.problem is not None:
        coupon_error = quote.coupons.problem.message
    who = actor(request)
    methods = methods_for(amount=quote.total, account_id=who.id)
    if values.get("provider") not in {method.provider for method in methods}:
        values = values | {"provider": ""}
    context = {
        "items": _items(quote),
        "sums": priced_rows(quote.priced, quote.currency, sends=bool(quote.carriage)),
        "ships": any(line.in_parcel for line in quote.inputs),
        "total": quote.total,
        "agreed": quote.agreement.text(),
        "changes": _changes(quote, problem),
        "carriage": _carriage(quote),
        "currencies": quote.currencies if len(quote.currencies) > 1 else [],
        "currency": quote.currency,
        "values": values,
        "country": values.get("country", "CN"),
        "countries": country_names(get_language() or "en"),
        "book": book_of(who),
        "read_line": request.POST.get("again") == "line",
        "address_fields": address_fields(values, errors),
        "errors": errors,
        "coupon_error": coupon_error,
        **shown(quote),
        **points_choices.shown(quote),
        "problem": problem,
        "earlier": earlier,
        "waiting": form.waiting,
        "token": form.token,
        "methods": methods,
        "carried": carried(request, values),
        "quantity": quote.lines[0].quantity if _is_buy_now(request) else 0,
        "sign_in_url": sign_in_url(request, values),
        "guest": who.id is None,
        "way_back": way_back(request),
    }
    status = problem.status if problem else 200
    return render(request, "shop/orders/checkout.html", context, status=status)


def draw_currencies(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Say that one order has one currency, and offer an order for each."""
    parts = [
        {"currency": currency, "count": len(lines)}
        for currency, lines in problem.extra["lines"].items()
    ]
    context = {"nav": "cart", "problem": problem, "parts": parts}
    return render(request, "shop/orders/currencies.html", context, status=problem.status)


def _is_buy_now(request: HttpRequest) -> bool:
    return "variant" in (request.POST or request.GET)


def _items(quote: orders.Quote) -> list[dict[str, Any]]:
    variants = quote.variants
    images = first_images(v.product_id for v in variants.values())
    shown = pictures(list(images.values()))
    left_out = left_out_texts(quote)
    return [
        {
            "left_out": left_out.get(line.key, ""),
            "title": product_title(variants[line.key].product),
            "choice": " / ".join(variants[line.key].values),
            "shop": variants[line.key].product.shop.name,
            "quantity": line.quantity,
            "total": Money(line.goods - line.discount, quote.currency),
            "price": step_rows(line.steps, quote.currency),
            "picture": shown.get(images.get(variants[line.key].product_id, 0)),
        }
        for line in quote.priced.lines
    ]


def _shops(quote: orders.Quote) -> dict[int, Shop]:
    return {v.product.shop_id: v.product.shop for v in quote.variants.values()}


def _carriage(quote: orders.Quote) -> list[dict[str, Any]]:
    """Return the ways of delivery of each shop that sends something, the chosen one marked."""
    shops = _shops(quote)
    return [
        {
            "name": f"{METHOD}{shop_id}",
            "shop": shops[shop_id].name,
            "ways": [
                {
                    "value": str(way.id),
                    "text": way_text(way.name, way.days),
                    "amount": Money(quote.charge(shop_id, way), quote.currency),
                    "checked": way == found.chosen,
                }
                for way in found.methods
            ],
        }
        for shop_id, found in quote.carriage.items()
    ]


def _changes(quote: orders.Quote, problem: Problem | None) -> list[tuple[str, Money, Money]]:
    """Return what is not as it was agreed to: what, before, now."""
    if problem is None or problem.code != "price_changed":
        return []
    shops = _shops(quote)
    words = {"discount": _("Discount, %(shop)s"), "shipping": _("Shipping, %(shop)s")}
    words["tax"] = _("Tax, %(shop)s")
    words["points"] = _("Points, %(shop)s")
    rows = []
    for change in problem.extra["changes"]:
        key = int(change["id"])
        if change["what"] == "line":
            variant = quote.variants.get(key)
            text = product_title(variant.product) if variant else _("Something no longer here")
        else:
            shop = shops.get(key)
            text = words[change["what"]] % {"shop": shop.name if shop else ""}
        before, now = (Money(change[at], quote.currency) for at in ("before", "now"))
        rows.append((text, before, now))
    return rows
