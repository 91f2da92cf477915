"""What happens to campaigns because time passes. Every step is repeatable and decides by the clock.

Taking part never waits for this: whether something is open is read from its deadline.
"""

from __future__ import annotations

import logging

from django.db import transaction

from banyan.kernel import clock, locks
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Busy, IllegalTransition
from banyan.kernel.states import transition_telling

from ..events import CampaignEnded
from ..mechanic import Arrival, Play, mechanic, terms_of
from ..models import Campaign, Instance
from ..states import CAMPAIGN
from .applying import Stage, apply
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
    running = Instance.objects.filter(ended_at=None).values("campaign_id")
    for campaign in Campaign.objects.filter(state="ended").exclude(pk__in=running)[:limit]:
        settle(actor=actor, campaign=campaign)
    return len(ids)


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
        apply(kind.expire(asked), stage)
        if instance.ended_at is None and instance.deadline <= clock.now():
            raise IllegalTransition(detail=f"instance {instance.pk} is not over after its deadline")
