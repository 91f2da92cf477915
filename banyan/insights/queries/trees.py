"""A share's tree with everybody in it: who shared with whom, who came, who bought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2s

from django.db import connection

from banyan.sharing.models import Link
from banyan.sharing.queries import TreeNode, tree_below, tree_of

from ..rules import CascadeMeasures, Opened, measure
from .arrivals import ENDED, PAID, WAITING, ordered_through, people_among
from .persons import LINKS, TOUCH_JOIN, TOUCH_PERSON

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


def share_tree(link: Link, *, whole: bool = True, shop_id: int | None = None) -> ShareTree:
    """Return the tree of ``link``: the whole one, or what grew from the link alone. Four queries.

    A person is one node: who shared on stands where they shared, everybody else below the link
    they first came through. ``folded`` counts, by link, the guests that are not listed.
    ``shop_id`` limits orders to that shop's.
    """
    nodes = tree_of(link) if whole else _rooted(tree_below(link))
    ids = [node.link_id for node in nodes]
    placed = ordered_through(ids, shop_id=shop_id)
    members = people_among(nodes, _visits(ids), placed)
    orders = Counter(link_id for link_id, _order in {(o.link_id, o.order_id) for o in placed})
    paid = Counter(
        link_id for link_id, _order in {(o.link_id, o.order_id) for o in placed if o.state == PAID}
    )
    states: dict[str, int] = {}
    for each in placed:
        states[each.person] = max(states.get(each.person, ENDED), each.state)
    owners = {f"a{node.owner_id}" for node in nodes}
    guests = [
        Guest(
            _key(person, ids[0]),
            member.link or ids[0],
            ordered=states.get(person) == WAITING,
            bought=states.get(person) == PAID,
        )
        for person, member in members.items()
        if person not in owners
    ]
    # The listed ones must not change with every opening, so ties go by the key.
    guests.sort(key=lambda guest: (not guest.bought, not guest.ordered, guest.key))
    came = Counter(guest.link_id for guest in guests)
    came.update(node.parent_id or 0 for node in nodes[1:])
    sharers = [
        Sharer(
            node,
            came=came[node.link_id],
            orders=orders[node.link_id],
            paid=paid[node.link_id],
            ordered=states.get(f"a{node.owner_id}") == WAITING,
            bought=states.get(f"a{node.owner_id}") == PAID,
        )
        for node in nodes
    ]
    return ShareTree(
        sharers,
        guests[:MOST_GUESTS],
        len(guests),
        measure({person: member.parent for person, member in members.items()}),
        Counter(guest.link_id for guest in guests[MOST_GUESTS:]),
    )


def _rooted(nodes: list[TreeNode]) -> list[TreeNode]:
    """Return a subtree as a tree of its own: its first link is the root, at depth 0."""
    above = nodes[0].depth
    root, *rest = (replace(node, depth=node.depth - above) for node in nodes)
    return [replace(root, parent_id=None), *rest]


def _key(person: str, root_id: int) -> str:
    """Return a name for a stranger's node: the visitor id itself would be a password of sorts."""
    return blake2s(person.encode(), key=str(root_id).encode(), digest_size=6).hexdigest()


def _visits(link_ids: list[int]) -> list[Opened]:
    """Return when each person first visited through each link."""
    with connection.cursor() as cursor:
        cursor.execute(_VISITED, [link_ids])
        return [Opened(*row) for row in cursor.fetchall()]


_VISITED = f"""
{LINKS}
SELECT touch.link_id, {TOUCH_PERSON}, min(touch.at) FROM {TOUCH_JOIN}
WHERE touch.verdict = 'human' GROUP BY 1, 2 ORDER BY 3, 1, 2
"""  # noqa: S608 - our own text
