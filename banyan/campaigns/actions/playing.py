"""Taking part: beginning an instance, and every verb that people do to one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, QuerySet
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import visible_variants, works_in
from banyan.kernel import clock, events, locks
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code, new_ids
from banyan.kernel.problems import Busy, Invalid, LoginRequired, NotFound
from banyan.kernel.remembered import insert, remembered
from banyan.people.access import blocked_between, not_blocked

from ..access import get_campaign_for, get_instance_for
from ..audience import check_audience, check_person
from ..causes import Cause, cause_of, check_brings, check_unchanged
from ..checks import are_on_sale, goods_of, hindrance
from ..events import PlayOpened
from ..mechanic import (
    VERBS,
    Arrival,
    Beginning,
    Mechanic,
    Opening,
    Play,
    comes_late,
    mechanic,
    terms_of,
)
from ..models import Campaign, Instance, Participation, PersonKey, PlaceHold
from ..persons import Person, person_of
from ..problems import Refused
from ..seeds import commit
from .applying import Stage, apply, promise
from .switching import check_on

NOWHERE = Arrival()
ONCE = ("instance_turn_once", "instance_cause_once", "instance_order_once")
LATE = "late"
STOPPABLE = frozenset({"join", "help"})
"""Verbs that end with a mechanic that is turned off, or a pause; what was promised is taken."""


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
    subject: int | None = None,
) -> Instance:
    """Begin an instance of a campaign. With ``cause`` once for each, whoever asks again.

    ``subject`` is the id that it gets, where it is known before.

    A cause may also follow from the terms: the order that is ``given``, or the day. The money that
    it may cost at most is taken from the budget here, by one conditional UPDATE. Whoever has begun
    as many as one may gets their last one back; with a new cause, or where that was under another
    account, they are refused. Locks campaign, what the effects lock, and the order. Emits
    play.opened. Raises LoginRequired, Refused (not_yet, over, paused, budget, staff, order, once,
    turns, twice, gone, sold_out, and what ``audience`` refuses), and Busy.
    """
    campaign = get_campaign_for(actor, code)
    kind = mechanic(campaign.mechanic)
    person = person_of(actor)
    now = clock.now()
    check_window(campaign, now)
    check_on(campaign.mechanic)
    _check_person(actor, campaign, kind, person, "begin")
    check_audience(actor, campaign, person, owner_id=person.account_id)
    assert campaign.version is not None
    terms = kind.terms.model_validate(campaign.version.terms)
    began = Cause(cause) if cause else cause_of(actor, campaign, terms, given or {}, now)
    before = list(Instance.objects.filter(campaign=campaign, owner_id__in=person.accounts))
    own = [one for one in before if one.owner_id == person.account_id]
    known = [one for one in before if began.is_of(one)]
    full = len(before) >= kind.turns(terms)
    if known or (full and began.key is None):
        mine = [one for one in known or own if one.owner_id == person.account_id]
        if not mine:
            raise Refused("twice")
        return max(mine, key=lambda one: one.pk)
    check_brings(campaign, terms, began, now)
    if full:
        raise Refused("turns")
    if reason := hindrance(kind, terms):
        raise Refused(reason)
    subject = subject or new_ids(1)[0]
    opening = kind.begin(Beginning(actor, campaign, terms, now, subject, given or {}))
    try:
        with transaction.atomic():
            instance = new_instance(
                actor=actor,
                campaign=campaign,
                subject=subject,
                opening=opening,
                at=now,
                turn=len(own) + 1,
                cause=began.key,
                place=place,
                link_id=arrival.link_id,
            )
            stage = Stage(
                actor=actor, instance=instance, person=person, arrival=arrival, given=given
            )
            asked = Play(campaign, terms, instance, person, now, opening.taken, given=given or {})
            apply(kind.opened(asked), stage)
            _know_owner(kind, instance, person, joined=stage.joined is not None)
            check_unchanged(began.order)
    except IntegrityError as error:
        if opening.code and "code" in str(error):
            raise Invalid(fields={"code": _("This code is taken.")}) from error
        if not any(name in str(error) for name in ONCE):
            raise
        return _other(campaign, person, began)
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
    budget. Locks campaign. Emits play.opened. Raises Refused (over, paused, budget), and
    IntegrityError where this turn, cause or code is taken.
    """
    secret, published = dict(opening.kept), dict(opening.public)
    commitment = ""
    if opening.chance is not None:
        secret["seed"], fingerprints = commit(opening.chance)
        published["published"], commitment = fingerprints, fingerprints["parts"]
    locks.take_reading("campaign", campaign)
    # Whoever ends it closes its books and opens its seeds: nothing begins after that.
    check_window(campaign, at)
    promised = 0 if campaign.drive == "honour" else opening.promise
    promise(campaign, promised)
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
        promise=promised,
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


