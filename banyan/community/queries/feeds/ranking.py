"""Explore: posts for one reader, ranked once when it is opened, read in slices.

Candidates come from a handful of short index walks; one pass scores them; the gate of ``access``
lets through what the reader may see. At most 300 ids stay, each with the reason it was taken for,
and that is what the card says. Reading on cannot repeat or skip anything while figures move, and
what was deleted or hidden meanwhile is passed by. A reload ranks anew.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.digits import whole
from banyan.kernel.ids import id_floor
from banyan.kernel.remembered import insert
from banyan.people.access import Mutes, mutes_of

from ...models import FeedSession
from ...rules import Reason
from ..balance import balanced
from ..posts import PAGE
from . import gated

MOST = 300
LIFETIME = dt.timedelta(hours=2)
# What a reason weighs. A point is what it takes to outrank a post that e times as many people did
# something with, or one that is younger by the factor e^1.25 (three and a half) in age.
WEIGHTS = {"followed": 3.0, "group": 2.0, "topic": 1.8, "goods": 1.5, "near": 1.0, "hot": 0.5}
AGEING = 0.8
YOUNG_HOURS = 6
SAME_AUTHOR, LESS = 1.0, 3.0


@dataclass(frozen=True, slots=True)
class Ranked:
    """A slice of a ranked feed: (post id, reason) in order, and the cursor of the next one.

    ``commercial`` is why a post is that, for ``hydrate``.
    """

    posts: list[tuple[int, str]]
    commercial: dict[int, Reason]
    next: str = ""


def explore(
    viewer: Actor, *, cursor: str = "", page: int = PAGE, mutes: Mutes | None = None
) -> Ranked:
    """Return a slice of the reader's ranked feed; one that is gone or another's begins anew.

    Three statements to begin, two to read on (``mutes`` are read if they are not given). Visitors
    share a feed, and look for it first.
    """
    session, offset = _read(cursor)
    found = _slice(viewer, session, offset, page) if session else None
    if found is None and viewer.id is None:
        found = _slice(viewer, None, 0, page)
    if found is None:
        return _open(viewer, mutes_of(viewer) if mutes is None else mutes, page)
    return found


def _read(cursor: str) -> tuple[int, int]:
    session, _colon, offset = cursor.partition(":")
    return whole(session) or 0, whole(offset, most=MOST) or 0


# The visitors' feed, if nothing has been published since, or if it is very young. The newest post
# is the end of an index; asked whether there is a newer one, the planner expects to meet one soon
# and walks through all posts where there is none.
_SHARED = """
SELECT max(mine.id) FROM community_feedsession mine
WHERE mine.viewer_id IS NULL AND mine.made_at > %(lately)s AND (mine.made_at > %(young)s
  OR mine.id > coalesce((SELECT max(p.id) FROM community_post p WHERE p.visibility = 0
    AND p.deleted_at IS NULL AND p.state = 1), 0))
"""


def _rows(statement: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _slice(viewer: Actor, session: int | None, offset: int, page: int) -> Ranked | None:
    """Return a piece of a feed, of the visitors' shared one for no ``session``; None for none."""
    gate = gated.seen("c.id", is_member=viewer.id is not None)
    now = clock.now()
    which = "%(session)s" if session else f"({_SHARED})"
    rows = _rows(
        f"""
        SELECT c.id, c.reason, seen.id IS NOT NULL, cardinality(s.post_ids), s.id
        FROM community_feedsession s
        CROSS JOIN LATERAL unnest(s.post_ids[%(first)s:%(last)s], s.reasons[%(first)s:%(last)s])
          WITH ORDINALITY AS c (id, reason, place)
        LEFT JOIN LATERAL ({gate}) seen ON true
        WHERE s.id = {which} AND s.viewer_id IS NOT DISTINCT FROM %(viewer)s::bigint
          AND s.made_at > %(live)s
        ORDER BY c.place
        """,  # noqa: S608 - our own text and what Django makes
        {
            "first": offset + 1,
            "last": offset + page,
            "session": session,
            "viewer": viewer.id,
            "live": now - LIFETIME,
            "lately": now - LIFETIME / 4,
            "young": now - dt.timedelta(seconds=settings.FEED_SHARED_SECONDS),
        },
    )
    if not rows:
        return None
    ends = offset + len(rows)
    more = f"{rows[0][4]}:{ends}" if ends < rows[0][3] else ""
    why = {pk: reason for pk, reason, seen, *_rest in rows if seen}
    # Again, because what is shown may have become commercial since.
    kept = balanced(viewer, list(why))
    return Ranked([(pk, why[pk]) for pk in kept], kept, more)


