"""How the database answers a statement."""

from __future__ import annotations

import json
from typing import Any

from django.db import connection


def explain(statement: str, given: dict[str, Any] | None = None) -> dict[str, Any]:
    """Run a statement; return the plan that answered it, with rows and buffers."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", given)
        [(found,)] = cursor.fetchall()
    plan: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return plan


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a plan's node and all below it."""
    return [plan, *(node for child in plan.get("Plans", []) for node in nodes(child))]


def buffers(node: dict[str, Any]) -> int:
    """Return how many pages a node read."""
    return int(node["Shared Hit Blocks"] + node["Shared Read Blocks"])
