"""What somebody wants to buy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext_lazy as _

from banyan.kernel.problems import Invalid

from .cart import MOST_LINES, MOST_OF_ONE


@dataclass(frozen=True, slots=True)
class WantedLine:
    """A variant that somebody wants, and what it was reached through, if anything.

    ``via`` is a share code, ``offer_id`` the storefront offer it was taken from.
    """

    variant_id: int
    quantity: int = 1
    via: str = ""
    touch_id: int | None = None
    offer_id: int | None = None


def check_lines(lines: Sequence[WantedLine]) -> None:
    """Raise Invalid for nothing at all, too many lines, or a quantity out of range."""
    if not lines:
        raise Invalid(_("There is nothing to buy."), code="nothing_to_buy")
    if len(lines) > MOST_LINES:
        raise Invalid(_("At most 100 different things in one order."), code="cart_full")
    if any(not 1 <= line.quantity <= MOST_OF_ONE for line in lines):
        raise Invalid(fields={"quantity": _("Enter a number from 1 to 99.")}, code="quantity")


def merge(lines: Sequence[WantedLine]) -> list[WantedLine]:
    """Return the lines with each variant once."""
    merged: dict[int, WantedLine] = {}
    for line in lines:
        before = merged.get(line.variant_id)
        merged[line.variant_id] = line if before is None else _both(before, line)
    return list(merged.values())


def _both(before: WantedLine, line: WantedLine) -> WantedLine:
    return replace(
        before,
        quantity=before.quantity + line.quantity,
        via=before.via or line.via,
        touch_id=before.touch_id or line.touch_id,
        offer_id=before.offer_id or line.offer_id,
    )
