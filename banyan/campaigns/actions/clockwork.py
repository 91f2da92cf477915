"""What happens to campaigns because time passes. Every step is repeatable and decides by the clock.

Taking part never waits for this: whether something is open is read from its deadline.
"""

from __future__ import annotations

import hashlib

from django.db import transaction

from banyan.kernel import clock, fairness, locks
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import IllegalTransition
from banyan.kernel.states import transition_telling
from banyan.kernel.sweeps import sweep

from ..chance.instant import Turn
from ..events import CampaignEnded
from ..mechanic import DRAW, Arrival, Play, mechanic, mechanics, terms_of
from ..models import Campaign, Instance, ProofFile
from ..states import CAMPAIGN
from .applying import Stage, apply
from .drawing import draw
from .following import decide_due
from .planning import settle


def advance(*, actor: Actor) -> int:
    """End instances and campaigns whose time has come; returns how many instances were due."""
    now = clock.now()
    due = Instance.objects.filter(ended_at=None, deadline__lte=now)

    def expire(instance_id: int) -> int:
        expire_instance(actor=actor, instance_id=instance_id)
        return 1

    ended = sweep("campaigns.expire", due, expire, by="deadline")
    decide_due(actor=actor)
    over = Campaign.objects.filter(state__in=["published", "paused"], ends_at__lte=now)
    sweep("campaigns.end", over, lambda pk: _end(actor, pk), by="ends_at")
    drawn = Campaign.objects.filter(state="ended", mechanic__in=_pooled())
    sweep("campaigns.draw", drawn, lambda pk: _draw(actor, pk), by="ends_at")
    running = Instance.objects.filter(ended_at=None).values("campaign_id")
    done = Campaign.objects.filter(state="ended").exclude(pk__in=running)
    sweep("campaigns.settle", done, lambda pk: _settle(actor, pk), by="ends_at")
    return ended


def _end(actor: Actor, campaign_id: int) -> int:
    with transaction.atomic():
        locks.take([LockKey("campaign", campaign_id)])
        campaign = Campaign.objects.get(pk=campaign_id)
        if campaign.state not in {"published", "paused"}:
            return 0
        told = CampaignEnded(campaign_id=campaign.pk, shop_id=campaign.shop_id)
        transition_telling(
            CAMPAIGN, campaign, "ended", event=told, actor=actor, ended_at=campaign.ends_at
        )
    return 1


def _pooled() -> list[str]:
    return [kind.code for kind in mechanics().values() if kind.pooled]


def _draw(actor: Actor, campaign_id: int) -> int:
    campaign = Campaign.objects.select_related("version").get(pk=campaign_id)
    kind = mechanic(campaign.mechanic)
    # Whoever ends a campaign early ends no entry: these go on to their deadline.
    if Instance.objects.filter(campaign=campaign, state=kind.machine.initial).exists():
        return 0
    draw(actor=actor, campaign=campaign)
    return 1


def _settle(actor: Actor, campaign_id: int) -> int:
    campaign = Campaign.objects.select_related("version").get(pk=campaign_id)
    publish_turns(campaign=campaign)
    settle(actor=actor, campaign=campaign)
    return 1


def publish_turns(*, campaign: Campaign) -> None:
    """Open the seed of a wheel that nobody can turn any more, and publish its proof. Repeatable."""
    kind = mechanic(campaign.mechanic)
    assert campaign.version is not None
    wheel = kind.wheel_of(campaign, kind.terms.model_validate(campaign.version.terms))
    if wheel is None or "proof" in campaign.public:
        return
    plays = Instance.objects.filter(campaign=campaign).values_list("code", "public")
    turns = sorted(
        (n, code, given) for code, public in plays for n, given, _receipt in public["turns"]
    )
    seed = fairness.reveal(purpose=DRAW, subject_id=campaign.pk)
    text = wheel.proof(seed, [Turn(code, given) for _n, code, given in turns])
    with transaction.atomic():
        ProofFile.objects.update_or_create(campaign=campaign, defaults={"text": text})
        campaign.public = campaign.public | {"proof": hashlib.sha256(text.encode()).hexdigest()}
        campaign.save(update_fields=["public"])


def expire_instance(*, actor: Actor, instance_id: int) -> None:
    """End an instance whose deadline has passed; repeatable. Locks instance."""
    instance = Instance.objects.select_related("campaign__shop", "version").get(pk=instance_id)
    with transaction.atomic():
        locks.take([LockKey("instance", instance.pk)])
        instance.refresh_from_db()
        if instance.ended_at is not None or instance.deadline > clock.now():
            return
        kind = mechanic(instance.campaign.mechanic)
        asked = Play(instance.campaign, terms_of(instance), instance, None, instance.deadline)
        stage = Stage(actor=actor, instance=instance, person=None, arrival=Arrival())
        effects = kind.expire(asked)
        apply(effects, stage)
        # A new deadline may have passed as well where nobody looked for long: the next call does.
        if not effects:
            raise IllegalTransition(detail=f"instance {instance.pk} is not over after its deadline")
