"""A group's shop: what members offer each other here, and the tap that leads to the checkout."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from banyan.catalog.access import visible_products
from banyan.groups import actions, queries
from banyan.groups.access import MODERATORS, PUBLIC, get_offer_for, visible_offers
from banyan.groups.models import Offer
from banyan.groups.queries import Figures
from banyan.kernel import search
from banyan.kernel.problems import Conflict, Invalid, Problem
from banyan.people.access import visible_accounts
from banyan.storefronts import actions as storefronts
from banyan.storefronts.access import page_of_group
from banyan.storefronts.queries import offers_of

from ...http import actor, number, private, revalidated, signed_in
from ..market.arrival import arrival_of
from ..market.cards import product_cards, product_url
from ..market.embed import snippets
from ..market.storefront import things
from ..people.faces import faces_of
from .frame import Place, place_of, refused

PAGE = 24
FOUND = 12


@require_safe
@revalidated
def group_shop(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what is offered to the group; whoever may offer finds goods with ``q``."""
    place, who = place_of(request, slug, "group_shop"), actor(request)
    before = number(request.GET, "before")
    rows = visible_offers(who, place.group)
    page = list((rows.filter(pk__lt=before) if before else rows)[: PAGE + 1])
    query = request.GET.get("q", "").strip()[:80]
    context = {
        **place.context,
        "rows": _rows(request, place, page[:PAGE]),
        "more_url": f"?before={page[PAGE - 1].pk}" if len(page) > PAGE else "",
        "may_offer": place.mine is not None
        and (place.group.listers == "members" or place.mine.role in MODERATORS),
        "query": query,
        "found": _found(query),
        **_page(request, place),
    }
    return render(request, "shop/groups/shop.html", context)


def _page(request: HttpRequest, place: Place) -> dict[str, Any]:
    """Return the goods of the group's own page; what is bought from it credits the link that
    brought its reader, else the page's named earner."""
    page = page_of_group(place.group.pk)
    if page is None or not page.is_shown or not place.inside:
        return {"page": page, "things": [], "arrival": arrival_of(request)}
    arrival = arrival_of(request)
    own = page.link.code if page.link and page.owner_id != actor(request).id else ""
    shown = things(offers_of(page), via=arrival.code or own, touch=arrival.touch)
    told = place.leads and place.group.visibility == PUBLIC
    here = reverse("group_shop", args=[place.group.slug])
    cards = {one.offer.pk: snippets(request, one.offer, here) for one in shown} if told else {}
    return {"page": page, "things": shown, "snippets": cards, "arrival": arrival}


@require_POST
@private
@signed_in
def group_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Open or close the group's own page, put goods on it, pin or end what is there."""
    place, who = place_of(request, slug), actor(request)
    wish = request.POST.get("do", "")
    try:
        if wish == "open":
            storefronts.open_group_page(actor=who, group_id=place.group.pk, title=place.group.name)
        elif wish == "choose":
            storefronts.select_product(
                actor=who,
                product_id=number(request.POST, "product") or 0,
                group_id=place.group.pk,
            )
        elif wish == "earner":
            _name_earner(request, place)
        elif wish == "close":
            storefronts.close_storefront(actor=who, group_id=place.group.pk)
        elif wish == "reopen":
            storefronts.reopen_storefront(actor=who, group_id=place.group.pk)
        elif wish in _WISHES:
            _WISHES[wish](actor=who, offer_id=number(request.POST, "offer") or 0)
        else:
            raise Invalid()
    except Problem as problem:
        messages.error(request, str(refused(problem).message))
    else:
        messages.success(request, _("Done."))
    return redirect("group_shop", slug)


def _name_earner(request: HttpRequest, place: Place) -> None:
    who, handle = actor(request), request.POST.get("handle", "").strip().removeprefix("@")
    found = visible_accounts(who).filter(handle__iexact=handle).first()
    storefronts.name_earner(
        actor=who, group_id=place.group.pk, account_id=found.pk if found is not None else 0
    )


_WISHES: dict[str, Any] = {
    "pin": storefronts.pin_offer,
    "unpin": storefronts.unpin_offer,
    "end": storefronts.end_offer,
}


def _rows(request: HttpRequest, place: Place, offers: list[Offer]) -> list[dict[str, Any]]:
    """Return offers as they are drawn; their figures are for who offers and who leads."""
    who = actor(request)
    cards = {card.url: card for card in product_cards(offer.product for offer in offers)}
    faces = faces_of(offer.by for offer in offers)
    counted = [offer for offer in offers if place.leads or offer.by_id == who.id]
    figures = queries.figures_of(counted)
    return [
        {
            "offer": offer,
            "card": card,
            "by": faces[offer.by_id],
            "figures": figure_words(figures[offer.pk]) if offer.pk in figures else "",
            "mine": offer.by_id == who.id or place.leads,
        }
        for offer in offers
        if (card := cards.get(product_url(offer.product))) is not None
    ]


def figure_words(figures: Figures) -> str:
    """Return in one line what came of telling the group."""
    if not figures.done:
        return _("Members are being told.")
    told = _(
        "Told %(told)s, opened %(opened)s, bought %(bought)s."
        " Not told: %(opted_out)s did not ask for it, %(capped)s had their notices for now,"
        " %(muted)s mute or block who offers."
    )
    return told % {
        "told": figures.told,
        "opened": figures.opened,
        "bought": figures.bought,
        "opted_out": figures.opted_out,
        "capped": figures.capped,
        "muted": figures.muted + figures.apart,
    }


def _found(query: str) -> list[tuple[int, Any]]:
    """Return goods on sale that the words find, with their cards."""
    if not query:
        return []
    wanted = search.asked(query)
    if not wanted:
        return []
    rows = visible_products().select_related("shop").filter(words__words=wanted)
    products = list(rows.order_by("-published_at", "-id")[:FOUND])
    cards = {card.url: card for card in product_cards(products)}
    return [
        (product.pk, card)
        for product in products
        if (card := cards.get(product_url(product))) is not None
    ]


@require_POST
@private
@signed_in
def group_offer(request: HttpRequest, slug: str) -> HttpResponse:
    """Offer a product to the group."""
    place = place_of(request, slug)
    try:
        actions.offer_to_group(
            actor=actor(request),
            group_id=place.group.pk,
            product_id=number(request.POST, "product") or 0,
            note=request.POST.get("note", ""),
        )
    except Problem as problem:
        messages.error(request, str(refused(problem).message))
    else:
        messages.success(request, _("It is offered. Members who asked for it are told."))
    return redirect("group_shop", slug)


@require_POST
@private
@signed_in
def group_offer_end(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Take an offer away."""
    offer = get_offer_for(actor(request), offer_id)
    actions.end_offer(actor=actor(request), offer_id=offer.pk)
    messages.success(request, _("It is no longer offered here."))
    return redirect("group_shop", offer.group.slug)


@require_safe
@private
def group_offer_open(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Go from a notice to the checkout, filled in: one press pays. One unit, credited to its link.

    Where it has ended, to the group's shop, with what is near.
    """
    who = actor(request)
    try:
        offer, touch = actions.open_offer(actor=who, offer_id=offer_id)
    except Conflict as problem:
        messages.error(request, str(problem.message))
        return redirect("group_shop", get_offer_for(who, offer_id).group.slug)
    query = {"variant": str(offer.variant_id), "n": "1"}
    if touch is not None:
        query |= {"via": offer.link.code, "t": str(touch.pk)}
    return redirect(f"{reverse('checkout')}?{urlencode(query)}")
