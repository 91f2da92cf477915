"""Coupons made by a shop or the platform, changed while nobody has them, stopped."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import MANAGERS, get_shop_for_staff
from banyan.catalog.actions.acts import note_act
from banyan.catalog.models import Shop
from banyan.kernel import audit, clock, locks
from banyan.kernel.actors import Actor
from banyan.kernel.ids import typed_code
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Conflict, Forbidden, Invalid

from ..access import get_coupon_for
from ..models import REACHES, Coupon
from ..ports import is_promised
from ..rules import AmountOff, MinSpend, PercentOff, Terms, terms_of

MOST_USES = 1_000_000
LARGEST = 10**11


def create_coupon(
    *,
    actor: Actor,
    shop_id: int | None,
    title: str,
    code: str = "",
    conditions: Iterable[Any] = (),
    benefits: Iterable[Any] = (),
    amount_off: int | None = None,
    percent_bps: int | None = None,
    min_spend: int = 0,
    stacking: str = "",
    reach: str = "code",
    cap: int = 1,
    per_person: int = 1,
    budget: int | None = None,
    life_days: int | None = None,
    starts_at: dt.datetime | None = None,
    ends_at: dt.datetime | None = None,
    currency: str = "",
    reason: str = "",
) -> Coupon:
    """Create a coupon of a shop, or of the platform (``shop_id`` None, which then bears it).

    ``conditions`` and ``benefits`` are rules or {"code", "args"}; ``amount_off``, ``percent_bps``
    and ``min_spend`` are short for the commonest of them. Without ``code`` an unguessable one
    (80 bits) is made. Platform coupons are for staff of finance, name their ``currency``, and are
    audited with the ``reason``.
    """
    shop = None if shop_id is None else get_shop_for_staff(actor, shop_id, MANAGERS)
    if shop is None and not actor.has_role("finance"):
        raise Forbidden()
    fields: dict[str, Any] = {}
    own = "platform" if shop is None else "shop"
    stacking = stacking or own
    terms = _terms(fields, conditions, benefits, amount_off, percent_bps, min_spend)
    if fault := _stacking_fault(stacking, own, terms):
        fields["stacking"] = fault
    if reach not in REACHES:
        fields["reach"] = _("This cannot be chosen here.")
    if len(code) > 40 or any(c.isspace() for c in code):
        fields["code"] = _("At most 40 letters, without spaces.")
    if code and reach == "held":
        fields["code"] = _("A coupon that is only given has no code of your choice.")
    fields |= _limit_faults(title, cap, per_person, budget, life_days, starts_at, ends_at)
    if fields:
        raise Invalid(fields=fields)
    try:
        with transaction.atomic():
            made = Coupon.objects.create(
                shop=shop,
                code=(code or typed_code(80)),
                title=title.strip(),
                **terms.stored(),
                stacking=stacking,
                reach=reach,
                currency=_currency(shop, currency),
                cap=cap,
                per_person=per_person,
                budget=budget,
                life_days=life_days,
                starts_at=starts_at,
                ends_at=ends_at,
                created_at=clock.now(),
            )
            if shop is None:
                _audit(actor, made, "coupon.create", reason)
            else:
                note_act(actor, shop.pk, "coupon.create", made.title)
    except IntegrityError as error:
        if "coupon_code_once" in str(error):
            raise Invalid(fields={"code": _("This code is taken.")}) from error
        raise
    return made


def _currency(shop: Shop | None, currency: str) -> str:
    if shop is not None:
        return shop.currency
    if len(currency) != 3 or not currency.isupper():
        raise Invalid(fields={"currency": _("Enter a currency such as CNY.")})
    return currency


def _terms(
    fields: dict[str, Any],
    conditions: Iterable[Any],
    benefits: Iterable[Any],
    amount_off: int | None,
    percent_bps: int | None,
    min_spend: int,
) -> Terms:
    """Return the terms, the short spellings among them; note what is wrong in ``fields``."""
    conditions, benefits = list(conditions), list(benefits)
    if amount_off is not None and percent_bps is not None:
        fields["amount_off"] = _("Give either an amount or a percentage.")
        return Terms()
    if amount_off is not None:
        if 0 < amount_off <= LARGEST:
            benefits.append(AmountOff(amount=amount_off))
        else:
            fields["amount_off"] = _("Enter an amount above zero.")
    if percent_bps is not None:
        if 0 < percent_bps <= 10_000:
            benefits.append(PercentOff(bps=percent_bps))
        else:
            fields["percent_bps"] = _("Enter a percentage from 0.01 to 100.")
    if min_spend and 0 < min_spend <= LARGEST:
        conditions.append(MinSpend(amount=min_spend))
    elif min_spend:
        fields["min_spend"] = _("Enter an amount that is not negative.")
    try:
        return terms_of(conditions, benefits) if not fields else Terms()
    except Invalid as problem:
        fields |= problem.fields
        return Terms()


def _limit_faults(
    title: str,
    cap: int,
    per_person: int,
    budget: int | None,
    life_days: int | None,
    starts_at: dt.datetime | None,
    ends_at: dt.datetime | None,
) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if not 1 <= len(title.strip()) <= 80:
        fields["title"] = _("Give the coupon a name of 1 to 80 letters.")
    if not 1 <= cap <= MOST_USES or not 1 <= per_person <= cap:
        fields["cap"] = _("Enter how often it can be used, at least once.")
    if budget is not None and not 0 < budget <= LARGEST:
        fields["budget"] = _("Enter an amount above zero.")
    if life_days is not None and not 1 <= life_days <= 3660:
        fields["life_days"] = _("Enter a number of days.")
    if starts_at and ends_at and ends_at <= starts_at:
        fields["ends_at"] = _("The end must be after the start.")
    return fields


def edit_coupon(
    *,
    actor: Actor,
    coupon_id: int,
    title: str,
    cap: int,
    per_person: int,
    budget: int | None,
    ends_at: dt.datetime | None,
) -> Coupon:
    """Change what may change while people have a coupon: its name and its limits.

    What was promised stays: a cap under what is taken, a budget under what is used, fewer uses
    per person or an earlier end once anybody has it, and less of anything while a campaign says
    that it gives it, raise Conflict ``coupon_promised``. For the shop's managers. Locks coupon.
    """
    get_coupon_for(actor, coupon_id)
    with transaction.atomic():
        locks.take([LockKey("entitlement", coupon_id)])
        coupon = Coupon.objects.get(pk=coupon_id)
        faults = _limit_faults(
            title, cap, per_person, budget, coupon.life_days, coupon.starts_at, ends_at
        )
        if faults:
            raise Invalid(fields=faults)
        earlier = ends_at is not None and (coupon.ends_at is None or ends_at < coupon.ends_at)
        worse = (
            cap < coupon.taken
            or (budget is not None and budget < coupon.budget_used)
            or (coupon.taken > 0 and (per_person < coupon.per_person or earlier))
        )
        if worse:
            raise _promised()
        own = LARGEST if coupon.budget is None else coupon.budget
        less = cap < coupon.cap or earlier or (LARGEST if budget is None else budget) < own
        if less and is_promised(coupon):
            raise _promised_by_campaign()
        coupon.title, coupon.cap, coupon.per_person = title.strip(), cap, per_person
        coupon.budget, coupon.ends_at = budget, ends_at
        coupon.save(update_fields=["title", "cap", "per_person", "budget", "ends_at"])
        _audit(actor, coupon, "coupon.change")
    return coupon


def change_terms(
    *,
    actor: Actor,
    coupon_id: int,
    conditions: Iterable[Any],
    benefits: Iterable[Any],
    stacking: str,
) -> Coupon:
    """Give a coupon other terms, a new version, while nobody has it or has had it.

    After that, and while a campaign says that it gives it, they stand still: Conflict
    ``coupon_promised``; make another coupon. Raises Invalid by field. For the shop's managers.
    Locks coupon.
    """
    get_coupon_for(actor, coupon_id)
    terms = terms_of(conditions, benefits)
    with transaction.atomic():
        locks.take([LockKey("entitlement", coupon_id)])
        coupon = Coupon.objects.get(pk=coupon_id)
        if fault := _stacking_fault(stacking, "shop" if coupon.shop_id else "platform", terms):
            raise Invalid(fields={"stacking": fault})
        if coupon.redemptions.exists() or coupon.grants.exists():
            raise _promised()
        if is_promised(coupon):
            raise _promised_by_campaign()
        coupon.conditions, coupon.benefits = (
            terms.stored()["conditions"],
            terms.stored()["benefits"],
        )
        coupon.stacking, coupon.version = stacking, coupon.version + 1
        coupon.save(update_fields=["conditions", "benefits", "stacking", "version"])
        _audit(actor, coupon, "coupon.change")
    return coupon


def _promised() -> Conflict:
    return Conflict(
        _("People have this coupon already: what they were promised stays."),
        code="coupon_promised",
    )


def _promised_by_campaign() -> Conflict:
    return Conflict(
        _("A campaign promises this coupon: it becomes no worse before that is over."),
        code="coupon_promised",
    )


def _stacking_fault(stacking: str, own: str, terms: Terms) -> Any:
    """Return what is wrong with a stacking class, or nothing; ``own`` is the owner's usual one."""
    if stacking not in {own, "exclusive", "shipping"}:
        return _("This cannot be chosen here.")
    if stacking == "shipping" and not all(one.is_shipping for one in terms.benefits):
        return _("A shipping coupon takes off shipping only.")
    return None


