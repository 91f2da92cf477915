"""What somebody wants to buy, and what it is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

LONGEST_TITLE = 240


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


def line_title(title: str, values: Sequence[str]) -> str:
    """Return what a line of an order is called: its product, cut where the choice needs room."""
    choice = f" ({' / '.join(values)})" if values else ""
    room = max(1, LONGEST_TITLE - len(choice))
    short = title if len(title) <= room else f"{title[: room - 1]}…"
    return (short + choice)[:LONGEST_TITLE]
