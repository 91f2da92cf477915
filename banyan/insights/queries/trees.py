"""A share's tree with everybody in it: who shared with whom, who came, who bought."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2s

from django.db import connection

from banyan.sharing.models import Link
from banyan.sharing.queries import TreeNode, tree_of

from ..rules import CascadeMeasures, measure_with_leaves
from .persons import ORDER_JOIN, ORDER_PERSON, TOUCH_JOIN, TOUCH_PERSON

MOST_GUESTS = 400


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who came through a link and did not share on; of strangers nothing is known.

    ``key`` is short, the same each time, and says nothing. ``bought``: paid; ``ordered``: not
    (yet); else the page ran on their screen and that was all.
    """

    key: str
    link_id: int
    ordered: bool
    bought: bool


@dataclass(frozen=True, slots=True)
class Sharer:
    """A link in the tree and what came of it: people directly through it, and their orders.

    ``came`` counts people, the sharers below included. ``ordered`` and ``bought`` say whether the
    sharer did that themselves, through somebody's link of this tree.
    """

    node: TreeNode
    came: int = 0
    orders: int = 0
    paid: int = 0
    ordered: bool = False
    bought: bool = False


@dataclass(frozen=True, slots=True)
class ShareTree:
    """Sharers, parents first; guests, buyers first, at most MOST_GUESTS of ``guests_in_all``."""

    sharers: list[Sharer]
    guests: list[Guest]
    guests_in_all: int
    shape: CascadeMeasures
    folded: Mapping[int, int] = field(default_factory=dict)

    @property
    def people(self) -> int:
        """Everybody: sharers by their links, and guests."""
        return self.shape.size


def share_tree(link: Link, *, whole: bool = True, since: dt.datetime | None = None) -> ShareTree:
    """Return the tree of ``link``: the whole one, or what grew from the link alone. Six queries.

    A person is one node: who shared on stands where they shared, everybody else below the link
    they first came through. ``folded`` counts, by link, the guests that are not listed. ``since``
    leaves out guests who came and orders made before.
    """
    nodes = tree_of(link)
    if not whole:
        nodes = _below(nodes, link.pk)
    ids = [node.link_id for node in nodes]
    places: dict[str, tuple[int, int]] = {}
    orders, paid = dict.fromkeys(ids, 0), dict.fromkeys(ids, 0)
    with connection.cursor() as cursor:
        cursor.execute(_CAME, [ids, since, since])
        came = cursor.fetchall()
        cursor.execute(_BOUGHT, [ids, since, since])
        for person, link_id, state, n, n_paid in cursor.fetchall():
            orders[link_id] += n
            paid[link_id] += n_paid
            before = places.get(person, (link_id, 0))
            places[person] = (before[0], max(before[1], state))
    for person, link_id in came:
        state = places[person][1] if person in places else 0
        places[person] = (link_id, state)
    owners = {f"a{node.owner_id}" for node in nodes}
    guests = [
        Guest(_key(person, ids[0]), link_id, ordered=state == 1, bought=state == 2)
        for person, (link_id, state) in places.items()
        if person not in owners
    ]
    # The listed ones must not change with every opening, so ties go by the key.
    guests.sort(key=lambda guest: (not guest.bought, not guest.ordered, guest.key))
    below = dict.fromkeys(ids, 0)
    for guest in guests:
        below[guest.link_id] += 1
    folded: dict[int, int] = {}
    for guest in guests[MOST_GUESTS:]:
        folded[guest.link_id] = folded.get(guest.link_id, 0) + 1
    shape = measure_with_leaves(_parents(nodes), below)
    for node in nodes[1:]:
        below[node.parent_id or 0] += 1
    states = {person: state for person, (_link, state) in places.items()}
    sharers = [
        Sharer(
            node,
            came=below[node.link_id],
            orders=orders[node.link_id],
            paid=paid[node.link_id],
            ordered=states.get(f"a{node.owner_id}", 0) == 1,
            bought=states.get(f"a{node.owner_id}", 0) == 2,
        )
        for node in nodes
    ]
    return ShareTree(sharers, guests[:MOST_GUESTS], len(guests), shape, folded)


def _below(nodes: list[TreeNode], link_id: int) -> list[TreeNode]:
    """Return the subtree of a link, itself first; depths are counted from it."""
    kept: dict[int, TreeNode] = {}
    for node in nodes:
        if node.link_id == link_id:
            kept[node.link_id] = replace(node, parent_id=None, depth=0)
        elif node.parent_id in kept:
            kept[node.link_id] = replace(node, depth=kept[node.parent_id].depth + 1)
    return list(kept.values())


def _parents(nodes: list[TreeNode]) -> dict[int, int | None]:
    return {node.link_id: node.parent_id for node in nodes}


def _key(person: str, root_id: int) -> str:
    """Return a name for a stranger's node: the visitor id itself would be a password of sorts."""
    return blake2s(person.encode(), key=str(root_id).encode(), digest_size=6).hexdigest()


_LINKS = "WITH links AS MATERIALIZED (SELECT unnest(%s::bigint[]) AS id)"

_CAME = f"""
{_LINKS}
SELECT DISTINCT ON (1) {TOUCH_PERSON}, touch.link_id FROM {TOUCH_JOIN}
WHERE touch.verdict = 'human' AND (%s::timestamptz IS NULL OR touch.at >= %s)
ORDER BY 1, touch.at, touch.id
"""  # noqa: S608 - our own text

# 2: paid for something; 1: an order waits for its payment; 0: it ended unpaid.
_BOUGHT = f"""
{_LINKS}
SELECT {ORDER_PERSON}, line.link_id,
       max(CASE WHEN bought.paid_at IS NOT NULL THEN 2
                WHEN bought.state = 'placed' THEN 1 ELSE 0 END),
       count(DISTINCT bought.id)::int,
       (count(DISTINCT bought.id) FILTER (WHERE bought.paid_at IS NOT NULL))::int
FROM {ORDER_JOIN}
WHERE (%s::timestamptz IS NULL OR bought.created_at >= %s)
GROUP BY 1, 2 ORDER BY 2, 1
"""  # noqa: S608 - our own text
