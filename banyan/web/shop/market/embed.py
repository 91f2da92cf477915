"""A card of one offer for other sites' pages: a frame of its own, without script or cookie."""

from __future__ import annotations

from typing import Any

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from banyan.catalog.models import Product
from banyan.catalog.queries import image_ids_of
from banyan.groups.access import PUBLIC, visible_groups
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound
from banyan.media.queries import thumb_urls
from banyan.storefronts.access import get_offer_by_code
from banyan.storefronts.models import Offer
from banyan.storefronts.queries import sellable

from .storefront import things

POLICY = {
    "frame-ancestors": ["https:", "http:"],
    "script-src": ["'none'"],
    "form-action": ["'none'"],
}


@require_safe
@xframe_options_exempt
@csp_replace(POLICY)  # type: ignore[arg-type]  # its types know no view with parameters
def embed_offer(request: HttpRequest, code: str) -> HttpResponse:
    """Draw one live offer; the only page here that other sites may frame."""
    offer = get_offer_by_code(code[:24])
    link = offer.storefront.link
    shown = things(sellable([offer]), via=link.code if link else "")
    if not shown:
        raise NotFound()
    context: dict[str, Any] = {
        "thing": shown[0],
        "page": offer.storefront,
        "page_url": _page_url(offer),
        "picture": _picture(offer.product),
    }
    response = render(request, "shop/market/embed.html", context)
    response["Cache-Control"] = "public, max-age=60"
    return response


def _picture(product: Product | None) -> str:
    """Return one small file of the first picture, where there is one for everybody's eyes."""
    if product is None or product.min_age:
        return ""
    first = image_ids_of([product.pk]).get(product.pk, [])[:1]
    return next(iter(thumb_urls(first).values()), "")


def _page_url(offer: Offer) -> str:
    """Return where the offer's page is; NotFound for that of a group which not everybody reads."""
    page = offer.storefront
    if page.group_id is None:
        return reverse("storefront", args=[page.owner.handle])
    public = visible_groups(Actor.guest()).filter(pk=page.group_id, visibility=PUBLIC).first()
    if public is None:
        raise NotFound()
    return reverse("group_shop", args=[public.slug])


def snippets(request: HttpRequest, offer: Offer, page_url: str) -> dict[str, str]:
    """Return what to paste into another site: a frame, and a plain link to the offer's page."""
    frame = request.build_absolute_uri(reverse("embed_offer", args=[offer.code]))
    page = request.build_absolute_uri(page_url)
    return {
        "frame": f'<iframe src="{frame}" width="320" height="420" loading="lazy"></iframe>',
        "link": page,
    }
