"""Taking part: beginning an instance, and every verb that people do to one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import works_in
from banyan.kernel import clock, events, locks
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code, new_ids
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Invalid, LoginRequired
from banyan.kernel.remembered import insert, remembered

from ..access import get_campaign_for, get_instance_for
from ..events import PlayOpened
from ..mechanic import VERBS, Arrival, Beginning, Mechanic, Opening, Play, mechanic, terms_of
from ..models import Campaign, Instance, Participation, PersonKey
from ..persons import Person, person_of
from ..problems import Refused
from ..seeds import commit
from .applying import Stage, apply, promise
from .switching import check_on

NOWHERE = Arrival()
STOPPABLE = frozenset({"join", "help"})
"""Verbs that end with a mechanic that is turned off; taking what was promised does not."""


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it: the instance as it is now, the actor's own place, where to go next."""

    instance: Instance
    mine: Participation | None
    repeated: bool = False
    next_url: str = ""


def begin(
    *,
    actor: Actor,
    code: str,
    arrival: Arrival = NOWHERE,
    cause: str | None = None,
    place: str = "",
    given: Mapping[str, Any] | None = None,
) -> Instance:
    """Begin an instance of a campaign. With ``cause`` once for each, whoever asks again.

    The money that it may cost at most is taken from the budget here, by one conditional UPDATE.
    Whoever has begun as many as one may gets their last one back. Locks campaign. Emits
    play.opened. Raises LoginRequired, Refused (not_yet, over, paused, tier, budget, staff).
    """
    campaign = get_campaign_for(actor, code)
    kind = mechanic(campaign.mechanic)
    person = person_of(actor)
    now = clock.now()
    check_window(campaign, now)
    check_on(campaign.mechanic)
    _check_person(actor, campaign, kind, person)
    assert campaign.version is not None
    terms = kind.terms.model_validate(campaign.version.terms)
    before = list(Instance.objects.filter(campaign=campaign, owner_id=person.account_id))
    known = [one for one in before if one.cause == cause] if cause else before
    if (cause and known) or len(before) >= kind.turns(terms):
        return max(known or before, key=lambda one: one.pk)
    subject = new_ids(1)[0]
    opening = kind.begin(Beginning(actor, campaign, terms, now, subject, given or {}))
    try:
        with transaction.atomic():
            instance = new_instance(
                actor=actor,
                campaign=campaign,
                subject=subject,
                opening=opening,
                at=now,
                turn=len(before) + 1,
                cause=cause,
                place=place,
                link_id=arrival.link_id,
            )
            stage = Stage(
                actor=actor, instance=instance, person=person, arrival=arrival, given=given
            )
            asked = Play(campaign, terms, instance, person, now, opening.taken, given=given or {})
            apply(kind.opened(asked), stage)
            _know_owner(kind, instance, person, joined=stage.joined is not None)
    except IntegrityError as error:
        if opening.code and "code" in str(error):
            raise Invalid(fields={"code": _("This code is taken.")}) from error
        if "instance_turn_once" not in str(error) and "instance_cause_once" not in str(error):
            raise
        mine = Instance.objects.filter(campaign=campaign, owner_id=person.account_id)
        return mine.order_by("-id")[0]
    return instance


def new_instance(
    *,
    actor: Actor,
    campaign: Campaign,
    subject: int,
    opening: Opening,
    at: dt.datetime,
    turn: int,
    cause: str | None = None,
    place: str = "",
    link_id: int | None = None,
) -> Instance:
    """Write the actor's instance down as its mechanic wants it; for verbs, in their transaction.

    ``at`` is the moment that the opening was asked for. What it may cost at most is taken from the
    budget. Locks campaign. Emits play.opened. Raises Refused ``budget``, and IntegrityError where
    this turn, cause or code is taken.
    """
    secret, published = dict(opening.kept), dict(opening.public)
    commitment = ""
    if opening.chance is not None:
        secret["seed"], fingerprints = commit(opening.chance)
        published["published"], commitment = fingerprints, fingerprints["parts"]
    locks.take([LockKey("campaign", campaign.pk)])
    promise(campaign, opening.promise)
    instance = Instance(
        id=subject,
        code=opening.code or new_code(80),
        campaign=campaign,
        version=campaign.version,
        owner_id=actor.id,
        turn=turn,
        state=mechanic(campaign.mechanic).machine.initial,
        cap=opening.cap,
        taken=opening.taken,
        amount=opening.amount,
        promise=opening.promise,
        secret=secret,
        public=published,
        commitment=commitment,
        cause=cause,
        place=place,
        link_id=link_id,
        opened_at=at,
        deadline=at + opening.lasts,
    )
    insert(instance)
    told = PlayOpened(instance_id=instance.pk, campaign_id=campaign.pk, account_id=actor.id)
    events.emit(told, actor=actor)
    return instance