# Where candidates come from: SQL of (id, reason). Each is bounded, and walks an index.
_EVERYBODY = """
(SELECT post_id AS id, 'hot' AS reason FROM community_poststat WHERE heat > 0
 ORDER BY heat DESC LIMIT 150)
UNION ALL
(SELECT id, 'new' FROM community_post WHERE deleted_at IS NULL AND state = 1 AND visibility = 0
 ORDER BY id DESC LIMIT 300)
"""
_OWN = """
UNION ALL
(SELECT x.id, 'followed' FROM (
  SELECT f.followee_id FROM people_follow f CROSS JOIN LATERAL (
    SELECT s.last_public_id FROM community_authorstat s
    WHERE s.account_id = f.followee_id OFFSET 0) t
  WHERE f.follower_id = %(viewer)s AND f.state = 1 ORDER BY t.last_public_id DESC LIMIT 75) a
 CROSS JOIN LATERAL (SELECT p.id FROM community_post p WHERE p.author_id = a.followee_id
  AND p.deleted_at IS NULL AND p.state = 1 ORDER BY p.id DESC LIMIT 2) x)
UNION ALL
(SELECT x.id, 'group' FROM (SELECT group_id FROM groups_membership
  WHERE account_id = %(viewer)s AND state = 1 ORDER BY id DESC LIMIT 20) m
 CROSS JOIN LATERAL (SELECT p.id FROM community_post p WHERE p.group_id = m.group_id
  AND p.deleted_at IS NULL AND p.state = 1 ORDER BY p.id DESC LIMIT 5) x)
UNION ALL
(SELECT x.id, 'topic' FROM (SELECT topic_id FROM community_topicfollow
  WHERE account_id = %(viewer)s ORDER BY id DESC LIMIT 20) t
 CROSS JOIN LATERAL (SELECT n.post_id AS id FROM community_posttopic n
  WHERE n.topic_id = t.topic_id ORDER BY n.post_id DESC LIMIT 5) x)
UNION ALL
(SELECT x.id, 'near' FROM people_profile me
 CROSS JOIN LATERAL (SELECT p.id FROM community_post p WHERE p.region = me.region
  AND p.region <> '' AND p.deleted_at IS NULL AND p.state = 1 AND p.visibility = 0
  ORDER BY p.id DESC LIMIT 50) x
 WHERE me.account_id = %(viewer)s)
UNION ALL
(SELECT x.id, 'goods' FROM (
  SELECT DISTINCT t.product_id FROM (SELECT post_id FROM community_like
    WHERE account_id = %(viewer)s ORDER BY id DESC LIMIT 30) l
  JOIN community_postimage i ON i.post_id = l.post_id
  JOIN community_producttag t ON t.post_image_id = i.id LIMIT 30) liked
 CROSS JOIN LATERAL (SELECT i.post_id AS id FROM community_producttag t
  JOIN community_postimage i ON i.id = t.post_image_id
  WHERE t.product_id = liked.product_id ORDER BY t.id DESC LIMIT 5) x)
"""
# What only followers or friends may see stays in their feed, and so do repins.
_RANK = """
WITH candidates AS MATERIALIZED ({candidates}),
best AS MATERIALIZED (
  SELECT DISTINCT ON (id) id, reason, weight FROM (
    SELECT c.id, c.reason, coalesce((%(weights)s::jsonb ->> c.reason)::float, 0) AS weight
    FROM candidates c) w ORDER BY id, weight DESC),
scored AS (
  SELECT c.id, seen.author_id,
    CASE WHEN seen.author_id = %(viewer)s::bigint THEN 'own' ELSE c.reason END AS reason,
    c.weight + ln(1 + coalesce(s.likes + 2 * s.comments + 3 * s.saves + 3 * s.repins, 0))
      - %(ageing)s * ln(1 + greatest(0, (%(now)s - c.id) >> 22) / %(young)s)
      - CASE WHEN seen.author_id = ANY(%(less)s::bigint[]) OR (%(less_topics)s::text[] <> '{{}}'
          AND EXISTS (SELECT 1 FROM community_posttopic n
            JOIN community_topic t ON t.id = n.topic_id
            WHERE n.post_id = c.id AND t.slug = ANY(%(less_topics)s::text[])))
        THEN %(less_by)s ELSE 0 END AS score
  FROM best c CROSS JOIN LATERAL ({gate}) seen
  LEFT JOIN community_poststat s ON s.post_id = c.id
  WHERE seen.repin_of_id IS NULL AND seen.author_id <> ALL(%(muted)s::bigint[])
    AND seen.visibility IN (0, 4)),
spread AS (
  SELECT id, reason, score - %(same)s
    * (row_number() OVER (PARTITION BY author_id ORDER BY score DESC, id DESC) - 1) AS score
  FROM scored)
SELECT id, reason FROM spread ORDER BY score DESC, id DESC LIMIT %(most)s
"""


def _open(viewer: Actor, mutes: Mutes, page: int) -> Ranked:
    """Rank once, take out what is paid and too much, keep the rest; return the first slice."""
    gate = gated.seen("c.id", is_member=viewer.id is not None)
    sources = _EVERYBODY if viewer.id is None else _EVERYBODY + _OWN
    now = clock.now()
    rows = _rows(
        _RANK.format(candidates=sources, gate=gate),
        {
            "viewer": viewer.id,
            "weights": json.dumps(WEIGHTS),
            "ageing": AGEING,
            "now": id_floor(now),
            "young": YOUNG_HOURS * 3_600_000.0,
            "muted": sorted(mutes.people),
            "less": sorted(mutes.less_people),
            "less_topics": sorted(mutes.less_topics),
            "less_by": LESS,
            "same": SAME_AUTHOR,
            "most": MOST,
        },
    )
    why = dict(rows)
    kept = balanced(viewer, list(why))
    ids = list(kept)
    session = FeedSession(
        viewer_id=viewer.id, post_ids=ids, reasons=[why[pk] for pk in ids], made_at=now
    )
    insert(session)
    more = f"{session.pk}:{page}" if len(ids) > page else ""
    return Ranked([(pk, why[pk]) for pk in ids[:page]], kept, more)
