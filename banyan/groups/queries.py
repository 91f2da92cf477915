"""Reads of groups for pages and programs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When

from banyan.kernel.actors import Actor
from banyan.orders.models import OrderLine
from banyan.people.access import visible_accounts
from banyan.people.models import Follow

from .access import ASKED, BANNED, MEMBER, PUBLIC, SECRET, visible_groups, visible_members
from .models import Group, Invitation, Membership, Notice, Offer, Pick

RANKS = Case(
    When(role="owner", then=0),
    When(role="moderator", then=1),
    default=2,
    output_field=IntegerField(),
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A group that somebody may like; ``known`` of those they follow are in it.

    0 where only members may know who is in it. ``near``: it is about a topic that they follow.
    """

    group: Group
    known: int
    near: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of telling a group of an offer.

    ``told``, ``capped`` (had their notices for now), ``muted`` (mute who offers), ``apart`` (a
    block stands between) and ``opted_out`` (had not asked for notices) are all its members but the
    one who offers.
    ``opened`` of the told looked at it, ``bought`` of those paid for something through it.
    """

    told: int = 0
    capped: int = 0
    muted: int = 0
    apart: int = 0
    opted_out: int = 0
    opened: int = 0
    bought: int = 0
    done: bool = False


def my_groups(viewer: Actor) -> list[Membership]:
    """Return the viewer's memberships of living groups, by the group's name. One query."""
    rows = Membership.objects.filter(
        account_id=viewer.id or 0, state=MEMBER, group__closed_at=None, group__hidden_at=None
    )
    return list(rows.select_related("group__cover").order_by("group__name", "id"))


def suggested_groups(
    viewer: Actor, *, query: str = "", topics: Collection[str] = ()
) -> list[Suggestion]:
    """Return 20 groups the viewer is not in: those of people they follow, then about ``topics``.

    Then the biggest. ``query`` looks in names, topics and addresses. One query. Nobody's secret
    group is among them.
    """
    groups = visible_groups(viewer).exclude(visibility=SECRET)
    if viewer.id is not None:
        mine = Membership.objects.filter(account_id=viewer.id, state__in=[MEMBER, BANNED])
        groups = groups.exclude(pk__in=mine.values("group_id"))
    if query:
        groups = groups.filter(
            Q(name__icontains=query) | Q(slug__icontains=query) | Q(topics__contains=[query])
        )
    followed = Follow.objects.filter(follower_id=viewer.id or 0, state=1).values("followee_id")
    friends = Count(
        "memberships",
        # Of one person whom somebody follows a number says as much as a name.
        filter=Q(
            visibility=PUBLIC,
            memberships__state=MEMBER,
            memberships__account__in=followed,
            memberships__account__is_active=True,
        ),
    )
    about = Case(When(topics__overlap=list(topics), then=1), default=0) if topics else Value(0)
    rows = groups.select_related("cover").annotate(known=friends, near=about)
    found = rows.order_by("-known", "-near", "-members", "-id")[:20]
    return [Suggestion(group, group.known, bool(group.near)) for group in found]


def members_page(viewer: Actor, group: Group, *, after: int, limit: int) -> list[Membership]:
    """Return members that the viewer may see, those who lead first, after some of them."""
    rows = visible_members(viewer, group).select_related("account__avatar")
    return list(rows.order_by(RANKS, "id")[after : after + limit])


def leaders(viewer: Actor, group: Group) -> list[Membership]:
    """Return owners and moderators, who answer for a group even where members are not shown.

    Nobody who is apart from the viewer is among them.
    """
    rows = _of(viewer, group, MEMBER).exclude(role="member")
    found = rows.select_related("account__avatar").order_by(RANKS, "id")[:30]
    return list(found)


def requests_of(viewer: Actor, group: Group) -> list[Membership]:
    """Return who asks to be let in, as far as the viewer sees them; the longest first, 200 at most.

    Another moderator answers those whom this one does not see.
    """
    rows = _of(viewer, group, ASKED).select_related("account__avatar")
    return list(rows.order_by("created_at", "id")[:200])


def banned_of(viewer: Actor, group: Group) -> list[Membership]:
    """Return who is kept out, as far as the viewer sees them, 200 at most."""
    rows = _of(viewer, group, BANNED).select_related("account__avatar")
    return list(rows.order_by("created_at", "id")[:200])


def _of(viewer: Actor, group: Group, state: int) -> QuerySet[Membership]:
    return Membership.objects.filter(group=group, state=state, account__in=visible_accounts(viewer))


def invitations_of(viewer: Actor, group: Group) -> QuerySet[Invitation]:
    """Return the viewer's own invitations to a group, newest first."""
    return Invitation.objects.filter(group=group, by_id=viewer.id or 0).order_by("-id")


def pinned_posts(group: Group, among: QuerySet[Any]) -> list[int]:
    """Return the ids of the pinned posts, in order, ``among`` those that the community shows."""
    rows = Pick.objects.filter(group=group, slot__isnull=False, post_id__in=among.values("pk"))
    return list(rows.order_by("slot").values_list("post_id", flat=True))


def featured_posts(
    group: Group, among: QuerySet[Any], *, before: int, limit: int
) -> list[tuple[int, int]]:
    """Return (pick, post) of the curated feed, latest picked first; ``among`` as above."""
    rows = Pick.objects.filter(group=group, pk__lt=before, post_id__in=among.values("pk"))
    return list(rows.order_by("-pk").values_list("pk", "post_id")[:limit])


def figures_of(offers: Collection[Offer]) -> dict[int, Figures]:
    """Return what came of each offer. Four queries for any number."""
    rows = Notice.objects.filter(offer_id__in=[offer.pk for offer in offers])
    outcomes = rows.values_list("offer_id", "outcome").annotate(n=Count("id")).order_by()
    counted = {(offer_id, outcome): n for offer_id, outcome, n in outcomes}
    opened = rows.filter(opened_at__isnull=False).values_list("offer_id")
    looked = dict(opened.annotate(n=Count("id")).order_by())
    bought = _bought(offers)
    return {
        offer.pk: Figures(
            told=counted.get((offer.pk, "told"), 0),
            capped=counted.get((offer.pk, "capped"), 0),
            muted=counted.get((offer.pk, "muted"), 0),
            apart=counted.get((offer.pk, "apart"), 0),
            opted_out=offer.asleep,
            opened=looked.get(offer.pk, 0),
            bought=bought.get(offer.pk, 0),
            done=offer.told_at is not None,
        )
        for offer in offers
    }


def _bought(offers: Collection[Offer]) -> dict[int, int]:
    """Return how many of the told paid for something through their notice, by offer."""
    visits = dict(
        Notice.objects.filter(
            offer_id__in=[offer.pk for offer in offers], touch_id__isnull=False
        ).values_list("touch_id", "offer_id")
    )
    lines = OrderLine.objects.filter(
        link_id__in={offer.link_id for offer in offers},
        touch_id__in=list(visits),
        order__paid_at__isnull=False,
    )
    found: dict[int, int] = {}
    for touch_id in set(lines.values_list("touch_id", flat=True)):
        offer_id = visits[touch_id or 0]
        found[offer_id] = found.get(offer_id, 0) + 1
    return found
