"""Following topics, and counting who talks about them."""

from __future__ import annotations

import datetime as dt

from django.db import connection, transaction

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.ids import id_floor
from banyan.kernel.problems import NotFound
from banyan.people.access import member_id

from .. import rules
from ..access import PUBLIC
from ..models import Topic, TopicFollow, TopicHeat

# Hot is what many people talk about within two days; an account is new for its first week.
WINDOW = dt.timedelta(days=2)
NEW_FOR = dt.timedelta(days=7)


def follow_topic(*, actor: Actor, slug: str) -> Topic:
    """Follow a topic. Repeatable; NotFound for one that is not used."""
    by = member_id(actor)
    topic = Topic.objects.filter(slug=rules.topic_slug(slug), is_usable=True).first()
    if topic is None:
        raise NotFound()
    TopicFollow.objects.bulk_create(
        [TopicFollow(topic=topic, account_id=by, created_at=clock.now())], ignore_conflicts=True
    )
    return topic


def unfollow_topic(*, actor: Actor, slug: str) -> None:
    """Follow a topic no more. Repeatable."""
    mine = TopicFollow.objects.filter(account_id=member_id(actor))
    mine.filter(topic__slug=rules.topic_slug(slug)).delete()


# One row for a person and a topic, however much they wrote. Who wrote under a post talks about its
# topics as well. Only public posts of open accounts.
_TALK = """
WITH named AS (
  SELECT t.topic_id, p.id, p.author_id FROM community_post p
  JOIN community_posttopic t ON t.post_id = p.id
  JOIN community_topic k ON k.id = t.topic_id AND k.is_usable AND k.is_trendable
  JOIN people_account a ON a.id = p.author_id AND a.is_active
  WHERE p.id >= %(from)s AND p.deleted_at IS NULL AND p.state = 1
    AND p.visibility = %(public)s),
said AS (
  SELECT topic_id, author_id AS account_id FROM named
  UNION
  SELECT n.topic_id, c.author_id FROM named n JOIN community_comment c ON c.post_id = n.id
  WHERE c.deleted_at IS NULL)
SELECT s.topic_id, count(*), count(*) FILTER (WHERE a.created_at > %(new_since)s),
  (SELECT count(*) FROM named n WHERE n.topic_id = s.topic_id)
FROM said s JOIN people_account a ON a.id = s.account_id AND a.is_active
GROUP BY s.topic_id
"""


def count_heat() -> int:
    """Count anew how many people talk about each topic; returns how many are. Repeatable."""
    now = clock.now()
    given: dict[str, int | dt.datetime] = {
        "from": id_floor(now - WINDOW),
        "public": PUBLIC,
        "new_since": now - NEW_FOR,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TALK, given)
        rows = [
            TopicHeat(
                topic_id=topic_id,
                people=people,
                new=new,
                posts=posts,
                score=rules.Heat(people, new).score,
                counted_at=now,
            )
            for topic_id, people, new, posts in cursor.fetchall()
        ]
        TopicHeat.objects.exclude(topic_id__in=[row.topic_id for row in rows]).delete()
        TopicHeat.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["topic"],
            update_fields=["people", "new", "posts", "score", "counted_at"],
        )
    return len(rows)
