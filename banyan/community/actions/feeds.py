"""What feeds keep: where a post is from, how far somebody has read, ranked feeds for two hours."""

from __future__ import annotations

from django.db import connection
from django.db.models import Subquery, Value
from django.db.models.functions import Coalesce

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.people.models import Profile

from ..models import FeedSession, Post
from ..queries.feeds.ranking import LIFETIME

_MOVE = """
WITH before AS (SELECT seen_id FROM community_feedmarker
  WHERE account_id = %(account)s AND feed = %(feed)s)
INSERT INTO community_feedmarker AS m (account_id, feed, seen_id, moved_at)
VALUES (%(account)s, %(feed)s, %(seen)s, %(now)s)
ON CONFLICT (account_id, feed) DO UPDATE
  SET seen_id = greatest(m.seen_id, excluded.seen_id), moved_at = excluded.moved_at
RETURNING coalesce((SELECT seen_id FROM before), 0)
"""


def move_marker(*, actor: Actor, feed: str, seen_id: int) -> int:
    """Say that the actor has seen a feed up to a post; return how far it was before, or 0.

    It never goes back, whichever device says so. One statement. Repeatable.
    """
    given = {"account": actor.id, "feed": feed, "seen": seen_id, "now": clock.now()}
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, given)
        return int(cursor.fetchone()[0])


def place_post(post: Post) -> None:
    """Note where the author of a public post says to be, in the transaction that publishes it."""
    region = Profile.objects.filter(pk=post.author_id).values("region")[:1]
    Post.objects.filter(pk=post.pk).update(region=Coalesce(Subquery(region), Value("")))


def forget_sessions() -> int:
    """Delete ranked feeds that are no longer read; return how many. Repeatable."""
    old = FeedSession.objects.filter(made_at__lte=clock.now() - LIFETIME)
    return old.delete()[0]
