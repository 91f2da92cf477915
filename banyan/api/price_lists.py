"""Price lists of a shop: other prices for a time, a currency, a quantity or some buyers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Router, Status
from pydantic import Field, StringConstraints

from banyan.catalog import actions as catalog
from banyan.catalog.access import MANAGERS, get_price_list_for_staff, get_shop_for_staff
from banyan.catalog.models import PriceList
from banyan.catalog.queries import price_lists

from .gate import READ, WRITE, actor
from .schemas import Amount, Answer, Body, Count, Currency, Id, IdOut, Moment, MomentIn

router = Router(tags=["price lists"])


class ListBody(Body):
    """A price list, in force in [starts_at, ends_at); ``handles`` for the audience accounts."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    currency: Currency
    audience: Literal["everyone", "members", "accounts"] = "everyone"
    starts_at: MomentIn | None = None
    ends_at: MomentIn | None = None
    handles: Annotated[
        list[Annotated[str, StringConstraints(max_length=40)]], Field(max_length=1000)
    ] = []


class PriceBody(Body):
    """What one unit costs from ``min_quantity`` on, in minor units of the list's currency."""

    variant_id: Id
    amount: Amount
    min_quantity: Count = 1


class PricesBody(Body):
    """Everything that stands on the list."""

    prices: Annotated[list[PriceBody], Field(max_length=5000)]


class PriceAnswer(Answer):
    """A price of a list."""

    variant_id: IdOut
    amount: int
    min_quantity: int


class ListAnswer(Answer):
    """A price list. A list never makes dearer: the cheapest price that holds counts."""

    id: IdOut
    name: str
    currency: str
    audience: str
    starts_at: Moment | None
    ends_at: Moment | None


def _list(found: PriceList) -> ListAnswer:
    return ListAnswer(
        id=found.pk,
        name=found.name,
        currency=found.currency,
        audience=found.audience,
        starts_at=found.starts_at,
        ends_at=found.ends_at,
    )


def _prices(found: PriceList) -> list[PriceAnswer]:
    rows = found.prices.order_by("variant_id", "min_quantity")
    return [
        PriceAnswer(variant_id=row.variant_id, amount=row.amount, min_quantity=row.min_quantity)
        for row in rows
    ]


@router.get("/shops/{shop_id}/price-lists", auth=READ, response=list[ListAnswer])
def list_lists(request: HttpRequest, shop_id: Path[Id]) -> Any:
    """List the shop's price lists, newest first. For its managers."""
    get_shop_for_staff(actor(request), shop_id, MANAGERS)
    return [_list(found) for found in price_lists(shop_id)]


@router.post("/shops/{shop_id}/price-lists", auth=WRITE, response={201: ListAnswer})
def make_list(request: HttpRequest, shop_id: Path[Id], body: ListBody) -> Any:
    """Make a price list; it has no prices yet. For the shop's managers."""
    data = catalog.ListInput(**body.model_dump())
    made = catalog.save_price_list(actor=actor(request), shop_id=shop_id, data=data)
    return Status(201, _list(made))


@router.put("/shops/{shop_id}/price-lists/{list_id}", auth=WRITE, response=ListAnswer)
def change_list(request: HttpRequest, shop_id: Path[Id], list_id: Path[Id], body: ListBody) -> Any:
    """Change a price list; its currency stays. For the shop's managers."""
    data = catalog.ListInput(**body.model_dump())
    return _list(
        catalog.save_price_list(actor=actor(request), shop_id=shop_id, list_id=list_id, data=data)
    )


@router.delete("/shops/{shop_id}/price-lists/{list_id}", auth=WRITE, response={204: None})
def remove_list(request: HttpRequest, shop_id: Path[Id], list_id: Path[Id]) -> Any:
    """Take a price list away. For the shop's managers."""
    catalog.remove_price_list(actor=actor(request), shop_id=shop_id, list_id=list_id)
    return Status(204, None)


@router.get("/shops/{shop_id}/price-lists/{list_id}/prices", auth=READ, response=list[PriceAnswer])
def read_prices(request: HttpRequest, shop_id: Path[Id], list_id: Path[Id]) -> Any:
    """Return what stands on a list. For the shop's managers."""
    return _prices(get_price_list_for_staff(actor(request), shop_id, list_id))


@router.put("/shops/{shop_id}/price-lists/{list_id}/prices", auth=WRITE, response=list[PriceAnswer])
def set_prices(request: HttpRequest, shop_id: Path[Id], list_id: Path[Id], body: PricesBody) -> Any:
    """Have exactly these prices on a list. Repeatable. For the shop's managers."""
    rows = [catalog.RowInput(one.variant_id, one.amount, one.min_quantity) for one in body.prices]
    return _prices(
        catalog.set_list_prices(actor=actor(request), shop_id=shop_id, list_id=list_id, rows=rows)
    )
