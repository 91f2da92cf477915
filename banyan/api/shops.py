"""Shops, and what they pay to sharers."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Router, Status
from pydantic import Field, StringConstraints

from banyan.catalog import actions as catalog
from banyan.catalog.access import MANAGERS, get_shop_for_id, get_shop_for_staff, shops_worked_in
from banyan.catalog.models import Shop
from banyan.earnings import actions as earnings
from banyan.earnings.models import PlanVersion
from banyan.earnings.plans import current_plan

from .gate import ANYONE, READ, WRITE, actor
from .schemas import Answer, Body, Currency, Id, IdOut, Moment, MoneyFromZero, minor

router = Router(tags=["shops"])
Name = Annotated[str, StringConstraints(min_length=2, max_length=80)]
About = Annotated[str, StringConstraints(max_length=600)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Zone = Annotated[str, StringConstraints(max_length=40)]


class ShopAnswer(Answer):
    """A shop. It sells in one currency; ``state`` is pending, open, suspended, refused, closed."""

    id: IdOut
    slug: str
    name: str
    about: str
    state: str
    currency: str
    country: str
    timezone: str
    created_at: Moment


class ShopBody(Body):
    """A new shop; ``shipping`` is what it asks everywhere at first, in its ``currency``.

    ``slug`` is the end of its web address; without one it is made of the name.
    """

    name: Name
    slug: Annotated[str, StringConstraints(max_length=40)] = ""
    currency: Currency = "CNY"
    about: About = ""
    country: Country = "CN"
    timezone: Zone = "Asia/Shanghai"
    shipping: MoneyFromZero | None = None
    free_shipping_from: MoneyFromZero | None = None


class ShopPatch(Body):
    """What changes; what is left out stays."""

    name: Name | None = None
    about: About | None = None
    country: Country | None = None
    timezone: Zone | None = None


class PlanBody(Body):
    """What is paid for a sale through a share: ``rate_bps`` hundredths of a percent of the goods.

    With two levels the direct sharer gets ``direct_bps`` of it, the one before them the rest.
    """

    rate_bps: Annotated[int, Field(strict=True, ge=0, le=5000)]
    levels: Annotated[int, Field(strict=True, ge=1, le=2)] = 1
    direct_bps: Annotated[int, Field(strict=True, ge=7000, le=10_000)] = 10_000
    hold_days: Annotated[int, Field(strict=True, ge=0, le=90)] = 7


class PlanAnswer(Answer):
    """The terms in force; orders keep the ``version`` they were placed under."""

    version: int
    rate_bps: int
    levels: int
    direct_bps: int
    hold_days: int


def shop_answer(shop: Shop) -> ShopAnswer:
    """Return a shop as the API shows it."""
    return ShopAnswer(
        id=shop.pk,
        slug=shop.slug,
        name=shop.name,
        about=shop.about,
        state=shop.state,
        currency=shop.currency,
        country=shop.country,
        timezone=shop.timezone,
        created_at=shop.created_at,
    )


def _plan(version: PlanVersion) -> PlanAnswer:
    return PlanAnswer(
        version=version.number,
        rate_bps=version.rate_bps,
        levels=version.levels,
        direct_bps=version.direct_bps,
        hold_days=version.hold_days,
    )


@router.post("/shops", auth=WRITE, response={201: ShopAnswer})
def open_shop(request: HttpRequest, body: ShopBody) -> Any:
    """Open a shop; it waits for approval where the platform asks for one."""
    free = body.free_shipping_from
    shop = catalog.open_shop(
        actor=actor(request),
        name=body.name,
        slug=body.slug,
        currency=body.currency,
        about=body.about,
        country=body.country,
        timezone=body.timezone,
        shipping_amount=minor(body.shipping, body.currency, "shipping") if body.shipping else 0,
        free_shipping_from=minor(free, body.currency, "free_shipping_from") if free else None,
    )
    return Status(201, shop_answer(shop))


@router.get("/me/shops", auth=READ, response=list[ShopAnswer])
def my_shops(request: HttpRequest) -> Any:
    """List the shops one works in."""
    return [shop_answer(shop) for shop in shops_worked_in(actor(request))]


@router.get("/shops/{shop_id}", auth=ANYONE, response=ShopAnswer)
def read_shop(request: HttpRequest, shop_id: Path[Id]) -> Any:
    """Return an open shop; those who work in it see it in any state."""
    return shop_answer(get_shop_for_id(actor(request), shop_id))


@router.patch("/shops/{shop_id}", auth=WRITE, response=ShopAnswer)
def change_shop(request: HttpRequest, shop_id: Path[Id], body: ShopPatch) -> Any:
    """Change what a shop says of itself. For its managers."""
    shop = get_shop_for_staff(actor(request), shop_id, MANAGERS)
    values = body.model_dump(exclude_none=True)
    if not values:
        return shop_answer(shop)
    return shop_answer(catalog.update_shop(actor=actor(request), shop_id=shop_id, **values))


@router.get("/shops/{shop_id}/commission-plan", auth=READ, response={200: PlanAnswer})
def read_plan(request: HttpRequest, shop_id: Path[Id]) -> Any:
    """Return what the shop pays to sharers; 404 while it pays nothing. For those who work in it."""
    get_shop_for_staff(actor(request), shop_id)
    return _plan(current_plan(shop_id))


@router.put("/shops/{shop_id}/commission-plan", auth=WRITE, response=PlanAnswer)
def set_plan(request: HttpRequest, shop_id: Path[Id], body: PlanBody) -> Any:
    """Set what the shop pays from the next order on. For its managers."""
    return _plan(earnings.set_plan(actor=actor(request), shop_id=shop_id, **body.model_dump()))
