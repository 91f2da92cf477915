"""Feeds of people: of whom one follows, of one's friends. Pulled, never written per follower.

Each author is asked for their newest posts (one index descent each), and the answers are merged:
form B. Of many authors (form C), only those are asked who can be on the page at all by their newest
post. A plain ``author_id IN (...) ORDER BY id`` (form A) would read every post of every author; a
test holds the plan to its shape.

What may be seen is what ``access`` says, compiled into the statement (``gated``): of each author
once whether the viewer meets them, and of their posts the rest.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection

from banyan.kernel.actors import Actor
from banyan.people.access import Mutes, mutes_of
from banyan.people.models import Follow

from ...access import FRIENDS
from ..posts import END, PAGE
from . import gated

FORM_C_FROM = 500
"""With this many follows or more, form C."""

MOST_NEW = 99

_MINE = "UNION ALL SELECT %(viewer)s, true"


@dataclass(frozen=True, slots=True)
class Circle:
    """Whose posts a feed reads, and which of them.

    ``people`` is SQL of (author_id, reposts); ``which`` a condition on community_post, empty for
    all.
    """

    people: str
    which: str = ""


OTHERS = Circle(
    "SELECT followee_id AS author_id, level <> 1 AS reposts"
    " FROM people_follow WHERE follower_id = %(viewer)s AND state = 1"
)
FOLLOWED = Circle(f"{OTHERS.people} {_MINE}")
# Somebody on the list who is not followed shows what is public.
LISTED = Circle(
    "SELECT e.account_id AS author_id, s.level IS DISTINCT FROM 1 AS reposts"
    " FROM people_listentry e JOIN people_accountlist l ON l.id = e.on_id"
    " LEFT JOIN people_follow s ON s.follower_id = %(viewer)s AND s.followee_id = e.account_id"
    " AND s.state = 1 WHERE e.on_id = %(list)s AND l.owner_id = %(viewer)s"
)
# What somebody shows their friends; what all the world may see stands in the other feeds.
MOMENTS = Circle(
    "SELECT followee_id AS author_id, false AS reposts"  # noqa: S608 - constants of ours
    f" FROM people_follow WHERE follower_id = %(viewer)s AND state = 1 AND is_mutual {_MINE}",
    f"community_post.visibility = {FRIENDS}",
)


def _newest(circle: Circle) -> str:
    """Return SQL of the newest posts of the authors ``f``; repins of the muted are left out."""
    original = "SELECT o.author_id FROM community_post o WHERE o.id = community_post.repin_of_id"
    which = (
        "(community_post.repin_of_id IS NULL OR (f.reposts AND"
        f" ({original}) <> ALL(%(muted)s::bigint[])))"
    )
    if circle.which:
        which = f"{circle.which} AND {which}"
    return (
        f"SELECT x.id FROM f CROSS JOIN LATERAL ({gated.newest_of('f.author_id', which)}) x"  # noqa: S608 - our own text and what Django makes
        " ORDER BY x.id DESC LIMIT %(page)s"
    )


def statement(circle: Circle) -> str:
    """Return the one statement of both forms: post ids, and of form C a bound, written negative.

    The bound is the newest post of the first author who was not asked. An author's newest post may
    be deleted, or not for this viewer, so it says no more than that nothing unasked is newer.

    OFFSET 0 makes the planner look rows up one by one: it takes a few authors for many, and would
    read whole tables into a hash.
    """
    return f"""
WITH every AS MATERIALIZED ({circle.people}),
many AS MATERIALIZED (SELECT count(*) > %(form_c_from)s AS yes FROM every),
ranked AS MATERIALIZED (
  SELECT e.*, t.newest FROM every e CROSS JOIN LATERAL (
    SELECT greatest(t.last_followers_id, t.last_public_id) AS newest
    FROM community_authorstat t WHERE t.account_id = e.author_id OFFSET 0) t
  WHERE (SELECT yes FROM many)),
chosen AS (
  SELECT author_id, reposts FROM every WHERE NOT (SELECT yes FROM many)
  UNION ALL
  SELECT author_id, reposts FROM ranked WHERE newest >= %(before)s
  UNION ALL
  (SELECT author_id, reposts FROM ranked WHERE newest < %(before)s
   ORDER BY newest DESC LIMIT %(most)s)),
f AS MATERIALIZED (
  SELECT c.* FROM chosen c
  WHERE c.author_id <> ALL(%(muted)s::bigint[]) AND {gated.meets("c.author_id")})
({_newest(circle)})
UNION ALL
(SELECT -newest FROM ranked WHERE newest < %(before)s ORDER BY newest DESC OFFSET %(most)s LIMIT 1)
"""  # noqa: S608 - constants of ours


def following_ids(
    viewer: Actor, *, before: int = END, page: int = PAGE, mutes: Mutes | None = None
) -> list[int]:
    """Return post ids of whom the viewer follows (and their own), newest first.

    One statement as a rule, whatever the number of follows. In all of these feeds, ``mutes`` are
    read by one more statement if they are not given.
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


def _ids(viewer: Actor, circle: Circle, asked: dict[str, int], mutes: Mutes | None) -> list[int]:
    muted = mutes_of(viewer) if mutes is None else mutes
    given: dict[str, Any] = {"viewer": viewer.id, "before": END, "after": 0} | asked
    given |= {"muted": sorted(muted.people), "form_c_from": FORM_C_FROM, "most": given["page"]}
    while True:
        found = sorted((pk for (pk,) in _rows(statement(circle), given)), reverse=True)
        ids = [pk for pk in found if pk > 0]
        bound = -found[-1] if found and found[-1] < 0 else 0
        # Exact, because it asks more authors until no other could be newer.
        if bound <= given["after"] or (len(ids) == given["page"] and ids[-1] >= bound):
            return ids
        given["most"] *= 4


def _rows(statement: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
