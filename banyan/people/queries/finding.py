"""Finding friends: people that one may know, and members of one's address book."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from banyan.kernel import clock
from banyan.kernel.actors import Actor

from ..access import not_blocked, visible_accounts
from ..models import Account, BookDigest, Follow, FoundByDigest, Mute

# Enough to suggest well; who has thousands of friends is not waiting for suggestions.
MOST_FRIENDS = 300
OF_EACH = 1_000
CANDIDATES = 300

# Counted by friendships alone, from each friend's own part of the index: the planner takes a plain
# join for a walk through all follows there are. What is known already leaves after the counting.
_COUNTED = """
WITH mine AS MATERIALIZED (
  SELECT f.followee_id FROM people_follow f JOIN people_account a ON a.id = f.followee_id
  WHERE f.follower_id = %(viewer)s AND f.is_mutual AND a.is_active
  ORDER BY f.id DESC LIMIT %(friends)s),
counted AS MATERIALIZED (
  SELECT theirs.followee_id AS id, count(*) AS n
  FROM mine CROSS JOIN LATERAL (
    SELECT f.followee_id FROM people_follow f
    WHERE f.follower_id = mine.followee_id AND f.is_mutual
    ORDER BY f.followee_id DESC LIMIT %(of_each)s) theirs
  GROUP BY 1)
SELECT id, n FROM counted
WHERE id <> %(viewer)s
  AND NOT EXISTS (SELECT 1 FROM people_follow f
    WHERE f.follower_id = %(viewer)s AND f.followee_id = counted.id)
ORDER BY n DESC, id LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Somebody one may know; ``in_common`` says why, in friends."""

    account: Account
    in_common: int


def people_you_may_know(viewer: Actor, *, limit: int = 20) -> list[Suggestion]:
    """Return friends of friends, those with most friends in common first. Two queries.

    Never somebody blocked, muted, closed, followed or asked already, or who opted out. Friends of
    the viewer who are closed count for nothing; of very many, the latest 300 are asked.
    """
    if viewer.id is None:
        return []
    given = {
        "viewer": viewer.id,
        "friends": MOST_FRIENDS,
        "of_each": OF_EACH,
        "most": CANDIDATES,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, given)
        counted = dict(cursor.fetchall())
    shown = _strangers(viewer).filter(is_suggested=True).in_bulk(counted)
    found = [Suggestion(shown[pk], n) for pk, n in counted.items() if pk in shown]
    return found[:limit]


def members_in_my_book(viewer: Actor) -> list[Account]:
    """Return up to 50 members whose contact stands in the viewer's address book. One query.

    Only those who agree to be found by it, and whom the viewer neither follows nor keeps away.
    Which contact it was is not known any more.
    """
    if viewer.id is None:
        return []
    book = BookDigest.objects.filter(owner_id=viewer.id).values("digest")
    matched = FoundByDigest.objects.filter(digest__in=book).values("account_id")
    return list(_strangers(viewer).filter(pk__in=matched).order_by("display_name", "id")[:50])


def book_size(viewer: Actor) -> int:
    """Return how many contacts the viewer's address book has here. One query."""
    return BookDigest.objects.filter(owner_id=viewer.id or 0).count()


def _strangers(viewer: Actor) -> QuerySet[Account]:
    """Return whom the viewer sees, and neither follows, asks, mutes nor wants less of."""
    mine = Follow.objects.filter(follower_id=viewer.id, followee_id=OuterRef("pk"))
    kept_away = Mute.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=clock.now()),
        actor_id=viewer.id,
        target_id=OuterRef("pk"),
    )
    return (
        visible_accounts(viewer)
        .filter(not_blocked(viewer), ~Exists(mine), ~Exists(kept_away))
        .exclude(pk=viewer.id or 0)
    )
