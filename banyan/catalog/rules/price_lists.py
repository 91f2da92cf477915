"""Which price of the lists holds for somebody who wants so many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

AUDIENCES = ("everyone", "members", "accounts")


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of a list that is in force; ``audience`` as in ``models.PriceList``."""

    amount: int
    currency: str
    min_quantity: int
    list_id: int
    list_name: str
    audience: str


def listed_of(row: Mapping[str, Any]) -> Listed:
    """Return a row as ``queries.priced_variants`` reads it."""
    return Listed(
        amount=row["amount"],
        currency=row["currency"],
        min_quantity=row["min_quantity"],
        list_id=row["list_id"],
        list_name=row["list_name"],
        audience=row["audience"],
    )


def rows_for(rows: Iterable[Listed], *, member: bool, quantity: int) -> list[Listed]:
    """Return the rows that hold for a buyer of ``quantity``: of each list the highest step."""
    steps: dict[int, Listed] = {}
    for row in rows:
        if row.audience == "members" and not member:
            continue
        before = steps.get(row.list_id)
        if row.min_quantity <= quantity and (
            before is None or row.min_quantity > before.min_quantity
        ):
            steps[row.list_id] = row
    return list(steps.values())


def cheapest(rows: Iterable[Listed], currency: str) -> Listed | None:
    """Return the lowest price in ``currency``; of equals, that of the older list."""
    mine = [row for row in rows if row.currency == currency]
    return min(mine, key=lambda row: (row.amount, row.list_id), default=None)
