"""Uses of coupons: reserved at placement, redeemed at payment, given back otherwise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Max, Q, QuerySet

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import IllegalTransition
from banyan.kernel.states import Move, transition_each

from ..models import Coupon, Grant, PersonUse, Redemption
from ..problems import CouponRefused
from ..rules import Given
from ..states import GRANT, REDEMPTION

LEAST_LIFE = dt.timedelta(hours=24)
"""What a coupon that comes back to its holder has left at least."""


def locks_of(coupon_ids: Iterable[int]) -> list[LockKey]:
    """Return the locks that uses of some coupons need."""
    return [LockKey("entitlement", coupon_id) for coupon_id in coupon_ids]


def reserve_coupons(
    *,
    actor: Actor,
    given: Sequence[Given],
    checkout_id: int,
    person_key: str,
    same_person: Collection[str] = (),
) -> list[Redemption]:
    """Take a use of each coupon for an unpaid checkout, all or none; the coupons are locked.

    Takes from cap and budget by one conditional UPDATE each. Raises CouponRefused:
    coupon_used_up when no use or not enough budget is left or the terms have changed,
    coupon_used_by_you when this person has had theirs under any of their keys (what they were given
    is not counted), coupon_taken when the held one is no longer there. Inside the caller's
    transaction, which then rolls back.
    """
    keys = {person_key, *same_person}
    return [
        _reserve(actor, one, checkout_id, person_key, keys)
        for one in sorted(given, key=lambda one: one.candidate.coupon_id)
    ]


def _reserve(
    actor: Actor, given: Given, checkout_id: int, person_key: str, keys: set[str]
) -> Redemption:
    asked = given.candidate
    free = Coupon.objects.filter(pk=asked.coupon_id, is_active=True, version=asked.version).filter(
        Q(budget=None) | Q(budget__gte=F("budget_used") + given.amount)
    )
    more: dict[str, Any] = {"budget_used": F("budget_used") + given.amount}
    if asked.grant_id is None:
        free = free.filter(taken__lt=F("cap"))
        more["taken"] = F("taken") + 1
    if free.update(**more) != 1:
        raise CouponRefused("coupon_used_up")
    grant = None if asked.grant_id is None else _held(asked.grant_id)
    if grant is not None:
        _move_grants(actor, [grant], "reserved", checkout_id=checkout_id)
    redemption = Redemption.objects.create(
        coupon_id=asked.coupon_id,
        checkout_id=checkout_id,
        person_key=person_key,
        amount=given.amount,
        currency=asked.currency,
        terms=asked.terms.stored() | {"version": asked.version, "stacking": asked.stacking},
        code=asked.code if asked.typed else "",
        created_at=clock.now(),
    )
    if grant is None or not grant.is_given:
        _count_person(redemption, keys)
    return redemption


def _held(grant_id: int) -> Grant:
    found = Grant.objects.filter(pk=grant_id, state="held").first()
    if found is None or (found.expires_at and found.expires_at <= clock.now()):
        raise CouponRefused("coupon_taken" if found is None else "coupon_not_valid_now")
    return found


def _move_grants(actor: Actor, grants: Sequence[Grant], to: str, **updates: Any) -> None:
    """Move grants by conditional updates; coupon_taken when one was moved by somebody else."""
    try:
        transition_each(*(Move(GRANT, one, to, updates) for one in grants), actor=actor)
    except IllegalTransition as error:
        raise CouponRefused("coupon_taken") from error


def _count_person(redemption: Redemption, keys: set[str]) -> None:
    """Note a use under every key of a person, or refuse it when they have had theirs."""
    coupon = redemption.coupon
    known = PersonUse.objects.filter(coupon=coupon, person_key__in=keys)
    # Both from one reading: whoever sees no use before writes number 1.
    before = dict(known.order_by("number").values_list("redemption", "number"))
    if len(before) >= coupon.per_person:
        raise CouponRefused("coupon_used_by_you")
    number = max(before.values(), default=0) + 1
    try:
        with transaction.atomic():
            PersonUse.objects.bulk_create(
                PersonUse(redemption=redemption, coupon=coupon, person_key=key, number=number)
                for key in sorted(keys)
            )
    except IntegrityError as error:
        # Only without the coupon's lock: two of a person's uses at once.
        raise CouponRefused("coupon_used_by_you") from error


def redeem_coupons(*, actor: Actor, checkout_id: int) -> None:
    """Make a checkout's reserved uses final: it was paid."""
    moves = [
        Move(REDEMPTION, one, "redeemed")
        for one in Redemption.objects.filter(checkout_id=checkout_id).order_by("coupon_id")
    ]
    moves += [Move(GRANT, one, "redeemed") for one in _grants_of(checkout_id)]
    if moves:
        transition_each(*moves, actor=actor)


