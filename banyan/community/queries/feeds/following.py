"""Feeds of people: of whom one follows, of one's friends. Pulled, never written per follower.

Form B asks each author for their newest posts (one index descent each) and merges. Form C, for
long lists, first picks the authors who can be on the page at all by their newest post, and runs B
over those. A plain ``author_id IN (...) ORDER BY id`` (form A) would read every post of every
author; a test holds the plan to its shape.

What may be seen is said here once more, in SQL, because a set of all visible posts cannot be read
author by author. ``access`` is the rule; a property test holds both to one oracle.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection

from banyan.kernel.actors import Actor
from banyan.people.access import Mutes, mutes_of
from banyan.people.models import Follow

from ..posts import END, PAGE

FORM_C_FROM = 500
"""With this many authors or more, form C."""

MOST_NEW = 99

_MINE = "UNION ALL SELECT %(viewer)s, true, true, true"


@dataclass(frozen=True, slots=True)
class Circle:
    """Whose posts a feed reads, and which of them.

    ``people`` is SQL of (author_id, follows, is_mutual, reposts); ``which`` a condition on the
    post ``p``, empty for all.
    """

    people: str
    which: str = ""


OTHERS = Circle(
    "SELECT followee_id AS author_id, true AS follows, is_mutual, level <> 1 AS reposts"
    " FROM people_follow WHERE follower_id = %(viewer)s AND state = 1"
)
FOLLOWED = Circle(f"{OTHERS.people} {_MINE}")
# Somebody on the list who is not followed shows what is public.
LISTED = Circle(
    "SELECT e.account_id AS author_id, s.id IS NOT NULL AS follows,"
    " coalesce(s.is_mutual, false) AS is_mutual, s.level IS DISTINCT FROM 1 AS reposts"
    " FROM people_listentry e JOIN people_accountlist l ON l.id = e.on_id"
    " LEFT JOIN people_follow s ON s.follower_id = %(viewer)s AND s.followee_id = e.account_id"
    " AND s.state = 1 WHERE e.on_id = %(list)s AND l.owner_id = %(viewer)s"
)
# What somebody shows their friends; what all the world may see stands in the other feeds.
MOMENTS = Circle(
    "SELECT followee_id AS author_id, true AS follows, true AS is_mutual, false AS reposts"
    f" FROM people_follow WHERE follower_id = %(viewer)s AND state = 1 AND is_mutual {_MINE}",
    "p.repin_of_id IS NULL AND (p.visibility = 2 OR (p.kind = 'moment' AND p.visibility < 2))",
)


def _apart(person: str) -> str:
    """Return the condition that no block stands between the viewer and ``person``."""
    return (
        "NOT EXISTS (SELECT 1 FROM people_block b"  # noqa: S608 - our own text, as all here
        f" WHERE b.actor_id = %(viewer)s AND b.target_id = {person})"
        " AND NOT EXISTS (SELECT 1 FROM people_block b"
        f" WHERE b.actor_id = {person} AND b.target_id = %(viewer)s)"
    )


def _group_opens(post: str) -> str:
    """Return the condition that the group of ``post``, if it stands in one, lets the viewer read.

    OFFSET 0 keeps the planner from reading all groups into a hash for that; likewise below.
    """
    return (
        f"({post}.group_id IS NULL OR EXISTS (SELECT 1 FROM groups_group g"  # noqa: S608
        " LEFT JOIN groups_membership m ON m.group_id = g.id AND m.account_id = %(viewer)s"
        f" WHERE g.id = {post}.group_id AND g.closed_at IS NULL"
        f" AND (m.state = 1 OR (g.visibility = 0 AND {post}.visibility <> 4)) OFFSET 0))"
    )


def _authors(circle: Circle) -> str:
    return (
        "SELECT c.author_id, c.follows, c.is_mutual, c.reposts"  # noqa: S608
        f" FROM ({circle.people}) c JOIN people_account a ON a.id = c.author_id AND a.is_active"
        f" WHERE c.author_id <> ALL(%(muted)s::bigint[]) AND {_apart('c.author_id')}"
    )


def _newest(circle: Circle) -> str:
    """Return SQL of the newest posts of the authors ``f``.

    A repin counts only while its original is one that anybody but the blocked may see (access.py).
    """
    return f"""
SELECT x.id FROM f CROSS JOIN LATERAL (
  SELECT p.id FROM community_post p
  WHERE p.author_id = f.author_id AND p.deleted_at IS NULL AND p.state = 1
    AND (p.author_id = %(viewer)s OR ((p.visibility IN (0, 4) OR (p.visibility = 1 AND f.follows)
           OR (p.visibility = 2 AND f.is_mutual)) AND {_group_opens("p")}))
    AND p.id < %(before)s AND p.id > %(after)s{f" AND {circle.which}" if circle.which else ""}
    AND (p.repin_of_id IS NULL OR (f.reposts AND EXISTS (
      SELECT 1 FROM community_post o JOIN people_account a ON a.id = o.author_id AND a.is_active
      WHERE o.id = p.repin_of_id AND o.deleted_at IS NULL AND o.state = 1 AND o.visibility = 0
        AND o.author_id <> ALL(%(muted)s::bigint[]) AND {_apart("o.author_id")}
        AND {_group_opens("o")}
      OFFSET 0)))
  ORDER BY p.id DESC LIMIT %(page)s OFFSET 0
) x ORDER BY x.id DESC LIMIT %(page)s
"""  # noqa: S608


def form_b(circle: Circle) -> str:
    """Return the statement that asks every author of a circle."""
    return f"WITH f AS MATERIALIZED ({_authors(circle)}) {_newest(circle)}"


_TOO_MANY = -1


def _short(circle: Circle) -> str:
    """Return form B where it fits; where it does not, it is not run and the answer says so."""
    return f"""
