"""How long it takes until something is done, where some have not done it yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """One that was watched for ``length``; ``done`` at its end, else only watched until then."""

    length: float
    done: bool


def done_within(spans: Iterable[Span], marks: Sequence[float]) -> list[float | None]:
    """Return for each mark, from small to large, the share that is done by then.

    One minus the product-limit estimate: whoever was watched for less counts as long as they were.
    None where nobody has been watched that long and not everybody is done.

    Source: E. L. Kaplan and P. Meier, "Nonparametric estimation from incomplete observations",
    Journal of the American Statistical Association 53 (1958).
    """
    rest = sorted(spans, key=lambda one: (one.length, not one.done))
    longest = rest[-1].length if rest else -1.0
    left, survive, found = len(rest), 1.0, list[float | None]()
    at = 0
    for mark in marks:
        while at < len(rest) and rest[at].length <= mark:
            if rest[at].done:
                survive *= (left - 1) / left
            left, at = left - 1, at + 1
        found.append(1 - survive if mark <= longest or survive == 0 else None)
    return found
