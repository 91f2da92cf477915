"""Coupons of a shop."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Router, Status
from pydantic import Field, StringConstraints

from banyan.catalog.access import MANAGERS, get_shop_for_staff
from banyan.entitlements import actions as entitlements
from banyan.entitlements.access import get_coupon_for, visible_coupons
from banyan.entitlements.models import Coupon

from .gate import READ, WRITE, actor
from .paging import CURSOR, SIZE, Before, Limit, Page, page_of
from .schemas import (
    Answer,
    Body,
    Id,
    IdOut,
    Moment,
    MomentIn,
    Money,
    MoneyFromZero,
    MoneyIn,
    minor,
)

router = Router(tags=["coupons"])


class CouponBody(Body):
    """A new coupon: either ``amount_off`` or ``percent_bps``; money in the shop's currency."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    code: Annotated[str, StringConstraints(pattern=r"^[^\s]{0,40}$")] = ""
    amount_off: MoneyIn | None = None
    percent_bps: Annotated[int, Field(strict=True, ge=1, le=10_000)] | None = None
    min_spend: MoneyFromZero | None = None
    cap: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 1
    per_person: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 1
    starts_at: MomentIn | None = None
    ends_at: MomentIn | None = None


class CouponAnswer(Answer):
    """A coupon; ``taken`` of ``cap`` uses are reserved or redeemed."""

    id: IdOut
    shop_id: IdOut
    code: str
    title: str
    amount_off: Money | None
    percent_bps: int | None
    min_spend: Money
    cap: int
    taken: int
    per_person: int
    starts_at: Moment | None
    ends_at: Moment | None
    is_active: bool


def _coupon(coupon: Coupon) -> CouponAnswer:
    off = coupon.amount_off
    return CouponAnswer(
        id=coupon.pk,
        shop_id=coupon.shop_id,
        code=coupon.code,
        title=coupon.title,
        amount_off=None if off is None else Money.at(off, coupon.currency),
        percent_bps=coupon.percent_bps,
        min_spend=Money.at(coupon.min_spend, coupon.currency),
        cap=coupon.cap,
        taken=coupon.taken,
        per_person=coupon.per_person,
        starts_at=coupon.starts_at,
        ends_at=coupon.ends_at,
        is_active=coupon.is_active,
    )


@router.get("/shops/{shop_id}/coupons", auth=READ, response=Page[CouponAnswer])
def list_coupons(
    request: HttpRequest,
    shop_id: Path[Id],
    before: Before = CURSOR,
    limit: Limit = SIZE,
) -> Any:
    """List the shop's coupons, newest first. For its managers."""
    rows = visible_coupons(actor(request), shop_id, before=before)[: limit + 1]
    return page_of(list(rows), limit, lambda coupon: coupon.pk, _coupon)


@router.post("/shops/{shop_id}/coupons", auth=WRITE, response={201: CouponAnswer})
def make_coupon(request: HttpRequest, shop_id: Path[Id], body: CouponBody) -> Any:
    """Make a coupon; without a code an unguessable one is made. For the shop's managers."""
    currency = get_shop_for_staff(actor(request), shop_id, MANAGERS).currency
    made = entitlements.create_coupon(
        actor=actor(request),
        shop_id=shop_id,
        amount_off=minor(body.amount_off, currency, "amount_off") if body.amount_off else None,
        min_spend=minor(body.min_spend, currency, "min_spend") if body.min_spend else 0,
        **body.model_dump(exclude={"amount_off", "min_spend"}),
    )
    return Status(201, _coupon(made))


@router.delete("/coupons/{coupon_id}", auth=WRITE, response={200: CouponAnswer})
def retire_coupon(request: HttpRequest, coupon_id: Path[Id]) -> Any:
    """Stop a coupon; uses already reserved keep their price. Repeatable."""
    get_coupon_for(actor(request), coupon_id)
    return _coupon(entitlements.pause_coupon(actor=actor(request), coupon_id=coupon_id))
