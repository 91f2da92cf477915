"""Effects applied: everything that a hook asked for, in the transaction it was called in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import singledispatch
from typing import Any

from django.db import IntegrityError
from django.db.models import F

from banyan.chat import actions as chat
from banyan.kernel import clock, counters, events, locks
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Busy, SoldOut
from banyan.kernel.remembered import insert, insert_together
from banyan.kernel.states import transition, transition_all
from banyan.notify.actions import notify, notify_each

from .. import effects as say
from ..access import CARD, room_of
from ..causes import day_of
from ..events import PlayHelped, PlayJoined, PlayMoved
from ..honour import by_drive
from ..mechanic import OWNER, Arrival, mechanic
from ..models import Campaign, Contribution, Instance, Participation, PersonKey
from ..persons import Person, seat_keys, seat_scope
from ..problems import Refused
from ..states import PARTICIPATION
from ..words import titled


class Stage:
    """One application: whose effects, on which instance, by whom, and what came of it."""

    def __init__(
        self,
        *,
        actor: Actor,
        instance: Instance,
        person: Person | None,
        arrival: Arrival,
        given: Mapping[str, Any] | None = None,
    ) -> None:
        self.actor, self.instance = actor, instance
        self.person, self.arrival = person, arrival
        self.is_named = bool((given or {}).get("named"))
        self.joined: Participation | None = None
        self.spent = 0
        self.was_over = instance.ended_at is not None
        self.ends = False
        self.next_url = ""

    def require(self) -> Person:
        """Return who plays; hooks that time calls have nobody, and enter nobody."""
        if self.person is None:
            raise ValueError("nobody plays here")
        return self.person


def apply(effects: Sequence[say.Effect], stage: Stage) -> None:
    """Apply effects in order. Raises Refused ``twice`` when the person was here before.

    The caller's transaction must roll back on any Problem.
    """
    _lock_first(effects, stage)
    try:
        for effect in effects:
            by_the_drive(effect, stage)
    except IntegrityError as error:
        raise _meant(error) from error
    _settle(stage)


def _lock_first(effects: Sequence[say.Effect], stage: Stage) -> None:
    """Lock at once and in order what several effects lock: coupons, newer ones first, say.

    The campaign comes before its coupons, as for those who begin: its budget is settled after them.
    """
    named = [e for e in effects if isinstance(e, say.GiveCoupon)]
    coupons = {one for e in named for one in (e.coupon_id, e.instead) if one is not None}
    campaign = locks.LockKey("campaign", stage.instance.campaign_id)
    ends = any(isinstance(e, say.Move) and e.ends for e in effects)
    settles = coupons and ends and stage.instance.promise
    books = any(isinstance(e, say.Reverse | say.Promise) for e in effects)
    if settles or (stage.was_over and books):
        locks.take([campaign, *(locks.LockKey("entitlement", one) for one in coupons)])
    elif len(coupons) > 1:
        locks.take(locks.LockKey("entitlement", one) for one in coupons)


def _meant(error: IntegrityError) -> Exception:
    if 'null value in column "scope"' in str(error):
        return Refused("day")
    if "(day:" in str(error):
        return Busy(detail="two turns of one person at the same moment")
    once = ("played_once", "participation_once", "contribution_once", "granted_once")
    if any(name in str(error) for name in once):
        return Refused("twice")
    if "contribution_turn_once" in str(error):
        return Refused("quota")
    return error


def _settle(stage: Stage) -> None:
    """Write down what was given; what an instance that ends kept of the budget is free again."""
    instance = stage.instance
    if stage.spent:
        Instance.objects.filter(pk=instance.pk).update(spent=F("spent") + stage.spent)
        instance.spent += stage.spent
    if stage.was_over:
        if stage.spent:
            Campaign.objects.filter(pk=instance.campaign_id).update(spent=F("spent") + stage.spent)
    elif stage.ends and instance.promise:
        Campaign.objects.filter(pk=instance.campaign_id).update(
            reserved=F("reserved") - instance.promise, spent=F("spent") + instance.spent
        )


def promise(campaign: Campaign, money: int) -> None:
    """Keep ``money`` of the budget, by one conditional UPDATE; nothing costs nothing."""
    if not money:
        return
    free = Campaign.objects.filter(pk=campaign.pk, budget__gte=F("reserved") + F("spent") + money)
    if free.update(reserved=F("reserved") + money) != 1:
        raise Refused("budget")


def promise_more(instance: Instance, money: int) -> None:
    """Keep ``money`` more of the budget for an instance whose row is locked.

    For one that is over nothing is kept: the caller has locked the campaign, and gives it now.
    """
    if instance.ended_at is None:
        promise(instance.campaign, money)
    else:
        free = Campaign.objects.filter(pk=instance.campaign_id)
        if not free.filter(budget__gte=F("reserved") + F("spent") + money).exists():
            raise Refused("budget")
    Instance.objects.filter(pk=instance.pk).update(promise=F("promise") + money)
    instance.promise += money


def by_the_drive(effect: say.Effect, stage: Stage) -> None:
    """Apply what an effect comes to under the campaign's drive."""
    for meant in by_drive(stage.instance.campaign.drive, effect):
        _apply(meant, stage)


