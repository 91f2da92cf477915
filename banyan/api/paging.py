"""Lists: newest first, a page at a time, by a cursor that stays right while rows come in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from ninja import Query
from pydantic import Field, StringConstraints

from banyan.kernel.cursors import PATTERN

from .schemas import Answer, Id, IdOut

Row = TypeVar("Row")
Item = TypeVar("Item")
Before = Id | None
After = Id | None
Further = Annotated[str, StringConstraints(pattern=PATTERN)] | None
Limit = Annotated[int, Field(ge=1, le=50)]
CURSOR: Any = Query(None, description="The `next` of the page before.")  # type: ignore[type-arg]  # ninja leaves it open
SIZE: Any = Query(20, description="How many at most.")  # type: ignore[type-arg]  # ninja leaves it open


class Page(Answer, Generic[Item]):
    """One page; ``next`` is the cursor of the next one, null on the last."""

    items: list[Item]
    next: IdOut | None


class PlacedPage(Answer, Generic[Item]):
    """One page of a list whose rows move up; ``next`` is where the next one goes on."""

    items: list[Item]
    next: str | None


def page_of(
    rows: Sequence[Row], limit: int, key: Callable[[Row], int], shown: Callable[[Row], Item]
) -> Page[Item]:
    """Return a page of ``rows``, of which one more than ``limit`` was asked for."""
    here = rows[:limit]
    more = len(rows) > limit
    return Page(items=[shown(row) for row in here], next=key(here[-1]) if more else None)
