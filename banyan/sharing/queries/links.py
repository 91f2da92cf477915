"""Links: by code, upwards as a path, downwards as a tree."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet

from banyan.kernel.remembered import remembered
from banyan.sharing.models import Link

from .reach import Reach, Scope, reach_by_link


@dataclass(frozen=True, slots=True)
class PathStep:
    """One sharer on the way to a link; ``at`` is when they shared, ``avatar_id`` their face.

    ``is_open`` tells whether their account is: nobody is shown one that is not.
    """

    link_id: int
    code: str
    owner_id: int
    handle: str
    display_name: str
    at: dt.datetime
    avatar_id: int | None = None
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A link in its tree, with the people who came through it (``reach``; never None)."""

    link_id: int
    code: str
    parent_id: int | None
    depth: int
    owner_id: int
    handle: str
    display_name: str
    at: dt.datetime
    revoked: bool
    reach: Reach


def link_by_code(code: str) -> Link | None:
    """Return the living link of a code with its owner, or None. One query."""
    return _living.first(code) if 0 < len(code) <= LONGEST_CODE else None


LONGEST_CODE = 24


def living_links(code: str) -> QuerySet[Link]:
    """Return the living link of a code with its owner, for others to add to."""
    return Link.objects.select_related("owner").filter(code=code, revoked_at__isnull=True)


_living = remembered(living_links)


def path_of(link: Link) -> list[PathStep]:
    """Return the sharers from the root to ``link``, oldest first. At most one query."""
    if link.parent_id is None:
        owner = link.owner
        steps = (link.pk, link.code, owner.pk, owner.handle, owner.display_name, link.created_at)
        return [PathStep(*steps, avatar_id=owner.avatar_id, is_open=owner.is_active)]
    with connection.cursor() as cursor:
        cursor.execute(_PATH, [link.pk])
        return [PathStep(*row) for row in cursor.fetchall()]


def tree_of(root: Link) -> list[TreeNode]:
    """Return every link of the tree that ``root`` belongs to, parents first. Two queries."""
    return _nodes(Scope.tree(root.root_id or root.pk))


def tree_below(link: Link) -> list[TreeNode]:
    """Return ``link`` and every link shared on from it, parents first. Two queries."""
    return _nodes(Scope.below(link.pk))


def _nodes(scope: Scope) -> list[TreeNode]:
    counts = reach_by_link(scope)
    with connection.cursor() as cursor:
        cursor.execute(_TREE.format(where=scope.where), scope.params)  # our own text
        rows = cursor.fetchall()
    return [TreeNode(*(*row, counts.get(row[0], Reach()))) for row in rows]


_PATH = """
WITH RECURSIVE up AS (
  SELECT id, code, owner_id, parent_id, depth, created_at FROM sharing_link WHERE id = %s
  UNION ALL
  SELECT link.id, link.code, link.owner_id, link.parent_id, link.depth, link.created_at
  FROM sharing_link link JOIN up ON link.id = up.parent_id
)
SELECT up.id, up.code, up.owner_id, account.handle, account.display_name, up.created_at,
       account.avatar_id, account.is_active
FROM up JOIN people_account account ON account.id = up.owner_id
ORDER BY up.depth, up.id
"""

_TREE = """
SELECT link.id, link.code, link.parent_id, link.depth, link.owner_id, account.handle,
       account.display_name, link.created_at, link.revoked_at IS NOT NULL
FROM sharing_link link JOIN people_account account ON account.id = link.owner_id
WHERE {where}
ORDER BY link.depth, link.id
"""


def roots_in(scope: Scope, *, before: int | None = None, limit: int = 50) -> list[Link]:
    """Return the roots of the trees that links of ``scope`` belong to, newest first.

    ``before`` continues a list: only roots older than that id. Two queries.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT coalesce(link.root_id, link.id) FROM sharing_link link"  # noqa: S608 - scopes are ours
            f" WHERE {scope.where} AND (%s::bigint IS NULL OR coalesce(link.root_id, link.id) < %s)"
            " ORDER BY 1 DESC LIMIT %s",
            [*scope.params, before, before, limit],
        )
        wanted = [pk for (pk,) in cursor.fetchall()]
    found = Link.objects.select_related("owner").in_bulk(wanted)
    return [found[pk] for pk in wanted]
