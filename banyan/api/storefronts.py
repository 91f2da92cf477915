"""Storefronts: what a member's page offers, and putting things on one's own."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Router, Status
from pydantic import Field, StringConstraints

from banyan.catalog.models import Variant
from banyan.catalog.queries import variants_of
from banyan.kernel.problems import NotFound
from banyan.storefronts import actions as storefronts
from banyan.storefronts.access import (
    get_item_for_page,
    get_storefront_for,
    offered_items,
    require_storefront,
)
from banyan.storefronts.models import Offer, PoolItem, Storefront
from banyan.storefronts.queries import Shown, offers_of, pool_items

from .gate import ANYONE, READ, WRITE, actor
from .paging import CURSOR, SIZE, Before, Limit, Page, page_of
from .people import Handle
from .schemas import Answer, Body, Id, IdOut, Money, MoneyIn, minor

router = Router(tags=["storefronts"])
Kind = Literal["own", "selected", "pooled", "external"]


class OfferPrice(Answer):
    """What one unit of a variant costs on this page; ``free`` can be bought now."""

    variant_id: IdOut
    values: list[str]
    price: Money
    free: int


class OfferAnswer(Answer):
    """Something on a page. A purchase that names the ``id`` is made at this page's price.

    ``kind``: own (of the owner's shop), selected (another shop's, at its price), pooled (at the
    page's own price) or external (a link out; ``is_paid`` when the owner is paid for it).
    """

    id: IdOut
    code: str
    kind: Kind
    product_id: IdOut | None
    shop_id: IdOut | None
    title: str
    note: str
    is_pinned: bool
    url: str | None
    is_paid: bool
    prices: list[OfferPrice]


class StorefrontAnswer(Answer):
    """A member's page, pinned offers first. Purchases through ``via`` credit its owner."""

    id: IdOut
    handle: str
    title: str
    intro: str
    colour: str
    via: str | None
    offers: list[OfferAnswer]


class StorefrontBody(Body):
    """A new storefront; ``colour`` as #rrggbb or empty."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    intro: Annotated[str, StringConstraints(max_length=600)] = ""
    colour: Annotated[str, StringConstraints(max_length=7)] = ""


class OwnPriceBody(Body):
    """One's own price of a variant."""

    variant_id: Id
    price: MoneyIn


class PoolListingBody(Body):
    """At which prices; variants that are left out get the shop's price, or the least allowed."""

    prices: Annotated[list[OwnPriceBody], Field(max_length=100)] = []


class SupplyAnswer(Answer):
    """What the supplier gets for a unit, and the least a page may ask."""

    variant_id: IdOut
    supply: Money
    minimum: Money | None


class PoolItemAnswer(Answer):
    """A product that any page may sell; with ``open_to`` approved its supplier is asked first."""

    id: IdOut
    product_id: IdOut
    shop_id: IdOut
    title: str
    open_to: Literal["anyone", "approved"]
    prices: list[SupplyAnswer]


def _offer(shown: Shown, variants: dict[int, list[Variant]]) -> OfferAnswer:
    offer, product = shown.offer, shown.product
    return OfferAnswer(
        id=offer.pk,
        code=offer.code,
        kind=offer.kind,
        product_id=product.pk if product else None,
        shop_id=product.shop_id if product else None,
        title=product.title if product else offer.title,
        note=offer.note,
        is_pinned=offer.is_pinned,
        url=offer.url or None,
        is_paid=offer.is_paid,
        prices=[
            OfferPrice(
                variant_id=one.pk,
                values=one.values,
                price=Money.at(shown.prices.get(one.pk, one.price_amount), one.currency),
                free=max(0, one.stock.free),
            )
            for one in variants.get(product.pk if product else 0, [])
            if not shown.prices or one.pk in shown.prices
        ],
    )


def _storefront(page: Storefront) -> StorefrontAnswer:
    shown = offers_of(page)
    variants = variants_of(each.product.pk for each in shown if each.product)
    return StorefrontAnswer(
        id=page.pk,
        handle=page.owner.handle,
        title=page.title,
        intro=page.intro,
        colour=page.colour,
        via=page.link.code if page.link else None,
        offers=[_offer(each, variants) for each in shown],
    )


def _of(request: HttpRequest, offer: Offer) -> OfferAnswer:
    """Return an offer of one's own page as everybody sees it now."""
    page = require_storefront(actor(request))
    for each in _storefront(page).offers:
        if each.id == offer.pk:
            return each
    raise NotFound()


def _item(item: PoolItem) -> PoolItemAnswer:
    return PoolItemAnswer(
        id=item.pk,
        product_id=item.product_id,
        shop_id=item.product.shop_id,
        title=item.product.title,
        open_to=item.open_to,
        prices=[
            SupplyAnswer(
                variant_id=one.variant_id,
                supply=Money.at(one.supply_amount, one.variant.currency),
                minimum=None
                if one.minimum_amount is None
                else Money.at(one.minimum_amount, one.variant.currency),
            )
            for one in item.prices.all()
        ],
    )


@router.get("/storefronts/{handle}", auth=ANYONE, response=StorefrontAnswer)
def read_storefront(request: HttpRequest, handle: Path[Handle]) -> Any:
    """Return a member's storefront with what can be bought there now."""
    return _storefront(get_storefront_for(actor(request), handle))


@router.post("/me/storefront", auth=WRITE, response={201: StorefrontAnswer})
def open_storefront(request: HttpRequest, body: StorefrontBody) -> Any:
    """Open one's storefront; the one that is there is returned as it is."""
    page = storefronts.open_storefront(actor=actor(request), **body.model_dump())
    return Status(201, _storefront(page))


@router.get("/pool", auth=READ, response=Page[PoolItemAnswer])
def list_pool(request: HttpRequest, before: Before = CURSOR, limit: Limit = SIZE) -> Any:
    """List what suppliers let pages sell, newest first."""
    rows = offered_items() if before is None else offered_items().filter(pk__lt=before)
    found = list(pool_items(actor(request), rows=rows, limit=limit + 1))
    return page_of(found, limit, lambda one: one.pk, _item)


@router.put("/me/storefront/products/{product_id}", auth=WRITE, response=OfferAnswer)
def choose_product(request: HttpRequest, product_id: Path[Id]) -> Any:
    """Put a product on one's page at its shop's price. Repeatable."""
    return _of(request, storefronts.select_product(actor=actor(request), product_id=product_id))


@router.put("/me/storefront/pool/{item_id}", auth=WRITE, response=OfferAnswer)
def list_from_pool(request: HttpRequest, item_id: Path[Id], body: PoolListingBody) -> Any:
    """Put a pooled product on one's page at one's own prices. Repeatable."""
    item = get_item_for_page(item_id)
    prices = {
        one.variant_id: minor(one.price, item.product.shop.currency, f"prices.{number}.price")
        for number, one in enumerate(body.prices)
    }
    offer = storefronts.list_from_pool(actor=actor(request), item_id=item_id, prices=prices)
    return _of(request, offer)


@router.delete("/offers/{offer_id}", auth=WRITE, response={204: None})
def unlist(request: HttpRequest, offer_id: Path[Id]) -> Any:
    """Take an offer off one's page."""
    storefronts.end_offer(actor=actor(request), offer_id=offer_id)
    return Status(204, None)
