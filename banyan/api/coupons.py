"""Coupons: what a member holds, and what a shop gives."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Router, Status
from pydantic import Field, StringConstraints

from banyan.catalog.access import MANAGERS, get_shop_for_staff
from banyan.entitlements import actions as entitlements
from banyan.entitlements.access import get_coupon_for, visible_coupons, visible_grants
from banyan.entitlements.models import Coupon, Grant

from .gate import READ, WRITE, actor, keyed
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
Stacking = Literal["shop", "shipping", "exclusive"]
Reach = Literal["code", "auto", "claim", "held"]


class RuleBody(Body):
    """A condition or a benefit: its code and arguments; money in minor units, rates in 1/10,000."""

    code: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
    args: dict[str, Any] = {}


class CouponRuleAnswer(Answer):
    """A condition or a benefit, as it was given."""

    code: str
    args: dict[str, Any]


Rules = Annotated[list[RuleBody], Field(max_length=10)]


class CouponBody(Body):
    """A new coupon, by ``benefits`` and ``conditions``; money in the shop's currency.

    ``amount_off``, ``percent_bps`` and ``min_spend`` are short for the commonest of them. ``cap``
    is how often in all, ``budget`` how much it takes off in all.
    """

    title: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    code: Annotated[str, StringConstraints(pattern=r"^[^\s]{0,40}$")] = ""
    benefits: Rules = []
    conditions: Rules = []
    amount_off: MoneyIn | None = None
    percent_bps: Annotated[int, Field(strict=True, ge=1, le=10_000)] | None = None
    min_spend: MoneyFromZero | None = None
    stacking: Stacking = "shop"
    reach: Reach = "code"
    cap: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 1
    per_person: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 1
    budget: MoneyIn | None = None
    life_days: Annotated[int, Field(strict=True, ge=1, le=3660)] | None = None
    starts_at: MomentIn | None = None
    ends_at: MomentIn | None = None


class CouponAnswer(Answer):
    """A coupon; ``taken`` of ``cap`` uses are promised, reserved or redeemed.

    ``terms`` says in sentences what it gives and what it asks for.
    """

    id: IdOut
    shop_id: IdOut | None
    code: str
    title: str
    terms: list[str]
    benefits: list[CouponRuleAnswer]
    conditions: list[CouponRuleAnswer]
    stacking: str
    reach: str
    cap: int
    taken: int
    per_person: int
    budget: Money | None
    budget_used: Money
    life_days: int | None
    starts_at: Moment | None
    ends_at: Moment | None
    is_active: bool


class HeldAnswer(Answer):
    """A coupon in a member's hands; ``state`` is held, reserved, redeemed or expired."""

    id: IdOut
    shop_id: IdOut | None
    title: str
    terms: list[str]
    state: str
    source: str
    starts_at: Moment | None
    expires_at: Moment | None


class TermsBody(Body):
    """Other terms of a coupon."""

    benefits: Rules
    conditions: Rules = []
    stacking: Stacking = "shop"


class TakeBody(Body):
    """A coupon to take, by its code."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=40)]


class CodesBody(Body):
    """How many codes to make."""

    n: Annotated[int, Field(strict=True, ge=1, le=5_000)]


class CodesAnswer(Answer):
    """Codes of one use each."""

    codes: list[str]


def _coupon(coupon: Coupon) -> CouponAnswer:
    budget = coupon.budget
    return CouponAnswer(
        id=coupon.pk,
        shop_id=coupon.shop_id,
        code=coupon.code,
        title=coupon.title,
        terms=coupon.terms.sentences(coupon.currency),
        benefits=[CouponRuleAnswer(**rule) for rule in coupon.benefits],
        conditions=[CouponRuleAnswer(**rule) for rule in coupon.conditions],
        stacking=coupon.stacking,
        reach=coupon.reach,
        cap=coupon.cap,
        taken=coupon.taken,
        per_person=coupon.per_person,
        budget=None if budget is None else Money.at(budget, coupon.currency),
        budget_used=Money.at(coupon.budget_used, coupon.currency),
        life_days=coupon.life_days,
        starts_at=coupon.starts_at,
        ends_at=coupon.ends_at,
        is_active=coupon.is_active,
    )


def _held(grant: Grant) -> HeldAnswer:
    coupon = grant.coupon
    return HeldAnswer(
        id=grant.pk,
        shop_id=coupon.shop_id,
        title=coupon.title,
        terms=coupon.terms.sentences(coupon.currency),
        state=grant.state,
        source=grant.source,
        starts_at=coupon.starts_at,
        expires_at=grant.expires_at,
    )


@router.get("/me/coupons", auth=READ, response=Page[HeldAnswer])
def list_my_coupons(request: HttpRequest, before: Before = CURSOR, limit: Limit = SIZE) -> Any:
    """List the coupons one has or had, newest first."""
    rows = list(visible_grants(actor(request), before=before)[: limit + 1])
    return page_of(rows, limit, lambda grant: grant.pk, _held)


@router.post("/me/coupons", auth=WRITE, response={201: HeldAnswer})
def take_coupon(request: HttpRequest, body: TakeBody) -> Any:
    """Take a coupon by its code. Repeatable: it is taken once."""
    return Status(201, _held(entitlements.claim_coupon(actor=actor(request), code=body.code)))


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
        budget=minor(body.budget, currency, "budget") if body.budget else None,
        **body.model_dump(exclude={"amount_off", "min_spend", "budget"}),
    )
    return Status(201, _coupon(made))


@router.delete("/coupons/{coupon_id}", auth=WRITE, response={200: CouponAnswer})
def retire_coupon(request: HttpRequest, coupon_id: Path[Id]) -> Any:
    """Stop a coupon, held ones too; uses already reserved keep their price. Repeatable."""
    get_coupon_for(actor(request), coupon_id)
    return _coupon(entitlements.pause_coupon(actor=actor(request), coupon_id=coupon_id))


@router.put("/coupons/{coupon_id}/terms", auth=WRITE, response={200: CouponAnswer})
def change_terms(request: HttpRequest, coupon_id: Path[Id], body: TermsBody) -> Any:
    """Give a coupon other terms while nobody has it or has had it. For its managers."""
    changed = entitlements.change_terms(
        actor=actor(request), coupon_id=coupon_id, **body.model_dump()
    )
    return _coupon(changed)


@router.post("/coupons/{coupon_id}/codes", auth=WRITE, response={201: CodesAnswer})
@keyed
def make_codes(request: HttpRequest, coupon_id: Path[Id], body: CodesBody) -> Any:
    """Make codes of one use each; they take uses of the coupon's cap now. For its managers."""
    made = entitlements.print_codes(actor=actor(request), coupon_id=coupon_id, n=body.n)
    return Status(201, CodesAnswer(codes=[grant.code or "" for grant in made]))