WITH counted AS MATERIALIZED (SELECT count(*) > %(form_c_from)s AS too_many FROM
  (SELECT 1 FROM ({circle.people}) c LIMIT %(form_c_from)s + 1) s)
SELECT id FROM ({form_b(circle)}) short WHERE NOT (SELECT too_many FROM counted)
UNION ALL SELECT {_TOO_MANY} WHERE (SELECT too_many FROM counted)
ORDER BY id DESC
"""  # noqa: S608


def _candidates(circle: Circle) -> str:
    """Return SQL of who can be on the page: whose newest post reaches the cursor, and the next."""
    return f"""
WITH f AS MATERIALIZED ({_authors(circle)}),
ranked AS MATERIALIZED (
  SELECT f.*, greatest(t.last_followers_id, t.last_public_id) AS newest
  FROM f JOIN community_authorstat t ON t.account_id = f.author_id)
SELECT author_id, follows, is_mutual, reposts, newest FROM ranked WHERE newest >= %(before)s
UNION ALL
(SELECT author_id, follows, is_mutual, reposts, newest FROM ranked WHERE newest < %(before)s
 ORDER BY newest DESC LIMIT %(most)s)
"""  # noqa: S608


def form_c(circle: Circle) -> str:
    """Return the statement that asks chosen authors."""
    return f"""
WITH f AS MATERIALIZED (
  SELECT author_id, follows, is_mutual, reposts
  FROM unnest(%(authors)s::bigint[], %(follow)s::boolean[], %(mutual)s::boolean[],
    %(reposts)s::boolean[]) AS chosen (author_id, follows, is_mutual, reposts))
{_newest(circle)}
"""


def following_ids(
    viewer: Actor, *, before: int = END, page: int = PAGE, mutes: Mutes | None = None
) -> list[int]:
    """Return post ids of whom the viewer follows (and their own), newest first.

    One statement for fewer than 500 follows, three as a rule for more. In all of these feeds,
    ``mutes`` are read by one more statement if they are not given.
    """
    return _ids(viewer, FOLLOWED, {"before": before, "page": page}, mutes)


def moment_ids(
    viewer: Actor, *, before: int = END, page: int = PAGE, mutes: Mutes | None = None
) -> list[int]:
    """Return what the viewer's friends (and they themselves) show their friends, newest first."""
    return _ids(viewer, MOMENTS, {"before": before, "page": page}, mutes)


def list_ids(
    viewer: Actor,
    list_id: int,
    *,
    before: int = END,
    page: int = PAGE,
    mutes: Mutes | None = None,
) -> list[int]:
    """Return posts of the people on one of the viewer's own lists; no posts for another's list."""
    return _ids(viewer, LISTED, {"before": before, "page": page, "list": list_id}, mutes)


def count_new(viewer: Actor, *, after: int) -> int:
    """Return how many posts of others came into the following feed after one, MOST_NEW at most."""
    return len(_ids(viewer, OTHERS, {"after": after, "page": MOST_NEW}, None))


def followed_among(viewer: Actor, account_ids: Collection[int]) -> list[int]:
    """Return which of these accounts the viewer follows. One query, none for none."""
    rows = Follow.objects.filter(follower_id=viewer.id or 0, state=1, followee_id__in=account_ids)
    return list(rows.values_list("followee_id", flat=True)) if account_ids else []


def _ids(
    viewer: Actor, circle: Circle, asked: dict[str, int], mutes: Mutes | None
) -> list[int]:
    muted = mutes_of(viewer) if mutes is None else mutes
    given: dict[str, Any] = {"viewer": viewer.id, "before": END, "after": 0} | asked
    given["muted"], page = sorted(muted.people), given["page"]
    rows = _rows(_short(circle), given | {"form_c_from": FORM_C_FROM})
    if rows == [(_TOO_MANY,)]:
        return _of_the_latest(circle, given, page)
    return [post_id for (post_id,) in rows]


def _of_the_latest(circle: Circle, given: dict[str, Any], page: int) -> list[int]:
    """Ask the likeliest authors; exact, because it asks more until no other could be newer.

    An author's newest post may be deleted or not for this viewer, so ``newest`` is only a bound.
    """
    most = page
    while True:
        candidates = _rows(_candidates(circle), given | {"most": most + 1})
        below = sum(1 for *_author, newest in candidates if newest < given["before"])
        following = candidates.pop()[-1] if below > most else None
        names = ("authors", "follow", "mutual", "reposts")
        chosen = {name: [row[place] for row in candidates] for place, name in enumerate(names)}
        ids = [post_id for (post_id,) in _rows(form_c(circle), given | chosen)]
        exact = len(ids) == page and ids[-1] >= (following or 0)
        if following is None or following <= given["after"] or exact:
            return ids
        most *= 4


def _rows(statement: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
