"""Reads of campaigns for pages and programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, Sum

from banyan.entitlements.models import Grant as CouponGrant
from banyan.entitlements.models import PriceRight
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.clock import within
from banyan.sharing.channels import HUMAN_VERDICTS
from banyan.sharing.models import Link, Touch

from .honour import HONOURING
from .mechanic import Shown, terms_of
from .models import Campaign, Contribution, Grant, Instance, Participation

MOST_SHOWN = 60
ENOUGH = 20
"""Plays from which on a rate says anything."""


@dataclass(frozen=True, slots=True)
class Funnel:
    """How a campaign goes, in people and money: minor units.

    ``opened`` are touches of its links and its plays' by what may be a person, ``seen`` those that
    are one. ``running`` plays have promises that are open, of ``open_money``. Of what was given
    ``redeemed`` were used, at ``each`` on the average at most. ``k`` is how many took part or
    helped through a link for each play that was begun, once there are ENOUGH plays.
    """

    opened: int
    seen: int
    begun: int
    joined: int
    helped: int
    finished: int
    running: int
    granted: int
    open_money: int
    redeemed: int
    each: int | None
    k: Decimal | None


def shown(actor: Actor, instance: Instance) -> Shown[Any]:
    """Return what a view needs of an instance from :func:`access.get_instance_for`.

    Three statements for any number of people, three more where honour counts; at most MOST_SHOWN of
    each.
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
        helpers=_helpers(instance),
        helped=_helped(actor, instance.campaign),
    )


def _helpers(instance: Instance) -> int:
    """Count who did something for the owner of an instance; 0 where honour does not count."""
    if instance.campaign.drive not in HONOURING:
        return 0
    helps = Contribution.objects.filter(instance=instance, undone_at=None).count()
    there = Participation.objects.filter(instance=instance).exclude(state__in=["reserved", "out"])
    return helps + there.exclude(account_id=instance.owner_id).count()


def _helped(actor: Actor, campaign: Campaign) -> int:
    """Count the plays of others that somebody took part in; 0 where honour does not count."""
    if actor.id is None or campaign.drive not in HONOURING:
        return 0
    others = Instance.objects.filter(campaign=campaign).exclude(owner_id=actor.id)
    helped = Contribution.objects.filter(helper_id=actor.id, undone_at=None)
    joined = Participation.objects.filter(account_id=actor.id)
    joined = joined.exclude(state__in=["reserved", "out"])
    took_part = Q(pk__in=helped.values("instance_id")) | Q(pk__in=joined.values("instance_id"))
    return others.filter(took_part).count()


def own_instances(actor: Actor, campaign: Campaign) -> list[Instance]:
    """Return what the actor has begun in a campaign, newest first."""
    if actor.id is None:
        return []
    return list(Instance.objects.filter(campaign=campaign, owner_id=actor.id).order_by("-id"))


def plays_of(actor: Actor, *, before: int | None = None, limit: int = 20) -> Sequence[Instance]:
    """Return what the actor has begun or takes part in, newest first. One statement."""
    if actor.id is None:
        return []
    mine = Participation.objects.filter(account_id=actor.id).exclude(state="out")
    rows = Instance.objects.filter(Q(owner_id=actor.id) | Q(pk__in=mine.values("instance_id")))
    rows = rows.select_related("campaign__shop").order_by("-id")
    return list((rows if before is None else rows.filter(pk__lt=before))[:limit])


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
    """Return how a campaign goes. Seven statements."""
    plays = Instance.objects.filter(campaign=campaign).aggregate(
        begun=Count("id"),
        finished=Count("id", filter=Q(ended_at__isnull=False)),
        given=Sum("spent"),
        open_money=Sum(F("promise") - F("spent"), filter=Q(ended_at=None)),
    )
    joined = Participation.objects.filter(campaign=campaign).exclude(state="out")
    helped = Contribution.objects.filter(campaign=campaign, undone_at=None)
    through = Q(through__isnull=False)
    joiners = joined.aggregate(n=Count("account", distinct=True), led=Count("id", filter=through))
    helpers = helped.aggregate(n=Count("helper", distinct=True), led=Count("id", filter=through))
    touches = _touches(campaign)
    used = _redeemed_coupons(campaign)
    rights = PriceRight.objects.filter(campaign_id=campaign.pk, state="redeemed").count()
    led = Decimal(joiners["led"] + helpers["led"])
    return Funnel(
        opened=touches["opened"],
        seen=touches["seen"],
        begun=plays["begun"],
        joined=joiners["n"],
        helped=helpers["n"],
        finished=plays["finished"],
        running=plays["begun"] - plays["finished"],
        granted=plays["given"] or 0,
        open_money=plays["open_money"] or 0,
        redeemed=used["n"] + rights,
        each=(used["cost"] or 0) // used["n"] if used["n"] else None,
        k=round(led / plays["begun"], 2) if plays["begun"] >= ENOUGH else None,
    )


def _touches(campaign: Campaign) -> dict[str, int]:
    """Count touches of links to a campaign and to its plays."""
    plays = Instance.objects.filter(campaign=campaign).values("pk")
    links = Link.objects.filter(
        Q(target_kind="campaign", target_id=campaign.pk)
        | Q(target_kind="play", target_id__in=plays)
    )
    return Touch.objects.filter(link__in=links).aggregate(
        opened=Count("id", filter=Q(verdict__in=HUMAN_VERDICTS)),
        seen=Count("id", filter=Q(verdict="human")),
    )


def _redeemed_coupons(campaign: Campaign) -> dict[str, int]:
    """Count the campaign's coupons that were used, and what they cost at most together."""
    used = CouponGrant.objects.filter(state="redeemed").values("pk")
    given = Grant.objects.filter(campaign=campaign, kind="coupon", reference__in=used)
    return given.aggregate(n=Count("id"), cost=Sum("cost"))
