"""How a price came about, as the API tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .schemas import Answer, Money


class PriceStep(Answer):
    """A step on the way from the list price to what is paid; amounts add up.

    ``step`` is list, price_list, coupon, shipping, tax or another source's name. ``funded_by``
    bears a discount: shop, platform or sharer. ``included`` is tax that the other steps contain,
    ``rate`` its parts per million.
    """

    step: str
    amount: Money
    code: str | None
    note: str | None
    funded_by: str | None
    included: Money | None
    rate: int | None


def price_step(step: Mapping[str, Any], currency: str) -> PriceStep:
    """Return a stored step."""
    included = step.get("included")
    return PriceStep(
        step=step["step"],
        amount=Money.at(step["amount"], currency),
        code=step.get("code"),
        note=step.get("note"),
        funded_by=step.get("funded_by"),
        included=Money.at(included, currency) if included else None,
        rate=step.get("rate"),
    )
