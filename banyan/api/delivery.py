"""Where a shop delivers and how, and what tax is due there. For its managers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Router, Status
from pydantic import Field, StringConstraints

from banyan.catalog import actions as catalog
from banyan.catalog.access import MANAGERS, get_shop_for_staff
from banyan.catalog.models import ShippingMethod, ShippingZone, TaxZone
from banyan.catalog.queries import shipping_zones, tax_zones

from .gate import READ, WRITE, actor
from .schemas import Amount, Answer, Body, Currency, Id, IdOut

router = Router(tags=["delivery and tax"])
Name = Annotated[str, StringConstraints(min_length=1, max_length=60)]
Places = Annotated[
    list[Annotated[str, StringConstraints(max_length=50)]],
    Field(
        min_length=1,
        max_length=300,
        description='"*" for everywhere, "DE" for a country, "US:CA" for what begins so.',
    ),
]
Rate = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
Days = Annotated[int, Field(strict=True, ge=0, le=365)]


class ZoneBody(Body):
    """A shipping zone; the nearest one that names a place counts. None there: not delivered."""

    name: Name
    places: Places


class Band(Body):
    """What it costs from so many grams, or from goods of so much, on; minor units."""

    begins: Amount
    amount: Amount


class BandAnswer(Answer):
    """What it costs from ``begins`` on."""

    begins: int
    amount: int


class MethodBody(Body):
    """A way of delivery, in one currency; ``basis`` flat has one band, from 0."""

    name: Name
    currency: Currency
    basis: Literal["flat", "weight", "value"] = "flat"
    bands: Annotated[list[Band], Field(min_length=1, max_length=20)]
    free_from: Amount | None = None
    days: Annotated[list[Days], Field(min_length=2, max_length=2)] | None = None
    position: Annotated[int, Field(strict=True, ge=0, le=1000)] = 0


class MethodAnswer(Answer):
    """A way of delivery."""

    id: IdOut
    name: str
    currency: str
    basis: str
    bands: list[BandAnswer]
    free_from: int | None
    days: list[int] | None
    position: int


class ZoneAnswer(Answer):
    """A shipping zone with its ways of delivery; without one nothing is delivered there."""

    id: IdOut
    name: str
    places: list[str]
    methods: list[MethodAnswer]


class TaxBody(Body):
    """The tax of some places; rates are parts per million: 190000 is 19 %.

    ``included``: the shop's prices contain it, else it comes on top. ``per``: rounded for each
    line, or once for the order and rate.
    """

    name: Name
    places: Places
    standard_rate: Rate
    reduced_rate: Rate = 0
    included: bool = True
    per: Literal["line", "order"] = "line"
    rounding: Literal["half_up", "half_even"] = "half_up"


class TaxAnswer(Answer):
    """A tax zone."""

    id: IdOut
    name: str
    places: list[str]
    standard_rate: int
    reduced_rate: int
    included: bool
    per: str
    rounding: str


def _method(row: ShippingMethod) -> MethodAnswer:
    return MethodAnswer(
        id=row.pk,
        name=row.name,
        currency=row.currency,
        basis=row.basis,
        bands=[BandAnswer(begins=begins, amount=amount) for begins, amount in row.bands],
        free_from=row.free_from,
        days=None if row.days_min is None or row.days_max is None else [row.days_min, row.days_max],
        position=row.position,
    )


def _zone(zone: ShippingZone) -> ZoneAnswer:
    methods = [_method(row) for row in zone.methods.all()]
    return ZoneAnswer(id=zone.pk, name=zone.name, places=zone.places, methods=methods)


def _tax(zone: TaxZone) -> TaxAnswer:
    return TaxAnswer(
        id=zone.pk,
        name=zone.name,
        places=zone.places,
        standard_rate=zone.standard_rate,
        reduced_rate=zone.reduced_rate,
        included=zone.included,
        per=zone.per,
        rounding=zone.rounding,
    )


def _input(body: MethodBody) -> catalog.MethodInput:
    return catalog.MethodInput(
        name=body.name,
        currency=body.currency,
        basis=body.basis,
        bands=[(band.begins, band.amount) for band in body.bands],
        free_from=body.free_from,
        days=(body.days[0], body.days[1]) if body.days else None,
        position=body.position,
    )


@router.get("/shops/{shop_id}/shipping-zones", auth=READ, response=list[ZoneAnswer])
def list_zones(request: HttpRequest, shop_id: Path[Id]) -> Any:
    """List where the shop delivers, and how."""
    get_shop_for_staff(actor(request), shop_id, MANAGERS)
    return [_zone(zone) for zone in shipping_zones(shop_id)]


@router.post("/shops/{shop_id}/shipping-zones", auth=WRITE, response={201: ZoneAnswer})
def make_zone(request: HttpRequest, shop_id: Path[Id], body: ZoneBody) -> Any:
    """Make a shipping zone; it has no way of delivery yet."""
    made = catalog.save_shipping_zone(actor=actor(request), shop_id=shop_id, **body.model_dump())
    return Status(201, _zone(made))


@router.put("/shops/{shop_id}/shipping-zones/{zone_id}", auth=WRITE, response=ZoneAnswer)
def change_zone(request: HttpRequest, shop_id: Path[Id], zone_id: Path[Id], body: ZoneBody) -> Any:
    """Give a shipping zone this name and these places."""
    return _zone(
        catalog.save_shipping_zone(
            actor=actor(request), shop_id=shop_id, zone_id=zone_id, **body.model_dump()
        )
    )


@router.delete("/shops/{shop_id}/shipping-zones/{zone_id}", auth=WRITE, response={204: None})
def remove_zone(request: HttpRequest, shop_id: Path[Id], zone_id: Path[Id]) -> Any:
    """Take a shipping zone away with its ways of delivery."""
    catalog.remove_shipping_zone(actor=actor(request), shop_id=shop_id, zone_id=zone_id)
    return Status(204, None)


@router.post(
    "/shops/{shop_id}/shipping-zones/{zone_id}/methods", auth=WRITE, response={201: MethodAnswer}
)
def make_method(
    request: HttpRequest, shop_id: Path[Id], zone_id: Path[Id], body: MethodBody
) -> Any:
    """Add a way of delivery to a zone."""
    made = catalog.save_shipping_method(
        actor=actor(request), shop_id=shop_id, zone_id=zone_id, data=_input(body)
    )
    return Status(201, _method(made))


@router.put(
    "/shops/{shop_id}/shipping-zones/{zone_id}/methods/{method_id}",
    auth=WRITE,
    response=MethodAnswer,
)
def change_method(
    request: HttpRequest,
    shop_id: Path[Id],
    zone_id: Path[Id],
    method_id: Path[Id],
    body: MethodBody,
) -> Any:
    """Change a way of delivery, from the next order on."""
    return _method(
        catalog.save_shipping_method(
            actor=actor(request),
            shop_id=shop_id,
            zone_id=zone_id,
            method_id=method_id,
            data=_input(body),
        )
    )


@router.delete("/shops/{shop_id}/shipping-methods/{method_id}", auth=WRITE, response={204: None})
def remove_method(request: HttpRequest, shop_id: Path[Id], method_id: Path[Id]) -> Any:
    """Take a way of delivery away."""
    catalog.remove_shipping_method(actor=actor(request), shop_id=shop_id, method_id=method_id)
    return Status(204, None)


@router.get("/shops/{shop_id}/tax-zones", auth=READ, response=list[TaxAnswer])
def list_taxes(request: HttpRequest, shop_id: Path[Id]) -> Any:
    """List which tax the shop's orders carry where."""
    get_shop_for_staff(actor(request), shop_id, MANAGERS)
    return [_tax(zone) for zone in tax_zones(shop_id)]


