"""Reads of price rights: what a member's own prices are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce, JSONObject

from banyan.kernel.locks import LockKey

from .models import PriceRight

MOST_OF_ONE = 5
"""How many rights to one thing are looked at, the best ones first."""


@dataclass(frozen=True, slots=True)
class HeldPrice:
    """A price that a member may order up to ``quantity`` units of one thing at, each."""

    right_id: int
    amount: int
    currency: str
    quantity: int
    title: str
    funded_by: str
    campaign_id: int | None
    instance_id: int | None
    expires_at: dt.datetime
    keeps: bool = False


_ROW = (
    "amount", "currency", "quantity", "title", "funded_by", "campaign_id", "instance_id",
    "expires_at", "keeps",
)  # fmt: skip


def right_rows(variant: OuterRef, account_id: int, at: dt.datetime) -> ArraySubquery:
    """Return a member's rights to one ``variant`` as a column of its own row, cheapest first.

    For :func:`held_prices`; account 0 has none. Claims no statement.
    """
    mine = PriceRight.objects.filter(
        account_id=account_id, variant=variant, state="held", expires_at__gt=at
    )
    columns = {name: F(name) for name in _ROW}
    row = JSONObject(right_id=F("id"), **columns)
    return ArraySubquery(mine.order_by("amount", "expires_at", "id").values(row=row)[:MOST_OF_ONE])


def held_prices(rows: Iterable[Mapping[str, Any]]) -> tuple[HeldPrice, ...]:
    """Return what :func:`right_rows` has read of one variant, cheapest first."""
    return tuple(
        HeldPrice(**{**row, "expires_at": dt.datetime.fromisoformat(row["expires_at"])})
        for row in rows
    )


def cheapest_held(rights: Sequence[HeldPrice], currency: str, quantity: int) -> HeldPrice | None:
    """Return the best of them for so many units; one right is never stretched over more."""
    good = (one for one in rights if one.currency == currency and quantity <= one.quantity)
    return next(good, None)


def units_kept(variant: OuterRef, account_id: int, at: dt.datetime) -> Coalesce:
    """Return how many units of one ``variant`` are held for a member's own prices, as a column."""
    mine = PriceRight.objects.filter(
        account_id=account_id, variant=variant, state="held", expires_at__gt=at, keeps=True
    )
    total = mine.order_by().values("variant").annotate(n=Sum("quantity")).values("n")
    return Coalesce(Subquery(total), 0)


def right_locks(right_ids: Iterable[int | None]) -> list[LockKey]:
    """Return the locks that moving some rights needs; None stands for no right."""
    return [LockKey("right", right_id) for right_id in right_ids if right_id is not None]
