"""Effects that give something: coupons, prices, marks, turns of a wheel; and what takes it back."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F

from banyan.entitlements.actions import (
    CouponRefused,
    RightInput,
    grant_coupon,
    grant_off,
    grant_price_rights,
    revoke_grants,
)
from banyan.entitlements.models import Grant as CouponGrant
from banyan.kernel import clock, counters, events, fairness, locks
from banyan.kernel.locks import LockKey
from banyan.kernel.money import Money
from banyan.kernel.problems import SoldOut
from banyan.kernel.remembered import insert
from banyan.kernel.states import transition

from .. import effects as say
from ..chance.instant import Turn, prize_counter, receipt
from ..events import PlayTurned
from ..mechanic import DRAW
from ..models import Campaign, Grant, Instance, Participation
from ..problems import Refused
from ..states import PARTICIPATION
from .applying import Stage, applies, by_the_drive, promise_more
from .keeping import take_off


@applies
def _give_coupon(effect: say.GiveCoupon, stage: Stage) -> None:
    given = None
    for coupon_id in (effect.coupon_id, effect.instead):
        if coupon_id is None:
            continue
        try:
            with transaction.atomic():
                given = grant_coupon(
                    actor=stage.actor, coupon_id=coupon_id, account_id=effect.who, source="campaign"
                )
            break
        except CouponRefused:
            continue
    if given is None:
        raise Refused("drained", detail=f"coupons {effect.coupon_id}, {effect.instead}")
    _note_given(stage, effect, "coupon", given.pk)


@applies
def _give_price(effect: say.GivePrice, stage: Stage) -> None:
    instance = stage.instance
    wanted = RightInput(
        account_id=effect.who,
        variant_id=effect.variant_id,
        price=Money(effect.amount, instance.campaign.currency),
        title=instance.campaign.title,
        expires_at=effect.until,
        campaign_id=instance.campaign_id,
        instance_id=instance.pk,
    )
    (right,) = grant_price_rights(actor=stage.actor, wanted=[wanted])
    _note_given(stage, effect, "right", right.pk)


@applies
def _give_off(effect: say.GiveOff, stage: Stage) -> None:
    campaign = stage.instance.campaign
    given = grant_off(
        actor=stage.actor,
        shop_id=campaign.shop_id or 0,
        account_ids=effect.to,
        title=campaign.title,
        variant_id=effect.variant_id,
        off=Money(effect.off, campaign.currency),
        until=effect.until,
        source="campaign",
    )
    rows = ((one.account_id or 0, one.pk) for one in given)
    insert(*(_given(stage, effect, who, "coupon", reference=key) for who, key in rows))


@applies
def _mark(effect: say.Mark, stage: Stage) -> None:
    insert(*(_given(stage, effect, who, "honour") for who in effect.to))


def _note_given(
    stage: Stage, effect: say.GiveCoupon | say.GivePrice, kind: str, reference: int
) -> None:
    """Write down what was given and why; what it costs comes out of the instance's promise."""
    insert(_given(stage, effect, effect.who, kind, reference=reference, cost=effect.cost))
    stage.spent += effect.cost


def _given(
    stage: Stage,
    why: say.GiveCoupon | say.GivePrice | say.GiveOff | say.Mark,
    who: int,
    kind: str,
    **columns: Any,
) -> Grant:
    return Grant(
        campaign_id=stage.instance.campaign_id,
        instance=stage.instance,
        account_id=who,
        rule=why.rule,
        cause=why.cause,
        kind=kind,
        created_at=clock.now(),
        **columns,
    )


@applies
def _turn(effect: say.Turn, stage: Stage) -> None:
    instance, wheel = stage.instance, effect.wheel
    # Turns queue up at the campaign, in the order in which they take from the stock.
    locks.take([LockKey("campaign", instance.campaign_id)])
    rows = Campaign.objects.filter(pk=instance.campaign_id)
    public = rows.values_list("public", flat=True).get()
    n = public["turns"]
    seed = fairness.use(purpose=DRAW, subject_id=instance.campaign_id)
    drawn = wheel.drawn(seed=seed, n=n, who=instance.code)
    given = wheel.given(drawn, lambda prize: _take_prize(instance.campaign_id, prize))
    head = receipt(public["head"], n=n, turn=Turn(instance.code, given))
    rows.update(public=public | {"turns": n + 1, "head": head})
    turns = [*instance.public["turns"], [n, given, head]]
    by_the_drive(say.Change({"public": instance.public | {"turns": turns}}), stage)
    told = PlayTurned(instance_id=instance.pk, campaign_id=instance.campaign_id, turn=n)
    events.emit(told, actor=stage.actor)
    if given in effect.coupons:
        coupon, cost = effect.coupons[given]
        who, cause = stage.require().account_id, f"turn:{n}"
        if coupon is None:
            by_the_drive(say.Mark([who], "prize", cause), stage)
            return
        promise_more(instance, cost)
        by_the_drive(say.GiveCoupon(who, coupon, "prize", cause, cost), stage)


def _take_prize(campaign_id: int, prize: str) -> bool:
    try:
        counters.take(kind=prize_counter(prize), subject_id=campaign_id)
    except SoldOut:
        return False
    return True


@applies
def _give_right(effect: say.GiveRight, stage: Stage) -> None:
    instance, joined = stage.instance, effect.to or stage.joined
    if joined is None:
        raise ValueError("a right is given to who has just entered")
    wanted = RightInput(
        account_id=joined.account_id,
        variant_id=effect.variant_id,
        price=Money(effect.amount, instance.campaign.currency),
        title=instance.campaign.title,
        expires_at=effect.until,
        quantity=effect.quantity,
        funded_by=effect.funded_by,
        campaign_id=instance.campaign_id,
        instance_id=instance.pk,
        participation_id=joined.pk,
        keeps=effect.keeps and take_off(instance) is not None,
    )
    (right,) = grant_price_rights(actor=stage.actor, wanted=[wanted])
    changed = {"right_id": right.pk, "amount": effect.amount, "expires_at": effect.until}
    Participation.objects.filter(pk=joined.pk).update(**changed)
    joined.right_id, joined.amount, joined.expires_at = right.pk, effect.amount, effect.until


@applies
def _reverse(effect: say.Reverse, stage: Stage) -> None:
    one, instance = effect.one, stage.instance
    transition(PARTICIPATION, one, "reversed", actor=stage.actor)
    Instance.objects.filter(pk=instance.pk).update(done=F("done") - 1)
    instance.done -= 1
    rows = Grant.objects.filter(
        campaign_id=instance.campaign_id,
        cause=effect.cause,
        rule=effect.rule,
        account_id=effect.who,
    )
    rows.filter(kind="honour").update(undone_at=clock.now())
    given = rows.filter(kind="coupon").first()
    if given is None:
        return
    reference = given.reference or 0
    if revoke_grants(actor=stage.actor, grant_ids=[reference], reason="its cause was undone"):
        Grant.objects.filter(pk=given.pk).update(undone_at=clock.now())
        stage.spent -= given.cost
        by_the_drive(say.Tell(effect.who, "campaign.taken_back"), stage)
    elif CouponGrant.objects.filter(pk=reference, state__in=["reserved", "redeemed"]).exists():
        by_the_drive(say.Keep(one, {"owed": True}), stage)
        by_the_drive(say.Tell(effect.who, "campaign.owed"), stage)
