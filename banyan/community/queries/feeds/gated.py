"""The gate as a part of statements of our own: compiled from ``access``, never written again."""

from __future__ import annotations

from functools import cache

from django.db.models.expressions import RawSQL

from banyan.kernel.actors import Actor
from banyan.kernel.remembered import spelled
from banyan.people.access import visible_accounts

from ...access import posts_for_meeting, visible_posts

# Stands for the viewer while the SQL is made; no account has it.
_SOMEBODY = -7_315
_VIEWER = {_SOMEBODY: "%(viewer)s"}


def _who(*, is_member: bool) -> Actor:
    return Actor(kind="member", id=_SOMEBODY) if is_member else Actor.guest()


@cache
def seen(post: str, *, is_member: bool) -> str:
    """Return SQL of the post that the SQL ``post`` gives the id of, if the viewer may see it.

    Its columns are id, author_id, repin_of_id, visibility and group_id; a member is %(viewer)s.
    OFFSET 0: one post is looked up at a time, not all that may be seen.
    """
    posts = visible_posts(_who(is_member=is_member)).filter(pk=_sql(post)).order_by()
    columns = posts.values("id", "author_id", "repin_of_id", "visibility", "group_id")
    return f"SELECT * FROM ({spelled(columns, _VIEWER)}) seen OFFSET 0"  # noqa: S608 - what Django makes


@cache
def meets(person: str) -> str:
    """Return the condition that the member %(viewer)s meets a person, by SQL of their id."""
    accounts = visible_accounts(_who(is_member=True)).filter(pk=_sql(person)).order_by()
    return f"EXISTS ({spelled(accounts.values('pk'), _VIEWER)} OFFSET 0)"


@cache
def seen_by(viewer: str, post: str) -> str:
    """Return the condition that a member may see a post, by SQL of the ids of both."""
    posts = visible_posts(_who(is_member=True)).filter(pk=_sql(post)).order_by()
    return f"EXISTS ({spelled(posts.values('pk'), {_SOMEBODY: viewer})} OFFSET 0)"


@cache
def newest_of(author: str, which: str) -> str:
    """Return SQL of the ids of the newest posts that %(viewer)s may see of somebody they meet.

    ``author`` is SQL of the author's id; ``which`` a further condition on community_post. Of those
    between %(after)s and %(before)s, %(page)s at most.
    """
    posts = posts_for_meeting(_who(is_member=True)).filter(
        author_id=_sql(author), pk__lt=_sql("%(before)s"), pk__gt=_sql("%(after)s")
    )
    ids = spelled(posts.order_by().values("id"), _VIEWER)
    return f"{ids} AND {which} ORDER BY community_post.id DESC LIMIT %(page)s OFFSET 0"


def _sql(text: str) -> RawSQL:
    return RawSQL(text, ())  # noqa: S611 - constants of ours


def forget() -> None:
    """Compile anew, because what is compiled has changed; for tests of the gate."""
    for each in (seen, meets, seen_by, newest_of):
        each.cache_clear()
