"""How a share travelled: shape measures of trees given as parent pointers.

Everything is linear in the number of members. The sums are integers, so a tree grown leaf by
leaf and the same tree measured from scratch give the same number, not nearly the same.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

Node = TypeVar("Node", bound=Hashable)


class CascadeShapeError(ValueError):
    """The parent pointers are no tree: a cycle, an unknown parent, or several roots."""


@dataclass(frozen=True, slots=True)
class CascadeMeasures:
    """Shape of one cascade.

    `depth_histogram[d]` counts members at depth d, the root at 0. `depth_p90` is the depth
    within which nine of ten reshares (the root is not one) lie. `largest_broadcast` is the
    largest number of children of one member over n - 1. `reproduction[t]` is members of
    generation t + 1 per member of generation t, for every generation but the last, which has
    not had its turn. `mean_reproduction` pools them without the root, whose audience is its
    own and not the share's doing; None below depth 2, and too high for a cascade that has
    ended (`observed_reproduction` is not). `share_without_offspring` counts all members. What
    needs two members is None for a root alone, never 0.
    """

    size: int
    depth: int
    depth_histogram: tuple[int, ...]
    depth_p90: int | None
    max_breadth: int
    largest_broadcast: float | None
    structural_virality: float | None
    reproduction: tuple[float, ...]
    mean_reproduction: float | None
    share_without_offspring: float


def structural_virality(size: int, sum_sizes: int, sum_squares: int) -> float | None:
    """Return the mean distance over all pairs of members, None for fewer than two.

    `sum_sizes` and `sum_squares` run over the subtree sizes s of all members but the root;
    the Wiener index is W = sum s(n - s) = n * sum_sizes - sum_squares, and the mean is
    2W / (n(n - 1)). A star of n gives 2(n - 1)/n, a chain (n + 1)/3.

    Source: Goel, Anderson, Hofman, Watts, "The structural virality of online diffusion",
    Management Science 62 (2016).
    """
    if size < 2:
        return None
    wiener = size * sum_sizes - sum_squares
    return 2 * wiener / (size * (size - 1))


def measure(parents: Mapping[Node, Node | None]) -> CascadeMeasures:
    """Return the shape of the single tree in `parents` (member -> parent, None for the root).

    Raises CascadeShapeError for anything but one tree.
    """
    trees = measure_forest(parents)
    if len(trees) != 1:
        raise CascadeShapeError(f"one root expected, {len(trees)} found")
    return next(iter(trees.values()))


def measure_forest(parents: Mapping[Node, Node | None]) -> dict[Node, CascadeMeasures]:
    """Return the shape of each tree by its root, in the order the roots appear.

    Distances between trees do not exist, so a forest has no common structural virality.
    Raises CascadeShapeError for a cycle or a parent that is not a member.
    """
    children = _children(parents)
    roots = [node for node, parent in parents.items() if parent is None]
    result: dict[Node, CascadeMeasures] = {}
    reached = 0
    for root in roots:
        generations = _generations(root, children)
        result[root] = _measure_tree(generations, parents, children)
        reached += result[root].size
    if reached != len(parents):
        raise CascadeShapeError(f"{len(parents) - reached} members hang on a cycle")
    return result


def _children(parents: Mapping[Node, Node | None]) -> dict[Node, list[Node]]:
    children: dict[Node, list[Node]] = {node: [] for node in parents}
    for node, parent in parents.items():
        if parent is None:
            continue
        if parent not in children:
            raise CascadeShapeError(f"the parent {parent!r} of {node!r} is not a member")
        children[parent].append(node)
    return children


def _generations(root: Node, children: Mapping[Node, list[Node]]) -> list[list[Node]]:
    generations = [[root]]
    while following := [child for node in generations[-1] for child in children[node]]:
        generations.append(following)
    return generations


def _measure_tree(
    generations: list[list[Node]],
    parents: Mapping[Node, Node | None],
    children: Mapping[Node, list[Node]],
) -> CascadeMeasures:
    members = [node for generation in generations for node in generation]
    sizes = dict.fromkeys(members, 1)
    sum_sizes = sum_squares = 0
    # Deepest first: a subtree is complete before it is added to its parent.
    for node in reversed(members):
        parent = parents[node]
        if parent is not None:
            sizes[parent] += sizes[node]
            sum_sizes += sizes[node]
            sum_squares += sizes[node] ** 2
    return _summary(
        histogram=[len(generation) for generation in generations],
        widest=max(len(children[node]) for node in members),
        childless=sum(1 for node in members if not children[node]),
        sum_sizes=sum_sizes,
        sum_squares=sum_squares,
    )


def _summary(
    *, histogram: list[int], widest: int, childless: int, sum_sizes: int, sum_squares: int
) -> CascadeMeasures:
    size = sum(histogram)
    between = histogram[1:-1]
    return CascadeMeasures(
        size=size,
        depth=len(histogram) - 1,
        depth_histogram=tuple(histogram),
        depth_p90=_depth_p90(histogram),
        max_breadth=max(histogram),
        largest_broadcast=widest / (size - 1) if size > 1 else None,
        structural_virality=structural_virality(size, sum_sizes, sum_squares),
        reproduction=tuple(after / before for before, after in pairwise(histogram)),
        mean_reproduction=sum(histogram[2:]) / sum(between) if between else None,
        share_without_offspring=childless / size,
    )


def _depth_p90(histogram: list[int]) -> int | None:
    reshares = sum(histogram) - 1
    within = 0
    for depth, count in enumerate(histogram[1:], start=1):
        within += count
        if within * 10 >= reshares * 9:
            return depth
    return None


class GrowingCascade(Generic[Node]):
    """A cascade that grows leaf by leaf; `measures()` equals `measure(parents)` at any moment.

    An insertion touches only the ancestors of the new leaf: O(depth). Raises
    CascadeShapeError where the leaf is known already or its parent is not.

    Source of the sums: Goel, Anderson, Hofman, Watts (2016), rearranged so that one leaf
    changes each ancestor's size s to s + 1 and its square by 2s + 1.
    """

    def __init__(self, root: Node) -> None:
        """Start with the root alone."""
        self._parents: dict[Node, Node | None] = {root: None}
        self._depths: dict[Node, int] = {root: 0}
        self._sizes: dict[Node, int] = {root: 1}
        self._offspring: dict[Node, int] = {root: 0}
        self._histogram = [1]
        self._widest = 0
        self._childless = 1
        self.sum_sizes = 0
        self.sum_squares = 0

    @classmethod
    def grown(cls, root: Node, leaves: Iterable[tuple[Node, Node]]) -> GrowingCascade[Node]:
        """Return the cascade after inserting (leaf, parent) pairs in their order."""
        cascade = cls(root)
        for leaf, parent in leaves:
            cascade.insert(leaf, parent)
        return cascade

    def __len__(self) -> int:
        """Return the number of members, the root included."""
        return len(self._parents)

    def __contains__(self, node: object) -> bool:
        """Say whether the member is part of the cascade."""
        return node in self._parents

    def insert(self, leaf: Node, parent: Node) -> None:
        """Add a member below one that is already there."""
        if leaf in self._parents:
            raise CascadeShapeError(f"{leaf!r} is a member already")
        if parent not in self._parents:
            raise CascadeShapeError(f"the parent {parent!r} of {leaf!r} is not a member")
        self._parents[leaf] = parent
        self._sizes[leaf] = 1
        self._offspring[leaf] = 0
        self._count_generation(leaf, self._depths[parent] + 1)
        self._count_child(parent)
        self.sum_sizes += 1
        self.sum_squares += 1
        self._widen_ancestors(parent)

    def measures(self) -> CascadeMeasures:
        """Return the shape as it stands."""
        return _summary(
            histogram=self._histogram,
            widest=self._widest,
            childless=self._childless,
            sum_sizes=self.sum_sizes,
            sum_squares=self.sum_squares,
        )

    def _count_generation(self, leaf: Node, depth: int) -> None:
        self._depths[leaf] = depth
        if depth == len(self._histogram):
            self._histogram.append(0)
        self._histogram[depth] += 1

    def _count_child(self, parent: Node) -> None:
        # A first child makes its parent a sharer while the leaf itself has none yet.
        self._childless += 1 if self._offspring[parent] else 0
        self._offspring[parent] += 1
        self._widest = max(self._widest, self._offspring[parent])

    def _widen_ancestors(self, node: Node) -> None:
        above = self._parents[node]
        while above is not None:
            size = self._sizes[node]
            self.sum_sizes += 1
            self.sum_squares += 2 * size + 1
            self._sizes[node] = size + 1
            node, above = above, self._parents[above]
        self._sizes[node] += 1


def observed_reproduction(
    parents: Mapping[Node, Node | None], *, observed: Mapping[Node, int], window: int
) -> float | None:
    """Return R0: mean offspring of the members, root excluded, seen for at least `window`.

    `observed` gives seconds since each member joined; younger members are right-censored and
    left out, not counted as childless. None where nobody qualifies.

    Source: the offspring mean of a branching process (Harris, "The Theory of Branching
    Processes", 1963), read off the members whose turn is over.
    """
    offspring = {node: len(below) for node, below in _children(parents).items()}
    ripe = [
        offspring[node]
        for node, parent in parents.items()
        if parent is not None and observed[node] >= window
    ]
    return sum(ripe) / len(ripe) if ripe else None


def expected_final_size(reproduction: float) -> float | None:
    """Return 1/(1 - R0), the expected size of a cascade, or None where R0 is 1 or more.

    Source: Harris, "The Theory of Branching Processes" (1963), total progeny below criticality.
    """
    return 1 / (1 - reproduction) if 0 <= reproduction < 1 else None