@singledispatch
def _apply(effect: say.Effect, stage: Stage) -> None:
    raise TypeError(f"nobody applies {effect!r}")


applies = _apply.register
"""Marks what applies a kind of effect, in another module of this package."""


def _keys(person: Person, scope: str) -> list[PersonKey]:
    return [
        PersonKey(account_id=person.account_id, scope=scope, key=key) for key in sorted(person.keys)
    ]


@_apply.register
def _enter(effect: say.Enter, stage: Stage) -> None:
    person, instance = stage.require(), stage.instance
    scope = "campaign" if effect.scope == "campaign" else "instance"
    subject = instance.campaign_id if scope == "campaign" else instance.pk
    row = Participation(
        campaign_id=instance.campaign_id,
        instance=instance,
        account_id=person.account_id,
        role=effect.role,
        state="in" if effect.expires_at is None else "reserved",
        place=effect.place,
        amount=effect.amount,
        weight=effect.weight,
        data=dict(effect.data),
        is_named=stage.is_named,
        through=stage.arrival.link_id,
        channel=stage.arrival.channel,
        expires_at=effect.expires_at,
        due_at=effect.due_at,
        created_at=clock.now(),
    )
    keys = _keys(person, f"{scope}:{subject}")
    if effect.scope == "account":
        keys = seat_keys(person, instance.pk)
    days = [_turn_of_day(instance.campaign, person, effect.per_day)] if effect.per_day else []
    told = PlayJoined(
        instance_id=instance.pk,
        campaign_id=instance.campaign_id,
        account_id=person.account_id,
        place=effect.place or 0,
    )
    insert_together(keys, [events.stored_of(told, actor=stage.actor)], [row], beside=days)
    events.run_handlers(told, stage.actor)
    stage.joined = row


_TURN_OF_DAY = """
    INSERT INTO campaigns_personkey (account_id, scope, key)
    SELECT %s, CASE WHEN count(*) < %s THEN %s || count(*) END, %s
    FROM campaigns_personkey WHERE key = ANY(%s) AND scope = ANY(%s)
"""


def _turn_of_day(campaign: Campaign, person: Person, most: int) -> tuple[str, list[Any]]:
    """Return what takes somebody's next turn of the shop's day, and fails where there is none.

    Beyond the last turn there is no scope, which the column needs; two at once want the same one.
    """
    day = f"day:{campaign.pk}:{day_of(campaign, clock.now()):%Y%m%d}:"
    own = [f"day:{one}" for one in sorted(person.accounts)]
    turns = [f"{day}{turn}" for turn in range(most)]
    return _TURN_OF_DAY, [person.account_id, most, day, own[0], own, turns]


