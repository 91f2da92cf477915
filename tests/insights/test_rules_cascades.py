"""Shape of cascades, against all-pairs search on small trees."""

from __future__ import annotations

from collections import Counter, deque
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.insights.rules import (
    CascadeShapeError,
    GrowingCascade,
    expected_final_size,
    measure,
    measure_forest,
    observed_reproduction,
    structural_virality,
)

Parents = dict[int, int | None]


@st.composite
def trees(draw: st.DrawFn, largest: int = 60) -> Parents:
    """Draw a random labelled tree; the parent of n is anybody before n."""
    size = draw(st.integers(1, largest))
    parents: Parents = {0: None}
    for node in range(1, size):
        parents[node] = draw(st.integers(0, node - 1))
    return parents


def star(size: int) -> Parents:
    return {node: None if node == 0 else 0 for node in range(size)}


def chain(size: int) -> Parents:
    return {node: None if node == 0 else node - 1 for node in range(size)}


def one_three_nine() -> Parents:
    return {node: None if node == 0 else (node - 1) // 3 for node in range(13)}


def distances_from(start: int, parents: Parents) -> dict[int, int]:
    """Walk the tree as a plain graph, knowing nothing of subtree sizes."""
    neighbours: dict[int, set[int]] = {node: set() for node in parents}
    for node, parent in parents.items():
        if parent is not None:
            neighbours[node].add(parent)
            neighbours[parent].add(node)
    seen = {start: 0}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        for other in neighbours[node] - seen.keys():
            seen[other] = seen[node] + 1
            waiting.append(other)
    return seen


def mean_distance(parents: Parents) -> float:
    reach = {node: distances_from(node, parents) for node in parents}
    pairs = list(combinations(parents, 2))
    return sum(reach[one][other] for one, other in pairs) / len(pairs)


@given(trees())
def test_shape_equals_all_pairs_search(parents: Parents) -> None:
    shape = measure(parents)

    depths = distances_from(0, parents)
    generations = Counter(depths.values())
    assert shape.size == len(parents)
    assert shape.depth == max(depths.values())
    assert shape.depth_histogram == tuple(generations[d] for d in range(shape.depth + 1))
    assert shape.max_breadth == max(generations.values())
    if len(parents) > 1:
        offspring = Counter(parent for parent in parents.values() if parent is not None)
        reshares = sorted(depth for node, depth in depths.items() if node != 0)
        nearest_rank = reshares[-(-len(reshares) * 9 // 10) - 1]
        assert shape.structural_virality == pytest.approx(mean_distance(parents), abs=1e-9)
        assert shape.largest_broadcast == max(offspring.values()) / (len(parents) - 1)
        assert shape.depth_p90 == nearest_rank
        childless = len(parents) - len(offspring)
        assert shape.share_without_offspring == childless / len(parents)


@given(trees())
def test_growing_leaf_by_leaf_equals_measuring_afresh_at_every_step(parents: Parents) -> None:
    cascade = GrowingCascade(0)
    assert cascade.measures() == measure({0: None})
    so_far: Parents = {0: None}
    for node, parent in list(parents.items())[1:]:
        assert parent is not None
        cascade.insert(node, parent)
        so_far[node] = parent
        assert cascade.measures() == measure(so_far)
    assert len(cascade) == len(parents)


@given(trees(), st.randoms(use_true_random=False))
def test_shape_does_not_depend_on_the_order_of_members(parents: Parents, random: object) -> None:
    shuffled = list(parents.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert measure(dict(shuffled)) == measure(parents)


def test_star_chain_and_full_tree_have_their_textbook_values() -> None:
    assert measure(star(101)).structural_virality == pytest.approx(1.980198, abs=1e-6)
    assert measure(star(101)).largest_broadcast == 1.0
    assert measure(chain(101)).structural_virality == pytest.approx(34.0, abs=1e-12)
    assert measure(chain(101)).depth_p90 == 90

    shape = measure(one_three_nine())
    assert (shape.size, shape.depth, shape.depth_histogram) == (13, 2, (1, 3, 9))
    assert shape.reproduction == (3.0, 3.0)
    assert shape.mean_reproduction == 3.0
    assert shape.share_without_offspring == 9 / 13
    assert shape.depth_p90 == 2
    assert shape.structural_virality == pytest.approx(2.769231, abs=1e-6)


def test_the_mean_reproduction_leaves_out_the_root_and_the_last_generation() -> None:
    parents = {**star(5), 5: 1, 6: 1, 7: 2, 8: 7}
    assert measure(parents).depth_histogram == (1, 4, 3, 1)
    assert measure(parents).reproduction == (4.0, 3 / 4, 1 / 3)
    assert measure(parents).mean_reproduction == 4 / 7
    assert measure(star(5)).mean_reproduction is None


def test_a_root_alone_has_no_virality_rather_than_zero() -> None:
    shape = measure({"ana": None})
    assert shape.size == 1
    assert shape.structural_virality is None
    assert shape.largest_broadcast is None
    assert shape.depth_p90 is None
    assert shape.mean_reproduction is None
    assert structural_virality(1, 0, 0) is None


def test_a_deep_chain_neither_recurses_nor_takes_quadratic_time() -> None:
    size = 50_000
    assert measure(chain(size)).structural_virality == pytest.approx((size + 1) / 3, abs=1e-6)


def test_a_forest_is_measured_tree_by_tree() -> None:
    forest = {"ana": None, "ben": "ana", "cy": None, "dee": "cy", "eve": "dee"}
    shapes = measure_forest(forest)
    assert [(root, shape.size) for root, shape in shapes.items()] == [("ana", 2), ("cy", 3)]
    with pytest.raises(CascadeShapeError, match="2 found"):
        measure(forest)
    assert measure_forest({}) == {}


@pytest.mark.parametrize(
    "parents",
    [{1: None, 2: 3, 3: 2}, {1: None, 2: 9}, {1: 1}],
    ids=["cycle beside a tree", "unknown parent", "own parent"],
)
def test_what_is_no_tree_is_refused(parents: Parents) -> None:
    with pytest.raises(CascadeShapeError):
        measure(parents)


def test_a_growing_cascade_refuses_strangers_and_repeats_and_stays_as_it_was() -> None:
    cascade = GrowingCascade.grown("ana", [("ben", "ana")])
    before = cascade.measures()
    for leaf, parent in [("ben", "ana"), ("cy", "nobody"), ("ana", "ben")]:
        with pytest.raises(CascadeShapeError):
            cascade.insert(leaf, parent)
    assert cascade.measures() == before
    assert "cy" not in cascade


def test_young_members_are_left_out_of_r0_rather_than_counted_as_childless() -> None:
    parents = {"ana": None, "ben": "ana", "cy": "ana", "dee": "ben", "eve": "ben"}
    seen = {"ana": 90, "ben": 80, "cy": 70, "dee": 5, "eve": 5}
    assert observed_reproduction(parents, observed=seen, window=60) == 1.0
    assert observed_reproduction(parents, observed=seen, window=1) == 0.5
    assert observed_reproduction(parents, observed=seen, window=100) is None


def test_final_size_is_expected_only_below_one() -> None:
    assert expected_final_size(0.5) == 2.0
    assert expected_final_size(1.0) is None
    assert expected_final_size(3.0) is None
