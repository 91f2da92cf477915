"""What happens to campaigns because time passes. Every step is repeatable and decides by the clock.

Taking part never waits for this: whether something is open is read from its deadline.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from django.db import transaction

from banyan.kernel import clock, fairness, locks
from banyan.kernel.actors import Actor
from banyan.kernel.fairness import Entrant
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Busy, IllegalTransition
from banyan.kernel.states import transition_telling

from ..chance.draws import drawn, freeze, proof, winners
from ..chance.instant import Turn
from ..effects import GiveCoupon, GivePrice
from ..events import CampaignEnded
from ..mechanic import DRAW, Arrival, Play, mechanic, terms_of
from ..models import Campaign, Instance
from ..states import CAMPAIGN
from .applying import Stage, apply, promise_more
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
            draw(actor=actor, campaign=campaign)
    running = Instance.objects.filter(ended_at=None).values("campaign_id")
    for campaign in Campaign.objects.filter(state="ended").exclude(pk__in=running)[:limit]:
        publish_turns(campaign=campaign)
        settle(actor=actor, campaign=campaign)
    return len(ids)


def draw(*, actor: Actor, campaign: Campaign) -> None:
    """Freeze the entries of a draw that is over, then open its seed and draw. Repeatable.

    Two transactions: the list and its root are public before the seed is opened. Locks campaign,
    then each entry's instance.
    """
    kind = mechanic(campaign.mechanic)
    assert campaign.version is not None
    terms = kind.terms.model_validate(campaign.version.terms)
    entries = Instance.objects.filter(campaign=campaign)
    with transaction.atomic():
        locks.take([LockKey("campaign", campaign.pk)])
        campaign.refresh_from_db(fields=["public"])
        if "entries" not in campaign.public:
            running = entries.filter(ended_at=None).order_by("id")
            frozen = freeze(Entrant(one.code, kind.weight(terms, one)) for one in running)
            closed = {"root": frozen.root, "entries": [list(one) for one in frozen.entries]}
            campaign.public = campaign.public | closed
            campaign.save(update_fields=["public"])
    if "proof" not in campaign.public:
        frozen = freeze(Entrant(code, weight) for code, weight in campaign.public["entries"])
        seed = fairness.reveal(purpose=DRAW, subject_id=campaign.pk)
        plan = kind.draw_of(campaign, terms)
        order = drawn(plan, frozen, seed=seed)
        result = {"won": dict(winners(plan, order)), "proof": proof(plan, frozen, seed=seed)}
        campaign.public = campaign.public | result
        campaign.save(update_fields=["public"])
    for instance_id in entries.filter(ended_at=None).values_list("id", flat=True):
        _settle_entry(actor, instance_id, campaign.public["won"])


def _settle_entry(actor: Actor, instance_id: int, won: Mapping[str, str]) -> None:
    rows = Instance.objects.select_related("campaign__shop", "version")
    with transaction.atomic():
        locks.take([LockKey("instance", instance_id)])
        instance = rows.get(pk=instance_id)
        if instance.ended_at is not None:
            return
        kind = mechanic(instance.campaign.mechanic)
        asked = Play(instance.campaign, terms_of(instance), instance, None, clock.now())
        stage = Stage(actor=actor, instance=instance, person=None, arrival=Arrival())
        effects = kind.drawn(asked, won.get(instance.code))
        cost = sum(one.cost for one in effects if isinstance(one, GiveCoupon | GivePrice))
        if cost:
            promise_more(instance, cost)
        apply(effects, stage)


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
    campaign.public = campaign.public | {"proof": text}
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