def _other(campaign: Campaign, person: Person, began: Cause) -> Instance:
    """Return what was begun in the same moment, or say why it is not that."""
    mine = Instance.objects.filter(campaign=campaign, owner_id=person.account_id)
    if began.key is None:
        return mine.order_by("-id")[0]
    if found := mine.filter(cause=began.key).first():
        return found
    if began.order is not None and Instance.objects.filter(cause=began.key).exists():
        raise Refused("once")
    raise Busy()


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
    Whoever gives the key of a place that is ``kept`` for them takes that one. That everything is
    gone is said without a lock, in two statements; where the mechanic ``consoles``, who comes too
    late has what is for them instead of a place. Locks instance, and what the
    effects lock after it. Raises LoginRequired, Refused, and NotFound for a place in what somebody
    began who is apart from the actor by a block.
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
    hook = _hook(instance, verb, now)
    scarce = hook in kind.scarce
    kept = _kept(instance, str((given or {}).get("kept", "")), now) if scarce else None
    if scarce and kept is None and instance.taken >= instance.cap:
        raise Refused("held" if instance.held else "drained")
    if verb in STOPPABLE:
        check_on(campaign.mechanic)
    person = person_of(actor)
    if verb != "withdraw":  # what one did can be taken back, whatever is asked of others
        _check_person(actor, campaign, kind, person, verb)
    if verb in STOPPABLE:
        check_audience(actor, campaign, person, owner_id=instance.owner_id)
    if verb in kind.scarce:
        kind.admit(person, instance, given or {})
    if verb == "help" and instance.owner_id in person.accounts:
        raise Refused("own")
    with transaction.atomic():
        locks.take_reading("instance", instance)
        hook = _hook(instance, verb, now)
        place = 0
        if hook == LATE and _paused(instance).exists():
            raise Refused("paused")
        if hook in kind.scarce:
            place = _take_kept(instance, kept, actor) if kept else _take_place(instance, actor)
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
        apply(getattr(kind, hook)(asked), stage)
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


def _take_place(instance: Instance, actor: Actor) -> int:
    """Take the next place or none, by one conditional UPDATE; return its number from 1.

    Raises Refused (drained, held, paused, gone), NotFound: see :func:`going`.
    """
    if going(instance, actor).filter(taken__lt=F("cap")).update(taken=F("taken") + 1) != 1:
        raise gone(instance, actor)
    instance.taken += 1
    return instance.taken - instance.held


def _kept(instance: Instance, key: str, now: dt.datetime) -> PlaceHold | None:
    """Return the place that is kept for whoever has ``key``. No statement where none is."""
    if not (instance.held and key):
        return None
    return PlaceHold.objects.filter(instance=instance, key=key, expires_at__gt=now).first()


def _take_kept(instance: Instance, kept: PlaceHold, actor: Actor) -> int:
    """Take the place that was kept, once; return its number from 1, as :func:`_take_place` does."""
    if not PlaceHold.objects.filter(pk=kept.pk).delete()[0]:
        return _take_place(instance, actor)
    if going(instance, actor).update(held=F("held") - 1) != 1:
        raise gone(instance, actor)
    instance.held -= 1
    return instance.taken - instance.held


def going(instance: Instance, actor: Actor) -> QuerySet[Instance]:
    """Return the row of an instance that runs, whose campaign nobody has paused meanwhile, and
    whose goods are on sale: what was taken down is helped on by nobody. None for whoever is apart
    from who began it by a block.
    """
    rows = Instance.objects.filter(not_blocked(actor, "owner_id"), pk=instance.pk, ended_at=None)
    for variant_id in sorted(goods_of(terms_of(instance))):
        rows = rows.filter(Exists(visible_variants().filter(pk=variant_id)))
    return rows.filter(~Exists(_paused(instance)))


def gone(instance: Instance, actor: Actor) -> Refused | NotFound:
    """Return why no place could be taken."""
    if actor.id is not None and blocked_between(actor.id, instance.owner_id or 0):
        return NotFound()
    if _paused(instance).exists():
        return Refused("paused")
    if not are_on_sale(terms_of(instance)):
        return Refused("gone")
    return Refused("held" if instance.held else "drained")


def _paused(instance: Instance) -> QuerySet[Campaign]:
    return Campaign.objects.filter(pk=instance.campaign_id, state="paused")


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


def check_open(instance: Instance, now: dt.datetime, verb: str = "join") -> None:
    """Say why a verb cannot be done to it now. An instance may outlive its campaign's window."""
    # At a wheel what is taken is drawn from the stock of all: that is playing on.
    stops = verb in STOPPABLE or mechanic(instance.campaign.mechanic).shared
    if stops and instance.campaign.state == "paused":
        raise Refused("paused")
    if instance.ended_at is not None and instance.taken >= instance.cap:
        raise Refused("drained")
    if instance.ended_at is not None or now >= instance.deadline:
        raise Refused("over")


def _hook(instance: Instance, verb: str, now: dt.datetime) -> str:
    """Return which hook answers a verb; raises Refused where none does, see check_open."""
    if verb == "join" and instance.campaign.state != "paused" and comes_late(instance, now):
        return LATE
    check_open(instance, now, verb)
    return verb


def _check_person(
    actor: Actor, campaign: Campaign, kind: Mechanic[Any], person: Person, verb: str
) -> None:
    check_person(campaign, person, verb=verb)
    if kind.chance and campaign.shop_id is not None and works_in(actor, campaign.shop_id):
        raise Refused("staff")
