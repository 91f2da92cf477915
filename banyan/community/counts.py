"""The counters of a post: appended by the verbs, folded into PostStat every few seconds.

A like never updates the post's row, so that a post that everybody likes has no hot row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

from django.db import connection, transaction
from django.db.models import F, Q

from banyan.kernel import clock, counters

from .models import Comment, PollOption, PostStat

COUNTED = {
    "likes": "post.likes",
    "comments": "post.comments",
    "saves": "post.saves",
    "repins": "post.repins",
}
# What counts in a row of its own, without a figures table: (model, column).
ELSEWHERE: dict[str, tuple[str, type[Comment] | type[PollOption], str]] = {
    "comment_likes": ("comment.likes", Comment, "likes"),
    "votes": ("poll.votes", PollOption, "votes"),
}


def count(name: str, subject_id: int, delta: int = 1) -> None:
    """Append a change of one of COUNTED or ELSEWHERE, in the caller's transaction."""
    kind = COUNTED[name] if name in COUNTED else ELSEWHERE[name][0]
    counters.add(kind=kind, subject_id=subject_id, delta=delta)


def pending(name: str, subject_ids: Iterable[int]) -> dict[int, int]:
    """Return what of one of ELSEWHERE is not folded yet, by subject. One statement."""
    kind = ELSEWHERE[name][0]
    return {
        subject_id: delta
        for _kind, subject_id, delta in counters.pending(kinds=[kind], subject_ids=subject_ids)
    }


def fold() -> int:
    """Write what was counted where it is read; returns how many rows changed. Repeatable."""
    posts = sum(len(counters.fold(kind, _writer(name))) for name, kind in COUNTED.items())
    others = (
        len(counters.fold(kind, _adder(model, column)))
        for kind, model, column in ELSEWHERE.values()
    )
    return posts + sum(others)


def _adder(
    model: type[Comment] | type[PollOption], column: str
) -> Callable[[dict[int, int]], None]:
    def apply(sums: dict[int, int]) -> None:
        rows = model._default_manager.select_for_update(no_key=True).filter(pk__in=list(sums))
        list(rows.order_by("pk").values_list("pk"))
        for pk, delta in sums.items():
            model._default_manager.filter(pk=pk).update(**{column: F(column) + delta})

    return apply


def _writer(name: str) -> Callable[[dict[int, int]], None]:
    def apply(sums: dict[int, int]) -> None:
        PostStat.objects.bulk_create(
            [PostStat(post_id=post_id) for post_id in sums], ignore_conflicts=True
        )
        _lock(sums)
        for post_id, delta in sums.items():
            PostStat.objects.filter(pk=post_id).update(**{name: F(name) + delta})
        _warm(sums)
        if name == "likes":
            _lift(sums)

    return apply


# Ten times as much done with a post is worth twelve and a half hours of youth; so the order of two
# posts changes by what people do, never by the passing of time, and an index can hold it.
HEAT = (
    "log(greatest(1, likes + 2 * comments + 3 * saves + 3 * repins)) + (post_id >> 22) / 45000000.0"
)
_WARM = f"UPDATE community_poststat SET heat = {HEAT} WHERE post_id = ANY(%s)"  # noqa: S608 - a constant of ours


def _warm(ids: Iterable[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_WARM, [list(ids)])


# Each doubling of the likes lifts a post by six days among what a search finds, ninety at most. By
# doublings, because every change enters all words of the post into their index anew.
_LIFT = """
UPDATE community_postwords w
SET boost = 6 * least(15, floor(log(2, greatest(1, s.likes + 1))))::int
FROM community_poststat s
WHERE s.post_id = w.post_id AND w.post_id = ANY(%s)
  AND w.boost <> 6 * least(15, floor(log(2, greatest(1, s.likes + 1))))::int
"""


def _lift(ids: Iterable[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LIFT, [list(ids)])


def _lock(ids: Iterable[int]) -> None:
    rows = PostStat.objects.select_for_update(no_key=True).filter(pk__in=list(ids))
    list(rows.order_by("pk").values_list("pk"))


# Only what has no pending change: that would be counted twice. The figures are locked before, so
# that no change is folded between the counting and the writing.
_RECOUNT = """
UPDATE community_poststat s SET likes = c.likes, comments = c.comments, saves = c.saves,
  repins = c.repins
FROM (SELECT p.id,
    (SELECT count(*) FROM community_like l WHERE l.post_id = p.id) AS likes,
    (SELECT count(*) FROM community_comment k WHERE k.post_id = p.id AND k.deleted_at IS NULL)
      AS comments,
    (SELECT count(*) FROM community_boardpost b WHERE b.post_id = p.id) AS saves,
    (SELECT count(*) FROM community_post r WHERE r.repin_of_id = p.id AND r.deleted_at IS NULL)
      AS repins
  FROM community_post p WHERE p.id = ANY(%(ids)s)
    AND NOT EXISTS (SELECT 1 FROM kernel_counterdelta d
      WHERE d.kind = ANY(%(kinds)s) AND d.subject_id = p.id)) c
WHERE s.post_id = c.id
  AND (s.likes, s.comments, s.saves, s.repins)
      IS DISTINCT FROM (c.likes, c.comments, c.saves, c.repins)
"""


def recount(*, since: dt.timedelta = dt.timedelta(days=2)) -> int:
    """Count again what was touched lately; returns how many posts were wrong. Repeatable."""
    start = clock.now() - since
    touched = PostStat.objects.filter(
        Q(post__likes__created_at__gte=start)
        | Q(post__comments__created_at__gte=start)
        | Q(post__repins__created_at__gte=start)
    )
    ids = list(touched.distinct().values_list("pk", flat=True))
    with transaction.atomic(), connection.cursor() as cursor:
        _lock(ids)
        cursor.execute(_RECOUNT, {"ids": ids, "kinds": list(COUNTED.values())})
        return int(cursor.rowcount)
