"""Figures computed on the server: positions only, as SVG attributes, never as styles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from math import cos, pi, sin
from typing import TypeVar

from banyan.web.ui.shapes import Tree, TreeNode

Node = TypeVar("Node", bound=Hashable)
TREE_WIDTH = 640
TREE_HEIGHT = 400
_MARGIN = 26
MOST_FOLDS = 12
_SIZES = {"root": 8.0, "bought": 5.0, "ordered": 4.6, "more": 9.0}


def place(nodes: Iterable[TreeNode], *, width: int = TREE_WIDTH, height: int = TREE_HEIGHT) -> Tree:
    """Lay a share tree out in rings round its root; equal input gives an equal picture.

    A person's sector is as wide as the leaves below them, depth sets the ring, and rings are
    ellipses that fill ``width`` x ``height``. Nodes whose parent is not among ``nodes`` hang from
    the centre. Iterative, so that a chain of any depth is drawn; O(n).
    """
    found = list(nodes)
    known = {node.id for node in found}
    children: dict[str | None, list[TreeNode]] = defaultdict(list)
    for node in found:
        parent = node.parent_id if node.parent_id in known else None
        children[parent].append(node)
    tree = Tree(width=width, height=height)
    if not found:
        return tree
    order, depth = _walk(children)
    leaves = _leaves(order, children)
    roots = children[None]
    lone = len(roots) == 1
    rings = max(depth.values()) + (0 if lone else 1)
    sectors = _sectors(order, children, leaves)
    centre = (width / 2, height / 2)
    at: dict[str, tuple[float, float]] = {}
    for node in order:
        low, high = sectors[node.id]
        ring = depth[node.id] + (0 if lone else 1)
        reach = _reach(ring, rings, leaf=node.id not in children, place=len(at))
        angle = (low + high) * pi - pi / 2
        x = round(centre[0] + cos(angle) * reach * (width / 2 - _MARGIN), 1)
        y = round(centre[1] + sin(angle) * reach * (height / 2 - _MARGIN), 1)
        at[node.id] = (x, y)
        if node.parent_id in at:
            px, py = at[node.parent_id]
            tree.edges.append((px, py, x, y))
        tree.nodes.append((node, x, y, _radius(node, len(order))))
    return tree


def _reach(ring: int, rings: int, *, leaf: bool, place: int) -> float:
    """Return the share of the full radius: inner rings get more room, leaves step in and out."""
    if not ring:
        return 0.0
    stagger = (0.0, -0.045, -0.02)[place % 3] if leaf else 0.0
    return float((ring / rings) ** 0.72) + stagger


def _radius(node: TreeNode, total: int) -> float:
    """Return the dot's radius: the root largest, buyers above passers-by, smaller in a crowd."""
    if node.name:
        return 19.0 if node.kind == "root" else 15.0
    base = _SIZES.get(node.kind, 3.4)
    return base if total < 250 else round(base * 0.7, 1)


def _walk(
    children: dict[str | None, list[TreeNode]],
) -> tuple[list[TreeNode], dict[str, int]]:
    """Return nodes with parents before children, and each one's depth from its root."""
    order: list[TreeNode] = []
    depth: dict[str, int] = {}
    stack = [(node, 0) for node in reversed(children[None])]
    while stack:
        node, level = stack.pop()
        order.append(node)
        depth[node.id] = level
        stack.extend((child, level + 1) for child in reversed(children.get(node.id, [])))
    return order, depth


def _leaves(
    order: Sequence[TreeNode], children: dict[str | None, list[TreeNode]]
) -> dict[str, int]:
    """Return how many leaves hang below each node (a leaf counts itself)."""
    count: dict[str, int] = {}
    for node in reversed(order):
        count[node.id] = sum(count[child.id] for child in children.get(node.id, [])) or 1
    return count


def _sectors(
    order: Sequence[TreeNode],
    children: dict[str | None, list[TreeNode]],
    leaves: dict[str, int],
) -> dict[str, tuple[float, float]]:
    """Share the circle (0 to 1) among siblings by their leaves."""
    sectors: dict[str, tuple[float, float]] = {}
    whole = [(children[None], 0.0, 1.0)]
    whole.extend((children.get(node.id, []), -1.0, -1.0) for node in order)
    owners: list[TreeNode | None] = [None, *order]
    for owner, (brood, low, high) in zip(owners, whole, strict=True):
        if owner is not None:
            low, high = sectors[owner.id]
        weight = sum(leaves[child.id] for child in brood)
        start = low
        for child in brood:
            end = start + (high - low) * leaves[child.id] / weight
            sectors[child.id] = (start, end)
            start = end
    return sectors


def folded(more: Mapping[Node, int], root: Node) -> dict[Node, int]:
    """Return the "+n" to draw: the largest where they belong, the many small ones at the root."""
    largest = dict(sorted(more.items(), key=lambda item: -item[1])[:MOST_FOLDS])
    rest = sum(more.values()) - sum(largest.values())
    return largest | {root: largest.get(root, 0) + rest} if rest else largest


def bar_percent(value: float, top: float) -> str:
    """Return a bar's width as an SVG percentage; anything above zero stays visible."""
    if top <= 0 or value <= 0:
        return "0%"
    return f"{max(1.2, min(100.0, value * 100 / top)):.1f}%"