@_apply.register
def _contribute(effect: say.Contribute, stage: Stage) -> None:
    person, instance = stage.require(), stage.instance
    now = clock.now()
    today = day_of(instance.campaign, now)
    done = Contribution.objects.filter(
        campaign_id=instance.campaign_id, helper_id__in=person.accounts, day=today
    ).count()
    if done >= effect.per_day:
        raise Refused("quota")
    row = Contribution(
        campaign_id=instance.campaign_id,
        instance=instance,
        helper_id=person.account_id,
        helped_id=instance.owner_id,
        kind=effect.kind,
        nth=effect.nth,
        day=today,
        turn=done + 1,
        amount=effect.amount,
        weight=effect.weight,
        is_named=stage.is_named,
        through=stage.arrival.link_id,
        channel=stage.arrival.channel,
        created_at=now,
    )
    keys = _keys(person, f"help:{instance.pk}")
    told = PlayHelped(
        instance_id=instance.pk,
        campaign_id=instance.campaign_id,
        account_id=person.account_id,
        nth=effect.nth,
    )
    insert_together(keys, [events.stored_of(told, actor=stage.actor)], [row])
    events.run_handlers(told, stage.actor)
    if not effect.weight:
        _free_place(instance)


def _free_place(instance: Instance) -> None:
    Instance.objects.filter(pk=instance.pk).update(taken=F("taken") - 1)
    instance.taken -= 1


@_apply.register
def _once(effect: say.Once, stage: Stage) -> None:
    person, instance = stage.require(), stage.instance
    scopes = (f"campaign:{instance.campaign_id}", f"instance:{instance.pk}")
    insert(*(one for scope in scopes for one in _keys(person, scope)))


@_apply.register
def _take_one(effect: say.TakeOne, stage: Stage) -> None:
    kind, campaign_id = f"campaigns.{effect.what}", stage.instance.campaign_id
    counters.open_counter(kind=kind, subject_id=campaign_id, cap=effect.of)
    try:
        counters.take(kind=kind, subject_id=campaign_id)
    except SoldOut as gone:
        raise Refused("drained", detail=gone.detail) from gone


@_apply.register
def _take_back(effect: say.TakeBack, stage: Stage) -> None:
    person, instance = stage.require(), stage.instance
    mine = Contribution.objects.filter(
        instance_id=instance.pk, helper_id=person.account_id, undone_at=None
    )
    weighs = mine.filter(weight__gt=0).exists()
    if mine.update(undone_at=clock.now()) != 1:
        raise Refused("not_offered")
    PersonKey.objects.filter(account_id=person.account_id, scope=f"help:{instance.pk}").delete()
    if weighs:
        _free_place(instance)


@_apply.register
def _promise(effect: say.Promise, stage: Stage) -> None:
    promise_more(stage.instance, effect.amount)


@_apply.register
def _confirm(effect: say.Confirm, stage: Stage) -> None:
    one, instance = effect.one, stage.instance
    transition(PARTICIPATION, one, "in", actor=stage.actor)
    Instance.objects.filter(pk=instance.pk).update(done=F("done") + 1)
    instance.done += 1


@_apply.register
def _leave(effect: say.Leave, stage: Stage) -> None:
    one, instance = effect.one, stage.instance
    done = int(one.state == "in")
    transition(PARTICIPATION, one, "out", actor=stage.actor, reason=effect.reason)
    scopes = [f"instance:{instance.pk}", f"campaign:{instance.campaign_id}"]
    scopes.append(seat_scope(instance.pk, one.account_id))
    PersonKey.objects.filter(account_id=one.account_id, scope__in=scopes).delete()
    if one.role != OWNER:
        fewer = {"taken": F("taken") - 1, "done": F("done") - done}
        Instance.objects.filter(pk=instance.pk).update(**fewer)
        instance.taken, instance.done = instance.taken - 1, instance.done - done


@_apply.register
def _follow(effect: say.Follow, stage: Stage) -> None:
    data = effect.one.data | ({"reason": effect.reason} if effect.reason else {})
    Participation.objects.filter(pk=effect.one.pk).update(
        order_id=effect.order_id, due_at=effect.due_at, data=data
    )


