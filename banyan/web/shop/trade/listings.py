"""What members sell each other: near by, of a region, one's own; and putting something up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.kernel.money import Money, no_amount
from banyan.kernel.problems import Invalid, LoginRequired, Problem
from banyan.market import actions as market
from banyan.market.access import listings_of
from banyan.market.models import Listing
from banyan.market.queries import Near, listings_in, listings_near, regions
from banyan.market.rules import CONDITIONS, HANDOVERS, Place, place_of
from banyan.media.actions import claim_staged
from banyan.media.queries import staged_for
from banyan.people.access import get_own_account

from ...http import actor, number, private, revalidated, signed_in
from ...media.uploads import staged_tokens
from ...once import led_to, name_of
from ..market.cards import product_cards, product_url

PAGE = 24
MOST_SKIPPED = 2_400
REACHES = (2, 5, 10, 25, 100)
CURRENCIES = ("CNY", "TWD", "HKD", "USD", "EUR")


def _place(data: Any) -> Place | None:
    """Return the typed or measured place, None when there is none or it makes no sense."""
    try:
        return place_of(float(data.get("lat") or "nan"), float(data.get("lon") or "nan"))
    except ValueError:
        return None


@require_safe
@revalidated
def listings(request: HttpRequest) -> HttpResponse:
    """Show what is for sale: the newest, of one region, or nearest to where the reader is."""
    who, region = actor(request), request.GET.get("region", "").strip()[:60]
    center = _place(request.GET)
    km = number(request.GET, "km", most=max(REACHES)) or 10
    skip = number(request.GET, "skip", most=MOST_SKIPPED) or 0
    if center is not None:
        found = listings_near(who, center, km, PAGE + 1, region=region, skip=skip)
        here = {name: request.GET.get(name, "") for name in ("lat", "lon")}
        kept = here | {"km": str(km), "skip": str(skip + PAGE)}
    else:
        found = listings_in(who, region, number(request.GET, "before"), PAGE + 1)
        kept = {"before": str(found[PAGE - 1].listing.pk)} if len(found) > PAGE else {}
    more_url = ""
    if len(found) > PAGE and skip + PAGE <= MOST_SKIPPED:
        more_url = "?" + urlencode(kept | ({"region": region} if region else {}))
    context = {
        "nav": "explore",
        "cards": _cards(found[:PAGE]),
        "more_url": more_url,
        "regions": regions(who),
        "region": region,
        "near": center is not None,
        "lat": request.GET.get("lat", "") if center else "",
        "lon": request.GET.get("lon", "") if center else "",
        "km": km,
        "reaches": REACHES,
    }
    return render(request, "shop/trade/listings.html", context)


def _cards(found: Sequence[Near]) -> list[dict[str, Any]]:
    products = [one.listing.product for one in found]
    cards = {card.url: card for card in product_cards(products)}
    rows = []
    for one in found:
        card = cards.get(product_url(one.listing.product))
        if card is not None:
            rows.append({"card": card, "where": _where(one), "condition": _condition(one.listing)})
    return rows


def _where(one: Near) -> str:
    place = " ".join(filter(None, (one.listing.level1, one.listing.level2)))
    if one.km is None:
        return place
    if one.km < 1:
        return _("%(place)s, less than 1 km") % {"place": place}
    return _("%(place)s, about %(km)s km") % {"place": place, "km": round(one.km)}


def _condition(listing: Listing) -> str:
    return str(CONDITIONS[listing.condition])


def listing_facts(found: Listing) -> list[tuple[str, str]]:
    """Return what a listing's page says besides the words of its seller."""
    return [
        (_("Sold by"), found.seller.display_name),
        (_("Condition"), _condition(found)),
        (_("Where"), _where(Near(found, None))),
        (_("How it changes hands"), str(HANDOVERS[found.handover])),
    ]


@require_safe
@private
@signed_in
def listings_mine(request: HttpRequest) -> HttpResponse:
    """Show the member's own listings, sold ones too."""
    rows = list(listings_of(actor(request))[:100])
    cards = {card.url: card for card in product_cards([row.product for row in rows])}
    context = {
        "nav": "me",
        "rows": [
            {
                "listing": row,
                "card": cards.get(product_url(row.product)),
                "on_sale": row.product.state == "active",
            }
            for row in rows
        ],
    }
    return render(request, "shop/trade/listings_mine.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def listing_new(request: HttpRequest) -> HttpResponse:
    """Draw the form, or put up what it brings; a refusal keeps words and pictures."""
    if request.method != "POST":
        return _form(request, [])
    try:
        tokens = staged_tokens(request, "pictures")
    except Invalid as problem:
        return _form(request, problem.extra.get("tokens", []), problem)
    name = name_of(request)
    try:
        return redirect(led_to(request, name, lambda: _posted_at(request, tokens)))
    except LoginRequired:
        raise
    except Problem as problem:
        return _form(request, tokens, problem)


def _posted_at(request: HttpRequest, tokens: list[str]) -> str:
    made = _post(request, tokens)
    messages.success(request, _("It is up for sale."))
    return product_url(made.product)


def _post(request: HttpRequest, tokens: list[str]) -> Listing:
    who, typed = actor(request), request.POST
    currency, fields, price = typed.get("currency", ""), {}, 0
    if currency not in CURRENCIES:
        raise Invalid(fields={"currency": _("Choose one of these.")})
    # All that is missing is said at once, in the order of the form.
    if not tokens:
        fields["pictures"] = _("Add a picture.")
    if not typed.get("title", "").strip():
        fields["title"] = _("Give the product a title of 1 to 160 letters.")
    try:
        price = Money.parse(typed.get("price", ""), currency).amount
    except (ValueError, ArithmeticError):
        fields["price"] = no_amount(currency)
    if not typed.get("level1", "").strip():
        fields["level1"] = _("Say in which region it is.")
    if fields:
        raise Invalid(fields=fields)
    with transaction.atomic():
        images = claim_staged(actor=who, tokens=tokens)
        return market.post_listing(
            actor=who,
            data=market.ListingInput(
                title=typed.get("title", ""),
                description=typed.get("description", ""),
                price=price,
                currency=currency,
                condition=typed.get("condition", ""),
                handover=typed.get("handover", ""),
                level1=typed.get("level1", ""),
                level2=typed.get("level2", ""),
                place=_place(typed),
                images=[image.pk for image in images],
                language=get_language() or "en",
            ),
        )


def _form(request: HttpRequest, tokens: list[str], problem: Problem | None = None) -> HttpResponse:
    typed, own = request.POST, get_own_account(actor(request))
    context = {
        "nav": "me",
        "needs_contact": not (own.email or own.phone),
        "values": typed,
        "errors": problem.fields if problem else {},
        "problem": problem,
        "staged": staged_for(actor(request), tokens),
        "conditions": _choices(CONDITIONS, typed.get("condition") or "good"),
        "handovers": _choices(HANDOVERS, typed.get("handover") or "post"),
        "currencies": CURRENCIES,
        "currency": typed.get("currency", "CNY"),
    }
    status = problem.status if problem else 200
    return render(request, "shop/trade/listing_new.html", context, status=status)


def _choices(texts: Any, chosen: str) -> list[dict[str, Any]]:
    return [
        {"value": value, "text": text, "checked": value == chosen} for value, text in texts.items()
    ]


@require_POST
@private
@signed_in
def listing_withdraw(request: HttpRequest, listing_id: int) -> HttpResponse:
    """Take one's own listing off sale."""
    market.withdraw_listing(actor=actor(request), listing_id=listing_id)
    messages.success(request, _("It is no longer for sale."))
    return redirect("listings_mine")
