"""From a share to a paid order: people per step, with rates and intervals."""

from __future__ import annotations

from dataclasses import dataclass

from banyan.insights.rules.intervals import Proportion

FUNNEL_STEPS = ("shown", "opened", "visited", "ordered", "paid")


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """People who reached a step.

    `of_previous` is None for the first step, after an empty step, and where more people were
    counted than in the step before (then it is no proportion and a page shows "-").
    `of_largest` is the length of the bar, in [0, 1].
    """

    name: str
    count: int
    of_previous: Proportion | None
    of_largest: float


@dataclass(frozen=True, slots=True)
class Funnel:
    """The five steps, and conversion: unique payers among unique human visitors."""

    steps: tuple[FunnelStep, ...]
    conversion: Proportion | None


def funnel(*, shown: int, opened: int, visited: int, ordered: int, paid: int) -> Funnel:
    """Return the funnel of counts of distinct people; robots and repeats are already left out.

    Raises ValueError for a negative count. Intervals: Wilson (1927), see `wilson_interval`.
    """
    counts = (shown, opened, visited, ordered, paid)
    if min(counts) < 0:
        raise ValueError(f"a funnel counts people, so no count is negative: {counts}")
    largest = max(counts)
    steps = tuple(
        FunnelStep(
            name=name,
            count=count,
            of_previous=None if index == 0 else Proportion.of(count, counts[index - 1]),
            of_largest=count / largest if largest else 0.0,
        )
        for index, (name, count) in enumerate(zip(FUNNEL_STEPS, counts, strict=True))
    )
    return Funnel(steps=steps, conversion=Proportion.of(paid, visited))
