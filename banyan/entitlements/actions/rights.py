"""Price rights: granted and revoked for rooms above, moved along with the orders that use them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.catalog.actions import stock_locks, unhold
from banyan.kernel import audit, clock, locks
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.kernel.problems import Conflict, IllegalTransition, Invalid
from banyan.kernel.states import Move, transition, transition_all, transition_each
from banyan.kernel.sweeps import sweep
from banyan.notify.actions import notify

from ..access import get_price_right_for_staff
from ..models import PriceRight
from ..problems import RightGone
from ..reminders import PRICE_WITHDRAWN
from ..rights import HeldPrice, right_locks
from ..states import PRICE_RIGHT

LONGEST_REASON = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RightInput:
    """A right to be granted: up to ``quantity`` units at ``price`` each; see ``PriceRight``.

    With ``keeps`` the units are held in stock already, by whoever grants it: they go over to it.
    """

    account_id: int
    variant_id: int
    price: Money
    title: str
    expires_at: dt.datetime
    quantity: int = 1
    funded_by: str = "shop"
    campaign_id: int | None = None
    instance_id: int | None = None
    participation_id: int | None = None
    keeps: bool = False


def grant_price_rights(*, actor: Actor, wanted: Sequence[RightInput]) -> list[PriceRight]:
    """Give members their prices, all by one statement; for rooms above. Not repeatable.

    What no right may be (a price below zero, no unit, an unknown funder) breaks a CHECK.
    """
    now = clock.now()
    return PriceRight.objects.bulk_create(
        PriceRight(
            account_id=one.account_id,
            variant_id=one.variant_id,
            amount=one.price.amount,
            currency=one.price.currency,
            quantity=one.quantity,
            title=one.title[:80],
            funded_by=one.funded_by,
            campaign_id=one.campaign_id,
            instance_id=one.instance_id,
            participation_id=one.participation_id,
            keeps=one.keeps,
            expires_at=one.expires_at,
            created_at=now,
        )
        for one in wanted
    )


def revoke_price_rights(*, actor: Actor, right_ids: Collection[int]) -> list[int]:
    """Take held rights back; returns the ids of those that were. Repeatable. Locks right, stock.

    What an order has already, paid or not, stays as it was promised. Units that they kept are free.
    """
    if not right_ids:
        return []
    with transaction.atomic():
        locks.take(right_locks(right_ids))
        held = list(PriceRight.objects.filter(pk__in=right_ids, state="held").order_by("id"))
        transition_all(PRICE_RIGHT, held, "revoked", actor=actor)
        _free_units(held)
    return [one.pk for one in held]


def _free_units(ended: Sequence[PriceRight]) -> None:
    """Free the units of rights that have just ended: each ends once, so it frees them once."""
    keeping = [one for one in ended if one.keeps]
    if not keeping:
        return
    locks.take(stock_locks(one.variant_id for one in keeping))
    for one in keeping:
        unhold([(one.variant_id, one.quantity)], reference=f"right:{one.pk}")


def withdraw_price_right(*, actor: Actor, right_id: int, reason: str) -> PriceRight:
    """Take a price back that a member was given; they are told why. Repeatable. Locks right, stock.

    For the managers of the shop. What an order has already stays: Conflict ``right_used``. Raises
    Invalid without a reason; audited with it.
    """
    right = get_price_right_for_staff(actor, right_id)
    reason = reason.strip()
    if not 1 <= len(reason) <= LONGEST_REASON:
        raise Invalid(fields={"reason": _("Say why, in at most 200 letters: its owner reads it.")})
    with transaction.atomic():
        locks.take(right_locks([right.pk]))
        right.refresh_from_db(fields=["state"])
        if right.state == "revoked":
            return right
        if right.state != "held":
            raise Conflict(_("An order has this price already, or it is over."), code="right_used")
        transition(PRICE_RIGHT, right, "revoked", actor=actor, reason=reason)
        audit.record(
            actor=actor,
            action="price_right.withdraw",
            subject_kind="price_right",
            subject_id=right.pk,
            subject_label=right.title,
            reason=reason,
        )
        notify(
            recipient_id=right.account_id,
            kind=PRICE_WITHDRAWN,
            group_key=f"{PRICE_WITHDRAWN}:{right.pk}",
            url="/me/coupons",
            data={"title": right.title, "reason": reason},
        )
        _free_units([right])
    return right


def reserve_rights(*, actor: Actor, rights: Collection[HeldPrice], checkout_id: int) -> None:
    """Take rights for an unpaid checkout, all or none, by one conditional UPDATE. No lock before.

    Raises RightGone when one is no longer held, or its time is over. Inside the caller's
    transaction, which then rolls back.
    """
    now = clock.now()
    if any(one.expires_at <= now for one in rights):  # what is read of it never changes
        raise RightGone()
    taken = [PriceRight(pk=one.right_id, state="held") for one in rights]
    taken.sort(key=lambda one: one.pk)
    moves = [Move(PRICE_RIGHT, one, "reserved", {"checkout_id": checkout_id}) for one in taken]
    try:
        transition_each(*moves, actor=actor)
    except IllegalTransition as error:
        raise RightGone() from error


def redemption_of(right_ids: Collection[int]) -> list[Move]:
    """Return the moves that make reserved rights final: who pays makes them beside the order's."""
    return [
        Move(PRICE_RIGHT, PriceRight(pk=right_id, state="reserved"), "redeemed")
        for right_id in sorted(right_ids)
    ]


def release_rights(*, actor: Actor, checkout_id: int) -> set[int]:
    """Give a checkout's reserved rights back: it was not paid. They end where their time is over.

    The caller holds :func:`right_locks`. Returns the ids of those that keep their units again: the
    caller moves these back from reserved to held.
    """
    now = clock.now()
    found = PriceRight.objects.filter(checkout_id=checkout_id, state="reserved").order_by("id")
    moves = [
        Move(PRICE_RIGHT, one, "held" if now < one.expires_at else "expired", {"checkout_id": None})
        for one in found
    ]
    if moves:
        transition_each(*moves, actor=actor)
    return {one.pk for one in found if one.keeps and now < one.expires_at}


def return_rights(*, actor: Actor, right_ids: Collection[int]) -> None:
    """End redeemed rights whose order was refunded in full; they do not come back by themselves.

    The caller holds :func:`right_locks`. Repeatable.
    """
    used = PriceRight.objects.filter(pk__in=right_ids, state="redeemed").order_by("id")
    transition_all(PRICE_RIGHT, list(used), "returned", actor=actor)


def expire_rights(*, actor: Actor) -> int:
    """End held rights whose time is over; returns how many. One that is just used waits.

    Units that they kept are free. Locks stock.
    """
    due = PriceRight.objects.filter(state="held", expires_at__lte=clock.now())

    def expire(right_id: int) -> int:
        with transaction.atomic():
            free = due.select_for_update(skip_locked=True, no_key=True)
            ended = list(free.filter(pk=right_id))
            transition_all(PRICE_RIGHT, ended, "expired", actor=actor)
            _free_units(ended)
        return len(ended)

    return sweep("entitlements.rights", due, expire, by="expires_at")
