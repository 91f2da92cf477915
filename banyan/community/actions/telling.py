"""Followers who asked to hear of every post: told batch after batch, however many they are."""

from __future__ import annotations

from functools import cache

from django.db import transaction

from banyan.kernel.remembered import run
from banyan.notify.actions import notify_each
from banyan.people.rules.relations import EVERY_POST

from ..models import Post
from ..queries.feeds import gated

BATCH = 1_000
LONGEST = 60


def title_of(post: Post) -> str:
    """Return what a post is called where it is told of; of a repin, what its original is."""
    content = post.repin_of or post
    text = content.title or content.body
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def tell_followers(*, post: Post, day: str, after: int = 0) -> int | None:
    """Tell the next BATCH followers of a post, those who want to hear of each and may see it.

    Returns the last that was looked at, to go on ``after``; None when there is nobody further. A
    day's posts of one author are one line. One transaction of some ten statements, whatever the
    size of the audience; repeatable. Emits notification.told for each who was told.
    """
    key, url = f"posted:{post.author_id}:{day}", f"/p/{post.pk}"
    given = {
        "author": post.author_id,
        "post": post.pk,
        "key": key,
        "url": url,
        "after": after,
        "most": BATCH,
    }
    with transaction.atomic():
        last, walked, readers = run(_next(), given).fetchone()
        if readers:
            notify_each(
                recipient_ids=readers,
                kind="posted",
                group_key=key,
                url=url,
                data={"title": title_of(post)},
                actor_id=post.author_id,
            )
    return last if walked == BATCH else None


@cache
def _next() -> str:
    seen = gated.seen_by("walked.id", "%(post)s")
    return f"""
WITH walked AS MATERIALIZED (
  SELECT follower_id AS id, level FROM people_follow
  WHERE followee_id = %(author)s AND state = 1 AND follower_id > %(after)s
  ORDER BY follower_id LIMIT %(most)s)
SELECT max(id), count(*), array_agg(id) FILTER (WHERE level = {EVERY_POST} AND {seen}
  AND NOT EXISTS (SELECT 1 FROM notify_notification told
    WHERE told.recipient_id = walked.id AND told.group_key = %(key)s AND told.url = %(url)s
    OFFSET 0)) FROM walked
"""  # noqa: S608 - our own text and what Django makes
