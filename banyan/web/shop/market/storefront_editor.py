"""A member's own storefront: what is on it, in which order, for how much, and how it looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.catalog.access import visible_products
from banyan.kernel import search
from banyan.kernel.money import Money, no_amount
from banyan.kernel.problems import Invalid, Problem
from banyan.media.actions import claim_staged
from banyan.media.models import Image
from banyan.media.queries import pictures, staged_for
from banyan.storefronts import actions as storefronts
from banyan.storefronts import queries
from banyan.storefronts.access import my_storefront, require_storefront
from banyan.storefronts.models import Offer, PoolItem, Storefront
from banyan.storefronts.rules import least_price
from banyan.web.ui import addresses

from ...http import actor, number, pressed, private, signed_in
from ...media.uploads import staged_tokens
from .cards import product_cards, product_title, product_url
from .embed import snippets

FOUND = 30
STATES = ("own", "selected", "pooled", "external")


def _refused(problem: Problem) -> Problem:
    """Return a problem that a form can show; raise any other again."""
    if problem.status not in {409, 422}:
        raise problem
    return problem


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def storefront_mine(request: HttpRequest) -> HttpResponse:
    """Show one's storefront to change it; without one, offer to open it. POST opens or adds."""
    who = actor(request)
    problem = None
    if request.method == "POST":
        try:
            if pressed(request, "", "open", "link") == "link":
                storefronts.add_link_out(
                    actor=who,
                    title=request.POST.get("title", ""),
                    url=request.POST.get("url", ""),
                    is_paid="is_paid" in request.POST,
                    note=request.POST.get("note", ""),
                )
                messages.success(request, _("It is on your page."))
            else:
                storefronts.open_storefront(
                    actor=who,
                    title=request.POST.get("title", ""),
                    intro=request.POST.get("intro", ""),
                )
                messages.success(request, _("Your storefront is open."))
            return redirect("storefront_mine")
        except Problem as refused:
            problem = _refused(refused)
    return _mine(request, problem)


def _mine(request: HttpRequest, problem: Problem | None = None) -> HttpResponse:
    page = my_storefront(actor(request))
    context: dict[str, Any] = {
        "nav": "me",
        "page": page,
        "rows": _rows(request, page, problem) if page else [],
        "problem": problem,
        "errors": problem.fields if problem else {},
        "values": request.POST if problem else {},
    }
    status = problem.status if problem else 200
    return render(request, "shop/market/storefront_mine.html", context, status=status)


def _rows(request: HttpRequest, page: Storefront, problem: Problem | None) -> list[dict[str, Any]]:
    """Return what is on the page, paused things too; a refused price as it was typed."""
    typed = request.POST if problem else {}
    errors = problem.fields if problem else {}
    offers = list(queries.mine(page))
    live = {shown.offer.pk for shown in queries.offers_of(page)}
    address = addresses.url("storefront", page.owner.handle)
    cards = {
        card.url: card
        for card in product_cards(offer.product for offer in offers if offer.product is not None)
    }
    return [
        {
            "offer": offer,
            "card": cards.get(product_url(offer.product)) if offer.product else None,
            "title": product_title(offer.product) if offer.product else offer.title,
            "live": offer.pk in live,
            "kind": _kind(offer),
            "state": _state(offer, offer.pk in live),
            "prices": _prices(offer, typed, errors),
            "snippets": snippets(request, offer, address) if offer.pk in live else None,
        }
        for offer in offers
    ]


def _kind(offer: Offer) -> str:
    return {
        "own": _("your own"),
        "selected": _("chosen from a shop"),
        "pooled": _("from the pool"),
        "external": _("a link out"),
    }[offer.kind]


def _state(offer: Offer, live: bool) -> str:
    """Return why something is not seen, empty when it is."""
    paused = {
        "below_minimum": _("Paused: your price is below what the supplier asks now."),
        "withdrawn": _("Paused: the supplier took it out of the pool."),
        "not_approved": _("Paused: the supplier no longer approves."),
    }
    if offer.state == "paused":
        return paused[offer.pause_reason]
    return "" if live else _("Not to be had at the moment.")


