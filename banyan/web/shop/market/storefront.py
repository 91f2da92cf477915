"""A member's storefront, and its own colour as a style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from banyan.kernel.problems import Moved
from banyan.media.queries import pictures
from banyan.storefronts.access import get_storefront_for
from banyan.storefronts.models import Offer, Storefront
from banyan.storefronts.queries import Shown, offers_of
from banyan.storefronts.rules import ink_on
from banyan.web.ui import addresses
from banyan.web.ui.shapes import ProductCard

from ...http import actor, revalidated
from ..heads import head_of
from ..people.faces import face_of
from .arrival import arrival_of
from .cards import product_cards, product_url
from .stand import least

LONG = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Thing:
    """An offer on a page: a card of goods, or a link out with the site it leads to."""

    offer: Offer
    card: ProductCard | None = None
    host: str = ""

    @property
    def rel(self) -> str:
        """What the link out is, for those who count links."""
        return "sponsored nofollow noopener" if self.offer.is_paid else "nofollow noopener"


def things(shown: Sequence[Shown], *, via: str = "", touch: str = "") -> list[Thing]:
    """Return offers as they are drawn, in order; goods nobody can buy any more are left out.

    Four statements for any number. Addresses carry the offer, the share code and the touch.
    """
    products = [each.product for each in shown if each.product is not None]
    by_url = {card.url: card for card in product_cards(products)}
    found = []
    for each in shown:
        if each.product is None:
            found.append(Thing(each.offer, host=urlsplit(each.offer.url).hostname or ""))
            continue
        plain = product_url(each.product)
        card = by_url.get(plain)
        if card is None:
            continue
        query = {"via": via, "t": touch if via else "", "offer": str(each.offer.pk)}
        own = least(each.prices, card.price.currency)
        found.append(
            Thing(
                each.offer,
                replace(
                    card,
                    url=f"{plain}?{urlencode({k: v for k, v in query.items() if v})}",
                    price=own or card.price,
                    was=None if own else card.was,
                ),
            )
        )
    return found


@require_safe
@revalidated
def storefront(request: HttpRequest, handle: str) -> HttpResponse:
    """Show what a member chose, pinned goods first; what is bought from here credits them."""
    page = get_storefront_for(actor(request), handle)
    if page.owner.handle != handle:
        raise Moved(was=handle, now=page.owner.handle)
    arrival = arrival_of(request)
    shown = things(offers_of(page), via=arrival.code or _code(page, request), touch=arrival.touch)
    cover = pictures([page.cover_id]).get(page.cover_id or 0)
    cards = [thing.card for thing in shown if thing.card is not None]
    context: dict[str, Any] = {
        "nav": "explore",
        "page": page,
        "owner": face_of(page.owner),
        "cover": cover,
        "things": shown,
        "arrival": arrival,
        "is_mine": page.owner_id == actor(request).id,
        "discloses": any(thing.offer.kind in {"selected", "pooled"} for thing in shown),
        "share_url": addresses.url("share", "storefront", page.pk)
        + (f"?via={arrival.code}" if arrival.code else ""),
        "head": head_of(
            request,
            kind="website",
            title=page.title,
            description=page.intro,
            path=addresses.url("storefront", page.owner.handle),
            picture=next((one for one in [cover, *(c.picture for c in cards)] if one), None),
            code=arrival.code,
            data=[{"@type": "CollectionPage", "name": page.title, "description": page.intro}],
        ),
    }
    return render(request, "shop/market/storefront.html", context)


def _code(page: Storefront, request: HttpRequest) -> str:
    """Return the owner's share code for who came without one; the owner needs none."""
    if page.link is None or page.owner_id == actor(request).id:
        return ""
    return page.link.code


@require_safe
def storefront_look(request: HttpRequest, handle: str, look: int) -> HttpResponse:
    """Return the page's colour, and letters that can be read on it, as a style sheet.

    The address changes with the colour, so it may be kept for ever.
    """
    page = get_storefront_for(actor(request), handle)
    colour = page.colour
    rules = (
        f".store-band{{background:{colour};color:{ink_on(colour)}}}.store-band a{{color:inherit}}"
        if colour
        else ""
    )
    response = HttpResponse(rules, content_type="text/css")
    response["Cache-Control"] = LONG if look == page.look else "no-store"
    return response
