"""A payment that finds its place gone: it is seated as its buyer chose, or sent back in full.

A place is kept for some minutes; then it is given to whoever comes. Who pays after that takes a
free place of the same group, by the same conditional UPDATE as anybody; where there is none, what
they chose when they joined decides, and nobody is ever put anywhere without having said so.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from banyan.entitlements.models import PriceRight
from banyan.kernel import clock, locks
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_ids
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Busy, NotFound
from banyan.orders.actions.payment import TooLate
from banyan.orders.events import OrderPaid
from banyan.people.access import visible_accounts

from ..effects import Enter, Leave, Tell
from ..mechanic import Arrival, Beginning, Play, mechanic, mechanics, terms_of
from ..models import Instance, Participation
from ..persons import person_of
from ..problems import Refused
from ..seats import IF_FULL, OTHER, OWN, REFUND
from .applying import Stage, apply
from .playing import _take_place, check_window, new_instance
from .switching import check_on

MOST_TRIED = 3
"""Other groups that are locked for one payment; they are tried in order."""


def is_gone(one: Participation) -> bool:
    """Tell whether a place is no longer to be had: given away, or its instance is over by now."""
    instance = one.instance
    over = instance.ended_at is not None or instance.deadline <= clock.now()
    return over or one.state != "reserved"


def seat_locks(event: OrderPaid) -> list[LockKey]:
    """Return what paying for places needs besides their instances: other groups, the campaign.

    The campaign where a budget is settled when the last place is paid for, or where a new group
    may be opened. One statement for payments in time.
    """
    rights = PriceRight.objects.filter(checkout_id=event.checkout_id)
    return locks_of_seats(event.instances, rights.values("pk"))


def locks_of_seats(
    instance_ids: Collection[int], right_ids: Collection[int] | QuerySet[Any, Any]
) -> list[LockKey]:
    """Return what :func:`seat_locks` does, of places by the price rights that buy them."""
    rows = Participation.objects.filter(
        instance_id__in=instance_ids,
        right_id__in=right_ids,
        campaign__mechanic__in=[code for code, kind in mechanics().items() if kind.reseats],
    )
    keys: list[LockKey] = []
    for one in rows.select_related("instance"):
        choice = one.data.get(IF_FULL) if is_gone(one) else None
        others = _others(one) if choice == OTHER else []
        keys += [LockKey("instance", pk) for pk in others]
        promised = Instance.objects.filter(pk__in=others, promise__gt=0).exists() if others else 0
        if one.instance.promise or promised or choice == OWN:
            keys.append(LockKey("campaign", one.campaign_id))
    return keys


def seat_again(*, actor: Actor, one: Participation) -> Participation:
    """Seat who has paid for a place that is gone; return their place, which is still reserved.

    Inside the paying transaction, with :func:`seat_locks` held. Raises TooLate where the money has
    to go back, Busy where the place went between the locks and now: the payment is told again.
    """
    campaign = one.instance.campaign
    if not mechanic(campaign.mechanic).reseats or one.state not in {"reserved", "out"}:
        raise TooLate(detail=f"place {one.pk} is {one.state}, or over")
    if one.state == "reserved":
        apply([Leave(one, "late")], _stage(actor, one, one.instance))
    seat = _try(actor, one, one.instance) or _chosen(actor, one)
    if seat is None:
        raise TooLate(detail=f"no place for {one.pk}: {one.data.get(IF_FULL, REFUND)}")
    return seat


def _chosen(actor: Actor, one: Participation) -> Participation | None:
    """Seat somebody where they said, if that can be had."""
    choice = one.data.get(IF_FULL)
    if choice == OWN:
        _require(one, LockKey("campaign", one.campaign_id))
        return _try(actor, one, None)
    if choice != OTHER:
        return None
    others = _others(one)
    _require(one, *(LockKey("instance", pk) for pk in others))
    rows = Instance.objects.select_related("campaign__shop", "version").in_bulk(others)
    tried = (_try(actor, one, rows[pk]) for pk in others)
    return next((seat for seat in tried if seat is not None), None)


def _require(one: Participation, *keys: LockKey) -> None:
    if not all(locks.held(key) for key in keys):
        raise Busy(detail=f"place {one.pk} went just now")


def _try(actor: Actor, one: Participation, instance: Instance | None) -> Participation | None:
    """Seat somebody in a group, or without one in a new group of theirs; None where it cannot be.

    Nothing stays of what cannot be.
    """
    with suppress(Refused, NotFound, IntegrityError), transaction.atomic():
        if instance is None:
            return _seated(actor, one, _opened(one), "leader")
        _take_place(instance, _member(one))
        return _seated(actor, one, instance, "member")
    return None


def _others(one: Participation) -> list[int]:
    """Return groups of the same terms that are open and have a free place, the fullest first.

    None in a chat room, and none of somebody who is apart from whoever looks for a place.
    """
    there = Participation.objects.filter(campaign_id=one.campaign_id, account_id=one.account_id)
    rows = Instance.objects.filter(
        campaign_id=one.campaign_id,
        version_id=one.instance.version_id,
        ended_at=None,
        deadline__gt=clock.now(),
        taken__lt=F("cap"),
        place="",
        owner__in=visible_accounts(_member(one)).values("pk"),
    )
    free = rows.exclude(pk__in=there.exclude(state="out").values("instance_id"))
    best = free.exclude(pk=one.instance_id).order_by("-done", "deadline", "id")
    return list(best.values_list("id", flat=True)[:MOST_TRIED])


def _opened(one: Participation) -> Instance:
    """Open a group of somebody's own, whose first place is theirs."""
    who, campaign, now = _member(one), one.instance.campaign, clock.now()
    kind = mechanic(campaign.mechanic)
    check_window(campaign, now)
    check_on(campaign.mechanic)
    assert campaign.version is not None
    terms, subject = kind.terms.model_validate(campaign.version.terms), new_ids(1)[0]
    before = Instance.objects.filter(campaign=campaign, owner_id=one.account_id).count()
    if before >= kind.turns(terms):
        raise Refused("turns")
    return new_instance(
        actor=who,
        campaign=campaign,
        subject=subject,
        opening=kind.begin(Beginning(who, campaign, terms, now, subject)),
        at=now,
        turn=before + 1,
        link_id=one.through,
    )


def _seated(actor: Actor, one: Participation, instance: Instance, role: str) -> Participation:
    """Let somebody have the place that was just taken for what they have paid."""
    kind, now = mechanic(instance.campaign.mechanic), clock.now()
    asked = Play(instance.campaign, terms_of(instance), instance, None, now)
    if instance.deadline <= now or not kind.seats(asked, one):
        raise Refused("over")
    role = "leader" if instance.owner_id == one.account_id else role
    stage = _stage(actor, one, instance)
    apply([Enter(role, scope="account", amount=one.amount, data=one.data, expires_at=now)], stage)
    assert stage.joined is not None
    seat = stage.joined
    Participation.objects.filter(pk=seat.pk).update(right_id=one.right_id)
    seat.right_id = one.right_id
    if instance.pk != one.instance_id:
        stage.person = None  # told of what was done for them
        apply([Tell(one.account_id, "campaign.reseated")], stage)
    return seat


def _member(one: Participation) -> Actor:
    return Actor(kind="member", id=one.account_id)


def _stage(actor: Actor, one: Participation, instance: Instance) -> Stage:
    return Stage(
        actor=actor,
        instance=instance,
        person=person_of(_member(one)),
        arrival=Arrival(link_id=one.through, channel=one.channel),
        given={"named": "1"} if one.is_named else {},
    )
