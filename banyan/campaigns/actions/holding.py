"""Places kept for visitors who want to join, for as long as it takes to sign in."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from banyan.kernel import clock, locks
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.locks import LockKey
from banyan.kernel.sweeps import sweep

from ..access import get_instance_for
from ..mechanic import mechanic
from ..models import Instance, PlaceHold
from ..problems import Refused
from .playing import check_open, going, gone
from .switching import check_on


def keep_place(*, actor: Actor, code: str) -> PlaceHold:
    """Keep a place for a visitor, as far as half of them are not kept already: unsigned taps alone
    never close a play. Its ``key``, given to ``play``, takes the place in time.

    Taken from the places by one conditional UPDATE; count who asks before. Locks instance. Raises
    NotFound, Refused (not_offered, drained, held, and where it is not open).
    """
    instance = get_instance_for(actor, code)
    kind = mechanic(instance.campaign.mechanic)
    if kind.keeps is None:
        raise Refused("not_offered")
    now = clock.now()
    check_open(instance, now)
    check_on(kind.code)
    with transaction.atomic():
        locks.take_reading("instance", instance)
        check_open(instance, now)
        _keep(instance, actor)
        return PlaceHold.objects.create(
            instance=instance,
            key=new_code(80),
            expires_at=min(now + kind.keeps, instance.deadline),
        )


def _keep(instance: Instance, actor: Actor) -> None:
    free = going(instance, actor).filter(taken__lt=F("cap"), held__lt=(instance.cap + 1) // 2)
    if free.update(taken=F("taken") + 1, held=F("held") + 1) != 1:
        raise gone(instance, actor)


def free_places(*, actor: Actor) -> int:
    """Give places back that were kept for nobody in the end; returns how many. Locks instance."""
    due = PlaceHold.objects.filter(expires_at__lte=clock.now())

    def free(hold_id: int) -> int:
        hold = due.filter(pk=hold_id).first()
        if hold is None:
            return 0  # given back with another one of its instance
        with transaction.atomic():
            locks.take([LockKey("instance", hold.instance_id)])
            n = due.filter(instance_id=hold.instance_id).delete()[0]
            rows = Instance.objects.filter(pk=hold.instance_id)
            rows.update(taken=F("taken") - n, held=F("held") - n)
        return n

    return sweep("campaigns.free_places", due, free, by="expires_at")