def _grants_of(checkout_id: int, state: str = "reserved") -> QuerySet[Grant]:
    return Grant.objects.filter(checkout_id=checkout_id, state=state).order_by("id")


def release_coupons(*, actor: Actor, checkout_id: int) -> None:
    """Give a checkout's reserved uses back: it was not paid. Held ones go back to their holders."""
    found = Redemption.objects.filter(checkout_id=checkout_id, state="reserved")
    _give_back(actor, list(found.order_by("coupon_id")), "released", "reserved")


def return_coupons(*, actor: Actor, checkout_id: int, coupon_ids: Collection[int]) -> None:
    """Give used coupons back whose goods were all refunded before they were sent. Locked before."""
    found = Redemption.objects.filter(
        checkout_id=checkout_id, state="redeemed", coupon_id__in=coupon_ids
    )
    _give_back(actor, list(found.order_by("coupon_id")), "returned", "redeemed")


def _give_back(actor: Actor, uses: Sequence[Redemption], to: str, held_as: str) -> None:
    """End uses; a coupon that somebody held is theirs again, for a day at least."""
    for use in uses:
        transition_each(Move(REDEMPTION, use, to), actor=actor)
        PersonUse.objects.filter(redemption=use).delete()
        coupon = Coupon.objects.filter(pk=use.coupon_id)
        grant = _grants_of(use.checkout_id, held_as).filter(coupon_id=use.coupon_id).first()
        if grant is None:
            coupon.update(taken=F("taken") - 1, budget_used=F("budget_used") - use.amount)
            continue
        coupon.update(budget_used=F("budget_used") - use.amount)
        ends = grant.expires_at and max(grant.expires_at, clock.now() + LEAST_LIFE)
        _move_grants(actor, [grant], "held", checkout_id=None, expires_at=ends)


def count_for(*, checkout_id: int, person_key: str) -> None:
    """Let the uses of a checkout count for a person too, from now on; see ``Redemption``."""
    for use in Redemption.objects.filter(checkout_id=checkout_id).exclude(person_key=person_key):
        Redemption.objects.filter(pk=use.pk).update(person_key=person_key)
        if use.state not in {"reserved", "redeemed"} or _was_given(use):
            continue
        if PersonUse.objects.filter(redemption=use, person_key=person_key).exists():
            continue
        known = PersonUse.objects.filter(coupon_id=use.coupon_id, person_key=person_key)
        PersonUse.objects.create(
            redemption=use,
            coupon_id=use.coupon_id,
            person_key=person_key,
            number=(known.aggregate(last=Max("number"))["last"] or 0) + 1,
        )


def _was_given(use: Redemption) -> bool:
    grants = Grant.objects.filter(checkout_id=use.checkout_id, coupon_id=use.coupon_id)
    return any(grant.is_given for grant in grants)


def count_no_more_for(*, checkout_id: int, person_key: str, instead: str) -> None:
    """Undo :func:`count_for`; the uses are ``instead``'s."""
    PersonUse.objects.filter(redemption__checkout_id=checkout_id, person_key=person_key).delete()
    count_for(checkout_id=checkout_id, person_key=instead)
