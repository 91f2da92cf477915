"""Coupons: made by a shop, reserved at placement, redeemed at payment, given back otherwise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import MANAGERS, get_shop_for_staff
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import Conflict, Invalid
from banyan.kernel.states import transition

from .models import Coupon, Redemption
from .states import REDEMPTION

REFUSALS = {
    "coupon_unknown": _("There is no such coupon."),
    "coupon_not_valid_now": _("This coupon is not valid now."),
    "coupon_other_currency": _("This coupon is for another currency."),
    "coupon_min_spend": _("The goods of this shop do not reach the coupon's minimum."),
    "coupon_used_up": _("This coupon has been used up."),
    "coupon_used_by_you": _("You have already used this coupon."),
}


class CouponRefused(Conflict):
    """A coupon does not apply; ``code`` is one of REFUSALS."""

    def __init__(self, code: str) -> None:
        super().__init__(REFUSALS[code], code=code, fields={"coupon": REFUSALS[code]})


def create_coupon(
    *,
    actor: Actor,
    shop_id: int,
    title: str,
    code: str = "",
    amount_off: int | None = None,
    percent_bps: int | None = None,
    min_spend: int = 0,
    cap: int = 1,
    per_person: int = 1,
    starts_at: dt.datetime | None = None,
    ends_at: dt.datetime | None = None,
) -> Coupon:
    """Create a coupon of a shop. Without ``code`` an unguessable one (80 bits) is made."""
    shop = get_shop_for_staff(actor, shop_id, MANAGERS)
    fields: dict[str, Any] = {}
    if (amount_off is None) == (percent_bps is None):
        fields["amount_off"] = _("Give either an amount or a percentage.")
    if amount_off is not None and not 0 < amount_off <= 10**11:
        fields["amount_off"] = _("Enter an amount above zero.")
    if percent_bps is not None and not 0 < percent_bps <= 10_000:
        fields["percent_bps"] = _("Enter a percentage from 0.01 to 100.")
    if not 1 <= cap <= 1_000_000 or not 1 <= per_person <= cap:
        fields["cap"] = _("Enter how often it can be used, at least once.")
    if min_spend < 0:
        fields["min_spend"] = _("Enter an amount that is not negative.")
    if starts_at and ends_at and ends_at <= starts_at:
        fields["ends_at"] = _("The end must be after the start.")
    if not 1 <= len(title.strip()) <= 80:
        fields["title"] = _("Give the coupon a name of 1 to 80 letters.")
    if len(code) > 40 or any(c.isspace() for c in code):
        fields["code"] = _("At most 40 letters, without spaces.")
    if fields:
        raise Invalid(fields=fields)
    try:
        with transaction.atomic():
            return Coupon.objects.create(
                shop=shop,
                code=(code or new_code(80)),
                title=title.strip(),
                amount_off=amount_off,
                percent_bps=percent_bps,
                currency=shop.currency,
                min_spend=min_spend,
                cap=cap,
                per_person=per_person,
                starts_at=starts_at,
                ends_at=ends_at,
                created_at=clock.now(),
            )
    except IntegrityError as error:
        if "coupon_code_once" in str(error):
            raise Invalid(fields={"code": _("This code is taken.")}) from error
        raise


def find_coupon(code: str) -> Coupon:
    """Return the coupon of a typed code, without regard to case. Raises coupon_unknown."""
    coupon = Coupon.objects.filter(code__iexact=code.strip()).first()
    if coupon is None or not coupon.is_active:
        raise CouponRefused("coupon_unknown")
    return coupon


def reserve_coupon(
    *,
    coupon: Coupon,
    checkout_id: int,
    person_key: str,
    amount: int,
    same_person: Collection[str] = (),
) -> Redemption:
    """Take one use for an unpaid checkout. Inside the caller's transaction, row locked.

    Raises coupon_used_up when the conditional UPDATE finds no use left, coupon_used_by_you
    when this person has had theirs, under any key of ``same_person``.
    """
    taken = Coupon.objects.filter(pk=coupon.pk, is_active=True, taken__lt=F("cap")).update(
        taken=F("taken") + 1
    )
    if taken != 1:
        raise CouponRefused("coupon_used_up")
    own = Redemption.objects.filter(
        coupon=coupon,
        person_key__in={person_key, *same_person},
        state__in=["reserved", "redeemed"],
    ).count()
    if own >= coupon.per_person:
        raise CouponRefused("coupon_used_by_you")
    return Redemption.objects.create(
        coupon=coupon,
        checkout_id=checkout_id,
        person_key=person_key,
        amount=amount,
        currency=coupon.currency,
        created_at=clock.now(),
    )


def redeem_coupon(*, actor: Actor, checkout_id: int) -> None:
    """Make a checkout's reserved use final: it was paid."""
    redemption = Redemption.objects.filter(checkout_id=checkout_id).first()
    if redemption is not None:
        transition(REDEMPTION, redemption, "redeemed", actor=actor)


def release_coupon(*, actor: Actor, checkout_id: int) -> None:
    """Give a checkout's reserved use back: it was not paid."""
    redemption = Redemption.objects.filter(checkout_id=checkout_id, state="reserved").first()
    if redemption is not None:
        transition(REDEMPTION, redemption, "released", actor=actor)
        Coupon.objects.filter(pk=redemption.coupon_id).update(taken=F("taken") - 1)


def retire_coupon(*, actor: Actor, coupon_id: int) -> Coupon:
    """Stop a coupon; uses already reserved keep their price."""
    coupon = Coupon.objects.filter(pk=coupon_id).first()
    if coupon is None:
        raise CouponRefused("coupon_unknown")
    get_shop_for_staff(actor, coupon.shop_id, MANAGERS)
    Coupon.objects.filter(pk=coupon_id).update(is_active=False)
    coupon.is_active = False
    return coupon
