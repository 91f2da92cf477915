"""The following feed: pulled at read, never written per follower.

Form B asks each followed author for their newest posts (one index descent each) and merges.
Form C, for long lists, first picks the authors who can be on the page at all by their newest
post, and runs B over those. A plain ``author_id IN (...) ORDER BY id`` (form A) would read every
post of every author; a test holds the plan to its shape.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

from banyan.kernel.actors import Actor

from .posts import END, PAGE

FORM_C_FROM = 500
"""With this many follows or more, form C."""

_FOLLOWED = """
  SELECT s.followee_id AS author_id, s.is_mutual FROM people_follow s
  JOIN people_account a ON a.id = s.followee_id AND a.is_active
  WHERE s.follower_id = %(viewer)s AND s.state = 1
    AND NOT EXISTS (SELECT 1 FROM people_block b
      WHERE b.actor_id = %(viewer)s AND b.target_id = s.followee_id)
    AND NOT EXISTS (SELECT 1 FROM people_block b
      WHERE b.actor_id = s.followee_id AND b.target_id = %(viewer)s)
  UNION ALL SELECT %(viewer)s, true
"""
# A repin counts only while its original is one that anybody but the blocked may see (access.py).
# OFFSET 0 keeps the planner from reading all posts into a hash for that.
_NEWEST = """
SELECT x.id FROM f CROSS JOIN LATERAL (
  SELECT p.id FROM community_post p
  WHERE p.author_id = f.author_id AND p.deleted_at IS NULL AND p.state = 1
    AND (p.visibility <= 1 OR (p.visibility = 2 AND f.is_mutual)
         OR p.author_id = %(viewer)s)
    AND p.id < %(before)s
    AND (p.repin_of_id IS NULL OR EXISTS (
      SELECT 1 FROM community_post o JOIN people_account a ON a.id = o.author_id AND a.is_active
      WHERE o.id = p.repin_of_id AND o.deleted_at IS NULL AND o.state = 1 AND o.visibility = 0
        AND NOT EXISTS (SELECT 1 FROM people_block b
          WHERE b.actor_id = %(viewer)s AND b.target_id = o.author_id)
        AND NOT EXISTS (SELECT 1 FROM people_block b
          WHERE b.actor_id = o.author_id AND b.target_id = %(viewer)s)
      OFFSET 0))
  ORDER BY p.id DESC LIMIT %(page)s OFFSET 0
) x ORDER BY x.id DESC LIMIT %(page)s
"""
FORM_B = f"WITH f AS MATERIALIZED ({_FOLLOWED}) {_NEWEST}"
_TOO_MANY = -1
# Form B where it fits; where it does not, it is not run and the answer says so.
_SHORT_LIST = f"""
WITH counted AS MATERIALIZED (SELECT count(*) >= %(form_c_from)s AS too_many FROM
  (SELECT 1 FROM people_follow WHERE follower_id = %(viewer)s AND state = 1
   LIMIT %(form_c_from)s) s)
SELECT id FROM ({FORM_B}) short WHERE NOT (SELECT too_many FROM counted)
UNION ALL SELECT {_TOO_MANY} WHERE (SELECT too_many FROM counted)
ORDER BY id DESC
"""  # noqa: S608 (our own text)
# Who can be on the page: everybody whose newest post is not older than the cursor, and the next.
_CANDIDATES = f"""
WITH f AS MATERIALIZED ({_FOLLOWED}),
ranked AS MATERIALIZED (
  SELECT f.author_id, f.is_mutual, greatest(t.last_followers_id, t.last_public_id) AS newest
  FROM f JOIN community_authorstat t ON t.account_id = f.author_id)
SELECT author_id, is_mutual, newest FROM ranked WHERE newest >= %(before)s
UNION ALL
(SELECT author_id, is_mutual, newest FROM ranked WHERE newest < %(before)s
 ORDER BY newest DESC LIMIT %(most)s)
"""  # noqa: S608 (our own text)
FORM_C = f"""
WITH f AS MATERIALIZED (
  SELECT author_id, is_mutual FROM unnest(%(authors)s::bigint[], %(mutual)s::boolean[])
    AS chosen (author_id, is_mutual))
{_NEWEST}
"""  # noqa: S608 (our own text)


def following_ids(viewer: Actor, *, before: int = END, page: int = PAGE) -> list[int]:
    """Return post ids of whom the viewer follows (and their own), newest first.

    One statement for fewer than 500 follows; three as a rule for more.
    """
    given = {"viewer": viewer.id, "before": before, "page": page}
    rows = _rows(_SHORT_LIST, given | {"form_c_from": FORM_C_FROM})
    if rows == [(_TOO_MANY,)]:
        return _of_the_latest(given, page)
    return [post_id for (post_id,) in rows]


def _of_the_latest(given: dict[str, Any], page: int) -> list[int]:
    """Ask the likeliest authors; exact, because it asks more until no other could be newer.

    An author's newest post may be deleted or not for this viewer, so ``newest`` is only a bound.
    """
    most = page
    while True:
        candidates = _rows(_CANDIDATES, given | {"most": most + 1})
        below = sum(1 for _author, _mutual, newest in candidates if newest < given["before"])
        following = candidates.pop()[2] if below > most else None
        chosen = {
            "authors": [author for author, _mutual, _newest in candidates],
            "mutual": [mutual for _author, mutual, _newest in candidates],
        }
        ids = [post_id for (post_id,) in _rows(FORM_C, given | chosen)]
        if following is None or (len(ids) == page and ids[-1] >= following):
            return ids
        most *= 4


def _rows(statement: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