@router.post("/shops/{shop_id}/tax-zones", auth=WRITE, response={201: TaxAnswer})
def make_tax(request: HttpRequest, shop_id: Path[Id], body: TaxBody) -> Any:
    """Make a tax zone."""
    data = catalog.TaxInput(**body.model_dump())
    return Status(
        201, _tax(catalog.save_tax_zone(actor=actor(request), shop_id=shop_id, data=data))
    )


@router.put("/shops/{shop_id}/tax-zones/{zone_id}", auth=WRITE, response=TaxAnswer)
def change_tax(request: HttpRequest, shop_id: Path[Id], zone_id: Path[Id], body: TaxBody) -> Any:
    """Change a tax zone, from the next order on."""
    data = catalog.TaxInput(**body.model_dump())
    return _tax(
        catalog.save_tax_zone(actor=actor(request), shop_id=shop_id, zone_id=zone_id, data=data)
    )


@router.delete("/shops/{shop_id}/tax-zones/{zone_id}", auth=WRITE, response={204: None})
def remove_tax(request: HttpRequest, shop_id: Path[Id], zone_id: Path[Id]) -> Any:
    """Take a tax zone away: no tax is due there."""
    catalog.remove_tax_zone(actor=actor(request), shop_id=shop_id, zone_id=zone_id)
    return Status(204, None)
