"""Posts that wait for a moderator of their group."""

from __future__ import annotations

from banyan.groups.models import Group
from banyan.kernel.actors import Actor
from banyan.people.access import visible_accounts

from ..models import Post
from ..rules import WAITING

MOST = 100


def waiting_posts(viewer: Actor, group: Group) -> list[Post]:
    """Return what waits in a group, the longest first, 100 at most, for who leads it. One query.

    Posts of people who are apart from the viewer are for another moderator.
    """
    rows = Post.objects.filter(
        group=group, state=WAITING, deleted_at=None, author__in=visible_accounts(viewer)
    )
    return list(rows.select_related("author").order_by("id")[:MOST])
