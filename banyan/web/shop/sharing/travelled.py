"""How a share travelled, as a picture and as rows: for the sharer and for the merchant."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from banyan.insights.queries import Sharer, ShareTree, share_tree
from banyan.insights.rules import CascadeMeasures
from banyan.kernel.actors import Actor
from banyan.people.access import visible_accounts
from banyan.sharing.models import Link
from banyan.web.ui.shapes import Face, TreeNode
from banyan.web.ui.svg import folded

from ..people.faces import faces_of

MOST_SHARERS = 120
MOST_FACES = 24
MOST_DOTS = 240
FACES_IN_A_CROWD = 60


@dataclass(frozen=True, slots=True)
class Row:
    """A sharer in the table under the picture."""

    face: Face
    sharer: Sharer


@dataclass(frozen=True, slots=True)
class Travelled:
    """The picture's nodes and the table's rows of one tree. ``folded``: people not drawn."""

    link: Link
    nodes: list[TreeNode]
    rows: list[Row]
    shape: CascadeMeasures
    folded: int

    @property
    def begun_by(self) -> str:
        """Who shared first."""
        return self.rows[0].face.name

    @property
    def paid(self) -> int:
        """Paid orders of the whole tree."""
        return sum(row.sharer.paid for row in self.rows)


def travelled(
    link: Link, *, viewer: Actor, whole: bool = True, shop_id: int | None = None
) -> Travelled:
    """Return the tree of a link, or with ``whole=False`` what grew from it alone.

    Whom the viewer may not see stands in it without a name. ``shop_id`` limits orders to that
    shop's.
    """
    tree = share_tree(link, whole=whole, shop_id=shop_id)
    owners = {each.node.owner_id for each in tree.sharers}
    faces = dict.fromkeys(owners, Face(name=_("Somebody")))
    faces |= faces_of(visible_accounts(viewer).filter(pk__in=owners))
    nodes = _nodes(tree, faces)
    return Travelled(
        link=link,
        nodes=nodes,
        rows=[Row(faces[each.node.owner_id], each) for each in tree.sharers],
        shape=tree.shape,
        folded=sum(node.count for node in nodes),
    )


def _nodes(tree: ShareTree, faces: dict[int, Face]) -> list[TreeNode]:
    """Return what is drawn: sharers and dots up to a legible number, tails folded into "+n"."""
    drawn = _worth_drawing(tree.sharers)
    parents = {each.node.link_id: each.node.parent_id for each in tree.sharers}
    with_faces = (len(drawn) <= MOST_FACES and tree.people <= FACES_IN_A_CROWD) or len(drawn) <= 8
    more: dict[int, int] = {}
    nodes = []
    for each in tree.sharers:
        if each.node.link_id in drawn:
            nodes.append(_sharer_node(each, faces[each.node.owner_id], with_faces))
        else:
            _fold(more, _drawn_above(each.node.link_id, parents, drawn), 1)
    dots = 0
    for guest in tree.guests:
        if guest.link_id in drawn and dots < MOST_DOTS:
            dots += 1
            kind = "bought" if guest.bought else "ordered" if guest.ordered else "opened"
            nodes.append(TreeNode(guest.key, str(guest.link_id), kind))
        else:
            _fold(more, _drawn_above(guest.link_id, parents, drawn), 1)
    for link_id, count in tree.folded.items():
        _fold(more, _drawn_above(link_id, parents, drawn), count)
    for link_id, count in folded(more, tree.sharers[0].node.link_id).items():
        label = ngettext("%(n)s more person", "%(n)s more people", count) % {"n": count}
        nodes.append(TreeNode(f"{link_id}-more", str(link_id), "more", label, count=count))
    return nodes


def _worth_drawing(sharers: list[Sharer]) -> set[int]:
    """Return the links to draw: those that brought most, with everybody on the way to them."""
    if len(sharers) <= MOST_SHARERS:
        return {each.node.link_id for each in sharers}
    parents = {each.node.link_id: each.node.parent_id for each in sharers}
    drawn: set[int] = set()
    for each in sorted(sharers, key=lambda s: (-s.paid, -s.came, s.node.link_id)):
        way = []
        step: int | None = each.node.link_id
        while step is not None and step not in drawn:
            way.append(step)
            step = parents[step]
        if len(drawn) + len(way) > MOST_SHARERS:
            continue
        drawn.update(way)
    return drawn or {sharers[0].node.link_id}


def _drawn_above(link_id: int, parents: dict[int, int | None], drawn: Collection[int]) -> int:
    step: int | None = link_id
    while step is not None and step not in drawn:
        step = parents[step]
    return step if step is not None else next(iter(drawn))


def _fold(more: dict[int, int], link_id: int, count: int) -> None:
    more[link_id] = more.get(link_id, 0) + count


def _sharer_node(each: Sharer, face: Face, with_faces: bool) -> TreeNode:
    node = each.node
    kind = "bought" if each.bought else "ordered" if each.ordered else "shared"
    told = _("%(name)s: came %(came)s, paid orders %(paid)s") % {
        "name": face.name,
        "came": each.came,
        "paid": each.paid,
    }
    return TreeNode(
        id=str(node.link_id),
        parent_id=str(node.parent_id) if node.parent_id else None,
        kind="root" if node.parent_id is None else kind,
        label=told,
        name=face.name if with_faces else "",
        picture_url=face.picture_url if with_faces else "",
    )