def _prices(
    offer: Offer, typed: Mapping[str, str], errors: Mapping[str, Any]
) -> list[dict[str, Any]]:
    found = []
    for price in offer.prices.all():
        terms = getattr(price.variant, "pool_price", None)
        currency, name = price.variant.currency, f"price_{price.variant_id}"
        found.append(
            {
                "name": name,
                "error": errors.get(name, ""),
                "choice": " / ".join(price.variant.values),
                "amount": Money(price.amount, currency),
                "typed": typed.get(name, Money(price.amount, currency).decimal),
                "supply": Money(terms.supply_amount, currency) if terms else None,
                "least": Money(least_price(terms.supply_amount, terms.minimum_amount), currency)
                if terms
                else None,
                "margin": Money(price.amount - terms.supply_amount, currency) if terms else None,
            }
        )
    return found


@require_POST
@private
@signed_in
def storefront_offer(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Move, pin, price or end one offer of one's page."""
    who, wish = actor(request), request.POST.get("do", "")
    try:
        if wish in {"up", "down"}:
            storefronts.move_offer(actor=who, offer_id=offer_id, by=-1 if wish == "up" else 1)
        elif wish == "pin":
            storefronts.pin_offer(actor=who, offer_id=offer_id)
        elif wish == "unpin":
            storefronts.unpin_offer(actor=who, offer_id=offer_id)
        elif wish == "price":
            prices = _typed_prices(request, require_storefront(who), offer_id)
            storefronts.set_offer_prices(actor=who, offer_id=offer_id, prices=prices)
            messages.success(request, _("The price is set."))
        elif wish == "end":
            storefronts.end_offer(actor=who, offer_id=offer_id)
            messages.success(request, _("It is off your page."))
        else:
            raise Invalid()
    except Problem as problem:
        refused = _refused(problem)
        if variant := refused.extra.get("variant"):
            refused.fields = {f"price_{variant}": refused.fields["price"]}
        return _mine(request, refused)
    return redirect("storefront_mine")


def _typed_prices(request: HttpRequest, page: Storefront, offer_id: int) -> dict[int, int]:
    """Return the prices that were typed, in minor units, by variant."""
    prices = {}
    for offer in queries.mine(page).filter(pk=offer_id):
        for price in offer.prices.all():
            typed = request.POST.get(f"price_{price.variant_id}", "").strip()
            if not typed:
                continue
            try:
                prices[price.variant_id] = Money.parse(typed, price.variant.currency).amount
            except (ValueError, ArithmeticError) as error:
                fields = {f"price_{price.variant_id}": no_amount(price.variant.currency)}
                raise Invalid(fields=fields) from error
    return prices


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def storefront_edit(request: HttpRequest) -> HttpResponse:
    """Change what the page says and looks like; close it or open it again."""
    who = actor(request)
    page = require_storefront(who)
    problem = None
    if request.method == "POST":
        try:
            wish = pressed(request, "", "close", "reopen")
            if wish == "close":
                storefronts.close_storefront(actor=who)
                messages.success(request, _("Your storefront is closed. Nobody else sees it."))
            elif wish == "reopen":
                storefronts.reopen_storefront(actor=who)
                messages.success(request, _("Your storefront is open."))
            else:
                _change(request)
                messages.success(request, _("Your page is changed."))
            return redirect("storefront_mine")
        except Problem as refused:
            problem = _refused(refused)
    values = (
        request.POST
        if problem
        else {"title": page.title, "intro": page.intro, "colour": page.colour}
    )
    context: dict[str, Any] = {
        "nav": "me",
        "page": page,
        "values": values,
        "cover": pictures([page.cover_id]).get(page.cover_id or 0),
        "staged": staged_for(who, request.POST.getlist("cover")) if problem else [],
        "problem": problem,
        "errors": problem.fields if problem else {},
    }
    status = problem.status if problem else 200
    return render(request, "shop/market/storefront_edit.html", context, status=status)


def _change(request: HttpRequest) -> None:
    who = actor(request)
    page = require_storefront(who)
    tokens = staged_tokens(request, "cover", most=1)
    cover: Image | None = None if "no_cover" in request.POST else page.cover
    with transaction.atomic():  # a refused form keeps no picture for good
        if tokens:
            cover = claim_staged(actor=who, tokens=tokens)[0]
        storefronts.edit_storefront(
            actor=who,
            title=request.POST.get("title", ""),
            intro=request.POST.get("intro", ""),
            colour=request.POST.get("colour", ""),
            cover=cover,
        )


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def storefront_goods(request: HttpRequest) -> HttpResponse:
    """Search goods and put them on one's page, one tap each."""
    who = actor(request)
    page = require_storefront(who)
    query = request.GET.get("q", "").strip()[:80]
    if request.method == "POST":
        try:
            storefronts.select_product(actor=who, product_id=number(request.POST, "product") or 0)
            messages.success(request, _("It is on your page."))
        except Problem as problem:
            messages.error(request, str(_refused(problem).message))
        return redirect(f"{request.path}?{urlencode({'q': query})}" if query else request.path)
    rows = visible_products().select_related("shop").order_by("-published_at", "-id")
    if query:
        wanted = search.asked(query)
        rows = rows.filter(words__words=wanted) if wanted else rows.none()
    products = list(rows[:FOUND])
    there = queries.listed_ids(page)
    cards = {card.url: card for card in product_cards(products)}
    context = {
        "nav": "me",
        "page": page,
        "query": query,
        "rows": [
            {"card": card, "product_id": one.pk, "there": one.pk in there}
            for one in products
            if (card := cards.get(product_url(one))) is not None
        ],
    }
    return render(request, "shop/market/storefront_goods.html", context)


@require_safe
@private
@signed_in
def storefront_pool(request: HttpRequest) -> HttpResponse:
    """Show what suppliers let others sell, what it costs, and what it would bring."""
    who = actor(request)
    page = my_storefront(who)
    query = request.GET.get("q", "").strip()[:80]
    items = list(queries.pool_items(who, query=query))
    there = queries.listed_ids(page) if page else set()
    cards = {card.url: card for card in product_cards(item.product for item in items)}
    context = {
        "nav": "me",
        "page": page,
        "query": query,
        "rows": [
            _pool_row(item, card, item.product_id in there)
            for item in items
            if (card := cards.get(product_url(item.product))) is not None
        ],
    }
    return render(request, "shop/market/storefront_pool.html", context)


def _pool_row(item: PoolItem, card: Any, there: bool) -> dict[str, Any]:
    standing = item.mine[0].state if item.mine else ""  # type: ignore[attr-defined]  # prefetched
    return {
        "item": item,
        "card": card,
        "there": there,
        "standing": standing,
        "may": item.open_to == "anyone" or standing == "approved",
        "prices": [
            {
                "choice": " / ".join(price.variant.values),
                "supply": Money(price.supply_amount, price.variant.currency),
                "least": Money(price.minimum_amount, price.variant.currency)
                if price.minimum_amount
                else None,
                "usual": Money(price.variant.price_amount, price.variant.currency),
            }
            for price in item.prices.all()
        ],
    }


@require_POST
@private
@signed_in
def storefront_take(request: HttpRequest, item_id: int) -> HttpResponse:
    """List a pooled product in one tap, or ask its supplier first."""
    who = actor(request)
    try:
        if pressed(request, "", "ask") == "ask":
            storefronts.ask_to_sell(actor=who, item_id=item_id)
            messages.success(request, _("The supplier is asked. You are told when they answer."))
            return redirect("storefront_pool")
        storefronts.list_from_pool(actor=who, item_id=item_id)
        messages.success(request, _("It is on your page. You can change its price here."))
    except Problem as problem:
        messages.error(request, str(_refused(problem).message))
        return redirect("storefront_pool")
    return redirect("storefront_mine")
