"""Who came to a share: the one rule behind its figures, its lists, its file and its picture."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db import connection

from banyan.sharing.queries import TreeNode

from ..rules import Joined, Opened, Shared, people_tree
from .persons import LINKS, ORDER_JOIN, ORDER_PERSON


@dataclass(frozen=True, slots=True)
class Ordered:
    """``person`` placed an order through ``link_id`` at ``at``; ``state`` see the constants."""

    order_id: int
    link_id: int
    person: str
    at: dt.datetime
    state: int


ENDED, WAITING, PAID = 0, 1, 2


def ordered_through(link_ids: Collection[int], *, shop_id: int | None = None) -> list[Ordered]:
    """Return the orders through some links, of one shop or of all, by time. One query.

    An order stands once for each link it came through.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ORDERED, [list(link_ids), shop_id, shop_id])
        return [Ordered(*row) for row in cursor.fetchall()]


def people_among(
    nodes: Sequence[TreeNode], visits: Iterable[Opened], orders: Iterable[Ordered]
) -> dict[str, Joined]:
    """Return everybody in a tree of links once each: who shared, who visited, who ordered.

    Who was at the checkout saw the page before, whether or not an opening was recorded. ``nodes``
    has the root first and every parent before its children.
    """
    root = nodes[0].link_id
    shares = [
        Shared(
            link=node.link_id,
            parent=None if node.link_id == root else node.parent_id,
            person=f"a{node.owner_id}",
            at=node.at,
        )
        for node in nodes
    ]
    came = [*visits, *(Opened(each.link_id, each.person, each.at) for each in orders)]
    return people_tree(shares, came)


_ORDERED = f"""
{LINKS}
SELECT DISTINCT bought.id, line.link_id, {ORDER_PERSON}, bought.created_at,
       CASE WHEN bought.paid_at IS NOT NULL THEN {PAID}
            WHEN bought.state = 'placed' THEN {WAITING} ELSE {ENDED} END
FROM {ORDER_JOIN}
WHERE (%s::bigint IS NULL OR bought.shop_id = %s)
ORDER BY 4, 1, 2, 3
"""  # noqa: S608 - our own text
