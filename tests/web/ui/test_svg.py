"""The share tree's picture: pure, bounded, the same every time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from banyan.web.ui.gallery_data import tree_nodes
from banyan.web.ui.shapes import TreeNode
from banyan.web.ui.svg import (
    MOST_FOLDS,
    TREE_HEIGHT,
    TREE_WIDTH,
    bar_percent,
    folded,
    place,
)


@st.composite
def trees(draw: st.DrawFn) -> list[TreeNode]:
    size = draw(st.integers(1, 60))
    nodes = [TreeNode("0", None, "root")]
    for n in range(1, size):
        parent = draw(st.integers(0, n - 1))
        nodes.append(TreeNode(str(n), str(parent), draw(st.sampled_from(["opened", "bought"]))))
    return nodes


@given(trees())
def test_everybody_is_drawn_once_and_inside(nodes: list[TreeNode]) -> None:
    tree = place(nodes)
    assert sorted(node.id for node, *_ in tree) == sorted(node.id for node in nodes)
    assert len(tree.edges) == len(nodes) - 1
    for _node, x, y, _radius in tree:
        assert 0 <= x <= TREE_WIDTH
        assert 0 <= y <= TREE_HEIGHT


@given(trees())
def test_the_same_tree_gives_the_same_picture(nodes: list[TreeNode]) -> None:
    assert place(nodes).nodes == place(list(nodes)).nodes


def test_the_one_root_sits_in_the_middle() -> None:
    root, x, y, _radius = place(tree_nodes(80)).nodes[0]
    assert (root.kind, x, y) == ("root", TREE_WIDTH / 2, TREE_HEIGHT / 2)


def test_no_two_people_share_a_place() -> None:
    places = [(x, y) for _node, x, y, _radius in place(tree_nodes(180))]
    assert len(set(places)) == len(places)


def test_a_chain_of_five_thousand_is_drawn() -> None:
    chain = [TreeNode(str(n), str(n - 1) if n else None) for n in range(5000)]
    assert len(place(chain).nodes) == 5000


def test_an_orphan_hangs_from_the_centre_without_an_edge() -> None:
    tree = place([TreeNode("a", "gone"), TreeNode("b", "a")])
    assert len(tree.edges) == 1


@given(st.dictionaries(st.integers(0, 99), st.integers(1, 50), max_size=60))
def test_small_folds_gather_at_the_root_and_none_is_lost(more: dict[int, int]) -> None:
    kept = folded(more, 0)
    assert sum(kept.values()) == sum(more.values())
    assert len(kept) <= MOST_FOLDS + 1


def test_nobody_gives_an_empty_picture() -> None:
    assert place([]).nodes == []


def test_a_bar_is_bounded_and_a_small_one_stays_visible() -> None:
    assert bar_percent(0, 10) == "0%"
    assert bar_percent(5, 0) == "0%"
    assert bar_percent(5, 10) == "50.0%"
    assert bar_percent(20, 10) == "100.0%"
    assert bar_percent(1, 100_000) == "1.2%"
