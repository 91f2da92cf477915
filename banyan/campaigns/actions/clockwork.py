"""What happens to campaigns because time passes. Every step is repeatable and decides by the clock.

Taking part never waits for this: whether something is open is read from its deadline.
"""

from __future__ import annotations

import hashlib
import logging

from django.db import transaction

from banyan.kernel import clock, fairness, locks
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Busy, IllegalTransition
from banyan.kernel.states import transition_telling

from ..chance.instant import Turn
from ..events import CampaignEnded
from ..mechanic import DRAW, Arrival, Play, mechanic, terms_of
from ..models import Campaign, Instance, ProofFile
from ..states import CAMPAIGN
from .applying import Stage, apply
from .drawing import draw
from .following import decide_due
from .planning import settle

logger = logging.getLogger(__name__)


def advance(*, actor: Actor, limit: int = 500) -> int:
    """End instances and campaigns whose time has come; returns how many were looked at."""
    now = clock.now()
    due = Instance.objects.filter(ended_at=None, deadline__lte=now).order_by("deadline")
    ids = list(due.values_list("id", flat=True)[:limit])
    for instance_id in ids:
        try:
            expire_instance(actor=actor, instance_id=instance_id)
        except (Busy, IllegalTransition) as error:
            logger.warning("instance %s ends later: %s", instance_id, error)
        except Exception:
            # One that cannot end must not hold up the others.
            logger.exception("instance %s does not end", instance_id)
    decide_due(actor=actor, limit=limit)
    over = Campaign.objects.filter(state__in=["published", "paused"], ends_at__lte=now)
    for campaign in over[:limit]:
        with transaction.atomic():
            locks.take([LockKey("campaign", campaign.pk)])
            campaign.refresh_from_db()
            if campaign.state in {"published", "paused"}:
                told = CampaignEnded(campaign_id=campaign.pk, shop_id=campaign.shop_id)
                transition_telling(
                    CAMPAIGN, campaign, "ended", event=told, actor=actor, ended_at=campaign.ends_at
                )
    for campaign in Campaign.objects.filter(state="ended").select_related("version")[:limit]:
        kind = mechanic(campaign.mechanic)
        taking = Instance.objects.filter(campaign=campaign, state=kind.machine.initial)
        # Whoever ends a campaign early ends no entry: these go on to their deadline.
        if kind.pooled and not taking.exists():
            try:
                draw(actor=actor, campaign=campaign)
            except Busy as error:
                logger.warning("draw of campaign %s goes on later: %s", campaign.pk, error)
            except Exception:
                logger.exception("draw of campaign %s does not go on", campaign.pk)
    running = Instance.objects.filter(ended_at=None).values("campaign_id")
    for campaign in Campaign.objects.filter(state="ended").exclude(pk__in=running)[:limit]:
        publish_turns(campaign=campaign)
        settle(actor=actor, campaign=campaign)
    return len(ids)


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
