"""Credit along the path of touches: which model gives how much of an order to whom.

Credit is a reading of the record, not influence: influence needs a randomised hold-out.
Amounts are integer minor units and every model's parts sum to the order's amount exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from enum import StrEnum

from banyan.kernel.money import split

# Weights of the time decay are integers of this resolution: floats never meet money.
DECAY_SCALE = 10**18
_DECAY_CONTEXT = Context(prec=40)


class AttributionModel(StrEnum):
    """How an order's amount is divided among the touches that led to it."""

    FIRST = "first"
    LAST = "last"
    LINEAR = "linear"
    POSITION = "position"
    TIME_DECAY = "time_decay"


@dataclass(frozen=True, slots=True)
class PathTouch:
    """A touch on the path to an order, oldest first: whose it is, and its age in seconds."""

    earner: str
    age: int


def attribute(
    total: int,
    path: Sequence[PathTouch],
    *,
    model: AttributionModel,
    half_life: int = 7 * 86_400,
) -> list[int]:
    """Return the minor units credited to each touch, in path order, summing to `total`.

    Parts are rounded by largest remainder; equal remainders go to the earlier touch. An empty
    path earns nothing and gives []. `half_life` is in seconds and counts for time decay alone.
    Raises ValueError for a negative age or a half-life below one second.

    Source: first, last and linear touch and the U-shaped 40-20-40 rule are the trade's
    heuristics as collected in Shao, Li, "Data-driven multi-touch attribution models" (KDD
    2011); time decay is 2^(-age/half-life). Rounding: Hamilton's method of largest remainders
    (Balinski, Young, "Fair Representation", 1982).
    """
    if not path:
        return []
    return split(total, _weights(path, model=model, half_life=half_life))


def _weights(path: Sequence[PathTouch], *, model: AttributionModel, half_life: int) -> list[int]:
    length = len(path)
    match model:
        case AttributionModel.FIRST:
            return [1] + [0] * (length - 1)
        case AttributionModel.LAST:
            return [0] * (length - 1) + [1]
        case AttributionModel.LINEAR:
            return [1] * length
        case AttributionModel.POSITION:
            return _position_weights(length)
        case AttributionModel.TIME_DECAY:
            return _decay_weights([touch.age for touch in path], half_life)


def _position_weights(length: int) -> list[int]:
    between = length - 2
    if between <= 0:
        return [1] * length
    # Two fifths at each end, one fifth shared by those between, over the denominator 5 * between.
    return [2 * between, *[1] * between, 2 * between]


def _decay_weights(ages: Sequence[int], half_life: int) -> list[int]:
    if min(ages) < 0:
        raise ValueError("a touch cannot be younger than the order it led to")
    if half_life < 1:
        raise ValueError("the half-life is at least one second")
    # Counted from the youngest touch: the ratios stay, and not all weights can underflow to 0.
    youngest = min(ages)
    weights = []
    for age in ages:
        exponent = _DECAY_CONTEXT.divide(Decimal(youngest - age), Decimal(half_life))
        weight = _DECAY_CONTEXT.power(Decimal(2), exponent)
        weights.append(int(_DECAY_CONTEXT.multiply(weight, Decimal(DECAY_SCALE))))
    return weights