def pause_coupon(*, actor: Actor, coupon_id: int, reason: str = "") -> Coupon:
    """Stop a coupon for now, held ones too; uses already reserved keep their price. Repeatable."""
    return _turn(actor, coupon_id, reason, active=False)


def resume_coupon(*, actor: Actor, coupon_id: int, reason: str = "") -> Coupon:
    """Let a coupon be used again. Repeatable."""
    return _turn(actor, coupon_id, reason, active=True)


def _turn(actor: Actor, coupon_id: int, reason: str, *, active: bool) -> Coupon:
    coupon = get_coupon_for(actor, coupon_id)
    with transaction.atomic():
        locks.take([LockKey("entitlement", coupon_id)])
        Coupon.objects.filter(pk=coupon_id).update(is_active=active)
        _audit(actor, coupon, "coupon.resume" if active else "coupon.pause", reason)
    coupon.refresh_from_db()
    return coupon


def _audit(actor: Actor, coupon: Coupon, action: str, reason: str = "") -> None:
    if actor.kind != "staff" and coupon.shop_id is not None:
        note_act(actor, coupon.shop_id, action, coupon.title)
    elif actor.kind == "staff":
        audit.record(
            actor=actor,
            action=action,
            subject_kind="coupon",
            subject_id=coupon.pk,
            subject_label=coupon.title,
            reason=reason,
        )
