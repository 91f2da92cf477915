"""Reads of campaigns for pages and programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, Sum

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.clock import within

from .access import seen_by
from .mechanic import Shown, terms_of
from .models import Campaign, Contribution, Grant, Instance, Participation

MOST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Funnel:
    """How a campaign goes, in people and money: ``granted`` and ``reserved`` in minor units."""

    begun: int
    joined: int
    helped: int
    finished: int
    granted: int
    reserved: int
    spent: int


def shown(actor: Actor, instance: Instance) -> Shown[Any]:
    """Return what a view needs of an instance from :func:`access.get_instance_for`.

    Three statements for any number of people; at most MOST_SHOWN of each.
    """
    people = Participation.objects.filter(instance=instance).exclude(state="out")
    helps = Contribution.objects.filter(instance=instance, undone_at=None)
    grants = Grant.objects.filter(instance=instance, account_id=actor.id or 0)
    return Shown(
        campaign=instance.campaign,
        terms=terms_of(instance),
        instance=instance,
        account_id=actor.id,
        at=clock.now(),
        people=list(people.select_related("account").order_by("place", "id")[:MOST_SHOWN]),
        helps=list(helps.select_related("helper").order_by("-nth")[:MOST_SHOWN]),
        grants=list(grants.order_by("id")),
    )


def own_instances(actor: Actor, campaign: Campaign) -> list[Instance]:
    """Return what the actor has begun in a campaign, newest first."""
    if actor.id is None:
        return []
    return list(Instance.objects.filter(campaign=campaign, owner_id=actor.id).order_by("-id"))


def plays_of(
    actor: Actor, *, mechanic: str = "", before: int | None = None, limit: int = 20
) -> Sequence[Instance]:
    """Return what the actor has begun or takes part in, of one mechanic or all, newest first.

    Not what is in chat rooms that they have left.
    """
    if actor.id is None:
        return []
    mine = Participation.objects.filter(account_id=actor.id).exclude(state="out")
    rows = Instance.objects.filter(Q(owner_id=actor.id) | Q(pk__in=mine.values("instance_id")))
    if mechanic:
        rows = rows.filter(campaign__mechanic=mechanic)
    rows = seen_by(actor, rows).select_related("campaign__shop", "owner").order_by("-id")
    return list((rows if before is None else rows.filter(pk__lt=before))[:limit])


def amounts_of(actor: Actor, instance_ids: Sequence[int]) -> dict[int, int]:
    """Return what the actor got in instances, in minor units, by instance. One statement."""
    mine = Participation.objects.filter(account_id=actor.id or 0, instance_id__in=instance_ids)
    return dict(mine.exclude(state="out").values_list("instance_id", "amount"))


def is_on(campaign: Campaign) -> bool:
    """Tell whether something can be begun now."""
    now = clock.now()
    return campaign.state == "published" and within(now, campaign.starts_at, campaign.ends_at)


def running_campaigns(shop_id: int) -> list[Campaign]:
    """Return the campaigns of a shop that can be begun now, the first to end first."""
    now = clock.now()
    rows = Campaign.objects.filter(
        shop_id=shop_id, state="published", starts_at__lte=now, ends_at__gt=now
    )
    return list(rows.order_by("ends_at", "id"))


def funnel_of(campaign: Campaign) -> Funnel:
    """Return how a campaign goes. Three statements."""
    plays = Instance.objects.filter(campaign=campaign).aggregate(
        begun=Count("id"),
        finished=Count("id", filter=Q(ended_at__isnull=False)),
        spent=Sum("spent"),
    )
    joined = Participation.objects.filter(campaign=campaign).exclude(state="out")
    helped = Contribution.objects.filter(campaign=campaign, undone_at=None)
    return Funnel(
        begun=plays["begun"],
        joined=joined.aggregate(n=Count("account", distinct=True))["n"],
        helped=helped.aggregate(n=Count("helper", distinct=True))["n"],
        finished=plays["finished"],
        granted=plays["spent"] or 0,
        reserved=campaign.reserved,
        spent=campaign.spent,
    )
