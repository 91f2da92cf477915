"""Feeds with no more paid and rewarded posts than the platform and the member want."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence

from django.conf import settings
from django.db.models import (
    BigIntegerField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Subquery,
    Value,
)
from django.db.models.expressions import CombinedExpression

from banyan.kernel.actors import Actor
from banyan.kernel.ids import id_floor, id_time

from .. import rules
from ..models import FeedChoice, Post
from .disclosure import reason_of, with_disclosure

# A page of a feed full of advertising is looked for no further than this.
MOST_READS = 5
MOST_JUDGED = 2_000
_DAY_MS = 86_400_000


def choice_of(viewer: Actor) -> str:
    """Return how many paid posts a member wants: usual, fewer or none."""
    row = FeedChoice.objects.filter(pk=viewer.id).first() if viewer.id else None
    return row.paid if row else "usual"


def balanced(viewer: Actor, ids: Sequence[int], *, before: Sequence[bool] = ()) -> list[int]:
    """Return ``ids`` of posts without the commercial ones that are too many; one statement.

    Among 20 in a row, with those shown ``before``, the platform's ``FEED_PAID_CAP`` or what the
    member chose; of one author and day (UTC) the first ``FEED_PAID_PER_AUTHOR_DAY`` only. One's
    own posts are never left out.
    """
    if not ids:
        return []
    choice, commercial, later = _judged(viewer, ids)
    wanted = [post_id for post_id in ids if post_id not in later]
    cap = rules.cap_of(choice, settings.FEED_PAID_CAP)
    return rules.balance(wanted, is_paid=commercial.__contains__, cap=cap, before=before)


def balanced_page(
    viewer: Actor,
    read: Callable[[int, int], list[int]],
    *,
    before: int,
    page: int,
) -> tuple[list[int], int | None]:
    """Read a page of a feed that runs by descending id; return its ids and the next cursor.

    ``read(before, page)`` returns the next ids. What is left out is made up for by what follows.
    """
    kept: list[int] = []
    for _read in range(MOST_READS):
        ids = read(before, page)
        kept = balanced(viewer, [*kept, *ids])
        if len(kept) >= page:
            more = len(kept) > page or len(ids) == page
            return kept[:page], kept[page - 1] if more else None
        if len(ids) < page:
            return kept, None
        before = ids[-1]
    return kept, before


def _judged(viewer: Actor, ids: Sequence[int]) -> tuple[str, set[int], set[int]]:
    """Return the member's choice, which posts are commercial, and which are over a day's limit.

    All posts of an author on the day of one of these are looked at, whoever may see them: which of
    a day's posts are its first does not depend on who reads.
    """
    midnight = id_time(min(ids)).replace(hour=0, minute=0, second=0, microsecond=0)
    own = FeedChoice.objects.filter(pk=viewer.id or 0).values("paid")
    wanted = Post.objects.filter(pk__in=ids)
    same_day = wanted.annotate(day=_day()).filter(
        author_id=OuterRef("author_id"), day=OuterRef("day")
    )
    posts = with_disclosure(
        Post.objects.filter(
            author_id__in=wanted.values("author_id"),
            pk__gte=id_floor(midnight),
            pk__lte=max(ids),
            deleted_at=None,
        )
        .annotate(day=_day())
        .filter(Exists(same_day))
    ).annotate(choice=Subquery(own[:1]))
    choice, commercial, later = "usual", set(), set()
    counted: Counter[tuple[int, dt.date]] = Counter()
    for post in posts.only("id", "author_id", "declared").order_by("id")[:MOST_JUDGED]:
        choice = post.choice or "usual"
        if not reason_of(post) or post.author_id == viewer.id:
            continue
        commercial.add(post.pk)
        day = (post.author_id, id_time(post.pk).date())
        counted[day] += 1
        if counted[day] > settings.FEED_PAID_PER_AUTHOR_DAY:
            later.add(post.pk)
    return choice, commercial, later


def _day() -> ExpressionWrapper[CombinedExpression]:
    """Return the number of the day (UTC) on which a post was made: its id says so."""
    return ExpressionWrapper(F("id").bitrightshift(22) / Value(_DAY_MS), BigIntegerField())
