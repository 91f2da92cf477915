"""Imported cascades, measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..models import Cascade
from ..rules import measure


def cascade_report(source: str = "") -> Iterator[dict[str, Any]]:
    """Yield the measures of every imported cascade, oldest import first.

    ``structural_virality`` is None for a root alone; ``largest_broadcast`` is the largest number
    of children of one member / (size - 1). See docs/reference/measures.md.
    """
    cascades = Cascade.objects.order_by("id")
    if source:
        cascades = cascades.filter(source=source)
    for cascade in cascades.iterator():
        parents: dict[str, str | None] = {
            user: parent or None
            for user, parent in cascade.shares.order_by("id").values_list("user", "parent_user")
        }
        found = measure(parents)
        yield {
            "source": cascade.source,
            "id": cascade.external_id,
            "size": found.size,
            "depth_histogram": list(found.depth_histogram),
            "largest_broadcast": found.largest_broadcast,
            "structural_virality": found.structural_virality,
        }


def cascades(limit: int = 200) -> list[Cascade]:
    """Return imported cascades, the latest import first. One query."""
    return list(Cascade.objects.order_by("-id")[:limit])


def cascade_members(cascade: Cascade) -> dict[str, str | None]:
    """Return who had it from whom, the root first with None; by time. One query."""
    rows = cascade.shares.order_by("seconds", "id").values_list("user", "parent_user")
    parents: dict[str, str | None] = {user: parent or None for user, parent in rows}
    root = next(user for user, parent in parents.items() if parent is None)
    return {root: None, **parents}