@_apply.register
def _keep(effect: say.Keep, stage: Stage) -> None:
    effect.one.data = {**effect.one.data, **effect.data}
    Participation.objects.filter(pk=effect.one.pk).update(data=effect.one.data)


@_apply.register
def _count(effect: say.Count, stage: Stage) -> None:
    transition(PARTICIPATION, effect.one, "won", actor=stage.actor)
    Instance.objects.filter(pk=stage.instance.pk).update(done=F("done") + 1)
    stage.instance.done += 1


@_apply.register
def _reprice(effect: say.Reprice, stage: Stage) -> None:
    rows = Participation.objects.filter(instance_id=stage.instance.pk, state="in")
    rows.filter(amount__gt=effect.amount).update(amount=effect.amount, order_due_at=clock.now())


@_apply.register
def _let_go(effect: say.LetGo, stage: Stage) -> None:
    rows = Participation.objects.filter(instance_id=stage.instance.pk, state="in")
    rows.filter(order_id__isnull=False).update(order_due_at=clock.now())


@_apply.register
def _undo(effect: say.Undo, stage: Stage) -> None:
    now = clock.now()
    rows = Participation.objects.filter(instance_id=stage.instance.pk)
    transition_all(PARTICIPATION, list(rows.filter(state="in")), "lost", actor=stage.actor)
    unpaid = list(rows.filter(state="reserved"))
    transition_all(PARTICIPATION, unpaid, "out", actor=stage.actor)
    rows.filter(state__in=["lost", "out"], right_id__isnull=False).update(order_due_at=now)
    free = sum(one.role != OWNER for one in unpaid)
    Instance.objects.filter(pk=stage.instance.pk).update(taken=F("taken") - free)
    stage.instance.taken -= free


@_apply.register
def _move(effect: say.Move, stage: Stage) -> None:
    instance = stage.instance
    machine = mechanic(instance.campaign.mechanic).machine
    ended: dict[str, Any] = {"ended_at": clock.now()} if effect.ends else {}
    stage.ends = stage.ends or effect.ends
    transition(machine, instance, effect.to, actor=stage.actor, **ended)
    told = PlayMoved(instance_id=instance.pk, campaign_id=instance.campaign_id, state=effect.to)
    events.emit(told, actor=stage.actor)


@_apply.register
def _move_one(effect: say.MoveOne, stage: Stage) -> None:
    transition(PARTICIPATION, effect.one, effect.to, actor=stage.actor)


@_apply.register
def _change(effect: say.Change, stage: Stage) -> None:
    Instance.objects.filter(pk=stage.instance.pk).update(**effect.values)
    for name, value in effect.values.items():
        setattr(stage.instance, name, value)


@_apply.register
def _tell(effect: say.Tell, stage: Stage) -> None:
    instance = stage.instance
    notify(
        recipient_id=effect.who,
        kind=effect.kind,
        group_key=f"{effect.kind}:{instance.pk}",
        url=f"/play/{instance.code}",
        data={**titled(instance.campaign), **effect.data},
        actor_id=stage.person.account_id if stage.person else None,
    )


@_apply.register
def _tell_all(effect: say.TellAll, stage: Stage) -> None:
    instance = stage.instance
    inside = Participation.objects.filter(instance_id=instance.pk, state="in")
    people = inside.exclude(account_id=effect.but).values_list("account_id", flat=True)
    notify_each(
        recipient_ids=list(people),
        kind=effect.kind,
        group_key=f"{effect.kind}:{instance.pk}",
        url=f"/play/{instance.code}",
        data=titled(instance.campaign) | dict(effect.data),
    )


@_apply.register
def _show(effect: say.Show, stage: Stage) -> None:
    instance = stage.instance
    chat.send(
        actor=stage.actor,
        room_id=room_of(instance) or 0,
        words=chat.Words(card=chat.Wanted(CARD, instance.pk), key=f"{CARD}:{instance.pk}"),
    )


@_apply.register
def _lead(effect: say.Lead, stage: Stage) -> None:
    if stage.instance.campaign.landing == "direct":
        stage.next_url = effect.url