def play(
    *,
    actor: Actor,
    code: str,
    verb: str,
    arrival: Arrival = NOWHERE,
    given: Mapping[str, Any] | None = None,
) -> Played:
    """Do ``verb`` (one of VERBS) to an instance; what a person did already stands and is returned.

    A verb that takes a place takes it by one conditional UPDATE, before the mechanic is asked.
    That everything is gone is said without a lock, in two statements. Locks instance, and what the
    effects lock after it. Raises LoginRequired and Refused.
    """
    if verb not in VERBS:
        raise Refused("not_offered", detail=verb)
    instance = get_instance_for(actor, code)
    campaign = instance.campaign
    kind = mechanic(campaign.mechanic)
    now = clock.now()
    if actor.id is None:
        raise LoginRequired()
    mine = _mine(instance, actor.id)
    if verb == "join" and mine is not None:
        return Played(instance, mine, repeated=True)
    _check_open(instance, now)
    scarce = verb in kind.scarce
    if scarce and instance.taken >= instance.cap:
        raise Refused("drained")
    if verb in STOPPABLE:
        check_on(campaign.mechanic)
    person = person_of(actor)
    _check_person(actor, campaign, kind, person)
    if scarce:
        kind.admit(person, instance, given or {})
    if verb == "help" and instance.owner_id == person.account_id:
        raise Refused("own")
    with transaction.atomic():
        locks.take_reading("instance", instance)
        _check_open(instance, now)
        place = take_place(instance) if scarce else 0
        stage = Stage(actor=actor, instance=instance, person=person, arrival=arrival, given=given)
        asked = Play(
            campaign,
            terms_of(instance),
            instance,
            person,
            now,
            place=place,
            mine=mine,
            given=given or {},
        )
        apply(getattr(kind, verb)(asked), stage)
    return Played(instance, stage.joined or mine, next_url=stage.next_url)


def _know_owner(kind: Mechanic[Any], instance: Instance, person: Person, *, joined: bool) -> None:
    """Let whoever comes under another name of the owner's meet the owner."""
    scopes = ["help"] if "help" in kind.scarce else []
    if not joined and not kind.owner_joins:
        scopes.append("instance")
    insert(
        *(
            PersonKey(account_id=person.account_id, scope=f"{scope}:{instance.pk}", key=key)
            for scope in scopes
            for key in sorted(person.keys)
        )
    )


def take_place(instance: Instance) -> int:
    """Take the next place or none, by one conditional UPDATE; return its number from 1.

    Raises Refused ``drained``.
    """
    free = Instance.objects.filter(pk=instance.pk, taken__lt=F("cap"), ended_at=None)
    if free.update(taken=F("taken") + 1) != 1:
        raise Refused("drained")
    instance.taken += 1
    return instance.taken


@remembered
def _own(instance_id: int, account_id: int) -> QuerySet[Participation]:
    rows = Participation.objects.filter(instance_id=instance_id, account_id=account_id)
    return rows.exclude(state="out")


def _mine(instance: Instance, account_id: int) -> Participation | None:
    return _own.first(instance.pk, account_id)


def check_window(campaign: Campaign, now: dt.datetime) -> None:
    """Say why nothing can be begun now: Refused not_yet, paused or over."""
    if campaign.state == "paused":
        raise Refused("paused")
    if now < campaign.starts_at:
        raise Refused("not_yet")
    if campaign.state != "published" or now >= campaign.ends_at:
        raise Refused("over")


def _check_open(instance: Instance, now: dt.datetime) -> None:
    """Say why nothing can be done to it now. An instance may outlive its campaign's window."""
    if instance.campaign.state == "paused":
        raise Refused("paused")
    if instance.ended_at is not None and instance.taken >= instance.cap:
        raise Refused("drained")
    if instance.ended_at is not None or now >= instance.deadline:
        raise Refused("over")


def _check_person(actor: Actor, campaign: Campaign, kind: Mechanic[Any], person: Person) -> None:
    if campaign.tier == "proven" and not person.is_proven:
        raise Refused("tier")
    if kind.chance and campaign.shop_id is not None and works_in(actor, campaign.shop_id):
        raise Refused("staff")
