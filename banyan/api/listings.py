"""What members sell to each other: one thing each, with a place and money in escrow."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.db import transaction
from django.http import HttpRequest
from ninja import Path, Query, Router, Status
from pydantic import Field, StringConstraints

from banyan.market import actions as market
from banyan.market.access import listings_of, visible_listings
from banyan.market.models import Listing
from banyan.market.rules import place_of
from banyan.media.actions import claim_staged

from .gate import ANYONE, READ, WRITE, actor
from .paging import CURSOR, SIZE, Before, Limit, Page, page_of
from .products import ProductAnswer, products_answer
from .schemas import Answer, Body, Id, IdOut, Moment, MoneyIn, Person, Token, minor

router = Router(tags=["listings"])
Region = Annotated[str, StringConstraints(max_length=60)]
REGION: Any = Query("", description="Only this region, as its seller wrote it.")  # type: ignore[type-arg]  # ninja leaves it open


class SpotBody(Body):
    """Where it is, in degrees; kept to a hundredth of one, which is about a kilometre."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]


class ListingBody(Body):
    """One thing for sale. ``pictures`` are tokens of uploaded pictures, one at least."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=160)]
    price: MoneyIn
    condition: Literal["new", "like_new", "good", "fair"]
    handover: Literal["post", "meet", "both"] = "post"
    level1: Annotated[Region, Field(description="Province or state.")]
    level2: Annotated[Region, Field(description="City.")] = ""
    description: Annotated[str, StringConstraints(max_length=20_000)] = ""
    category: Annotated[str, StringConstraints(max_length=60)] = ""
    language: Annotated[str, StringConstraints(pattern=r"^(en|zh-hans|zh-hant)$")] = "en"
    place: SpotBody | None = None
    pictures: Annotated[list[Token], Field(min_length=1, max_length=12)]


class ListingAnswer(Answer):
    """A listing and its product, by whose variant it is bought like any other."""

    id: IdOut
    seller: Person
    condition: str
    handover: str
    level1: str
    level2: str
    product: ProductAnswer
    created_at: Moment


def _page(rows: Any, before: int | None, limit: int) -> Page[ListingAnswer]:
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: limit + 1])
    shown = _answers(found)
    return page_of(found, limit, lambda row: int(row.pk), lambda row: shown[row.pk])


def _answers(found: list[Listing]) -> dict[int, ListingAnswer]:
    products = {one.id: one for one in products_answer([row.product for row in found])}
    return {
        row.pk: ListingAnswer(
            id=row.pk,
            seller=Person(id=row.seller_id, handle=row.seller.handle, name=row.seller.display_name),
            condition=row.condition,
            handover=row.handover,
            level1=row.level1,
            level2=row.level2,
            product=products[row.product_id],
            created_at=row.created_at,
        )
        for row in found
    }


@router.get("/listings", auth=ANYONE, response=Page[ListingAnswer])
def list_listings(
    request: HttpRequest,
    level1: Region = REGION,
    before: Before = CURSOR,
    limit: Limit = SIZE,
) -> Any:
    """List what members sell to each other, newest first; nothing that is sold."""
    rows = visible_listings(actor(request)).select_related("product__category")
    return _page(rows.filter(level1=level1) if level1 else rows, before, limit)


@router.get("/me/listings", auth=READ, response=Page[ListingAnswer])
def list_own_listings(request: HttpRequest, before: Before = CURSOR, limit: Limit = SIZE) -> Any:
    """List one's own, sold and withdrawn ones included."""
    return _page(listings_of(actor(request)).select_related("product__category"), before, limit)


@router.post("/listings", auth=WRITE, response={201: ListingAnswer})
def post_listing(request: HttpRequest, body: ListingBody) -> Any:
    """Put one thing up for sale. Its price's currency is that of one's own little shop."""
    who, price = actor(request), body.price
    with transaction.atomic():
        images = claim_staged(actor=who, tokens=body.pictures)
        given = market.ListingInput(
            title=body.title,
            price=minor(price, price.currency, "price"),
            currency=price.currency,
            condition=body.condition,
            handover=body.handover,
            level1=body.level1,
            level2=body.level2,
            description=body.description,
            category=body.category,
            language=body.language,
            place=place_of(body.place.latitude, body.place.longitude) if body.place else None,
            images=[image.pk for image in images],
        )
        made = market.post_listing(actor=who, data=given)
    return Status(201, _answers([listings_of(who).get(pk=made.pk)])[made.pk])


@router.delete("/listings/{listing_id}", auth=WRITE, response={204: None})
def withdraw_listing(request: HttpRequest, listing_id: Path[Id]) -> Any:
    """Take one's own listing off sale for good. Repeatable."""
    market.withdraw_listing(actor=actor(request), listing_id=listing_id)
    return Status(204, None)
