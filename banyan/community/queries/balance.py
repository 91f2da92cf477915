"""Feeds with no more paid and rewarded posts than the platform and the member want."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from django.conf import settings
from django.db.models import (
    BigIntegerField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.expressions import CombinedExpression

from banyan.kernel.actors import Actor
from banyan.kernel.ids import id_floor, id_time
from banyan.kernel.remembered import remembered

from .. import rules
from ..models import FeedChoice, Post
from .disclosure import reason_of, with_disclosure

MOST_JUDGED = 2_000
_DAY_MS = 86_400_000


def choice_of(viewer: Actor) -> str:
    """Return how many paid posts a member wants: usual, fewer or none."""
    row = FeedChoice.objects.filter(pk=viewer.id).first() if viewer.id else None
    return row.paid if row else "usual"


def balanced(
    viewer: Actor, ids: Sequence[int], *, before: Sequence[bool] = ()
) -> dict[int, rules.Reason]:
    """Return which of ``ids`` stay, in order, and why each is commercial; one statement.

    Among 20 in a row, with those shown ``before``, the platform's ``FEED_PAID_CAP`` or what the
    member chose; of one author and day (UTC) the first ``FEED_PAID_PER_AUTHOR_DAY`` only. One's
    own posts are never left out. The reasons are for ``hydrate``, which then asks no more.
    """
    if not ids:
        return {}
    judged = _judged(viewer, ids)
    wanted = [post_id for post_id in ids if post_id not in judged.later]
    cap = rules.cap_of(judged.choice, settings.FEED_PAID_CAP)
    kept = rules.balance(wanted, is_paid=judged.paid.__contains__, cap=cap, before=before)
    return {post_id: judged.reasons.get(post_id, "") for post_id in kept}


@dataclass(frozen=True, slots=True)
class _Judged:
    """What posts are: why they are commercial, which count by that, which are over a day's limit.

    ``choice`` is the reader's, whose own posts do not count.
    """

    choice: str
    reasons: dict[int, rules.Reason]
    paid: set[int]
    later: set[int]


def _judged(viewer: Actor, ids: Sequence[int]) -> _Judged:
    """Judge posts, and those of the same authors and days that came before them.

    All posts of an author on the day of one of these are looked at, whoever may see them: which of
    a day's posts are its first does not depend on who reads.
    """
    first = id_floor(id_time(min(ids)).replace(hour=0, minute=0, second=0, microsecond=0))
    choice = "usual"
    reasons: dict[int, rules.Reason] = {}
    paid, later = set(), set()
    counted: Counter[tuple[int, dt.date]] = Counter()
    rows = _same_days(viewer.id or 0, first, max(ids), list(ids))
    for post in sorted(rows, key=attrgetter("pk")):
        choice = post.choice or "usual"  # type: ignore[attr-defined]  # annotated
        reasons[post.pk] = reason_of(post)
        if not reasons[post.pk] or post.author_id == viewer.id:
            continue
        paid.add(post.pk)
        day = (post.author_id, id_time(post.pk).date())
        counted[day] += 1
        if counted[day] > settings.FEED_PAID_PER_AUTHOR_DAY:
            later.add(post.pk)
    return _Judged(choice, reasons, paid, later)


@remembered
def _same_days(viewer_id: int, first: int, last: int, ids: list[int]) -> QuerySet[Post]:
    """Return the posts of ``ids`` before all others of the same authors and days."""
    wanted = Post.objects.filter(pk__in=ids)
    same_day = wanted.annotate(day=_day()).filter(
        author_id=OuterRef("author_id"), day=OuterRef("day")
    )
    posts = Post.objects.filter(
        author_id__in=wanted.values("author_id"), pk__gte=first, pk__lte=last, deleted_at=None
    )
    return (
        with_disclosure(posts.annotate(day=_day()).filter(Exists(same_day)))
        .annotate(
            choice=Subquery(FeedChoice.objects.filter(pk=viewer_id).values("paid")[:1]),
            asked=Exists(wanted.filter(pk=OuterRef("pk"))),
        )
        .only("id", "author_id", "declared")
        .order_by("-asked", "id")[:MOST_JUDGED]
    )


def _day() -> ExpressionWrapper[CombinedExpression]:
    """Return the number of the day (UTC) on which a post was made: its id says so."""
    return ExpressionWrapper(F("id").bitrightshift(22) / Value(_DAY_MS), BigIntegerField())
