"""What a price costs the database does not grow with the sale, whatever the planner knows of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from banyan.orders import actions as orders
from tests.support import factories as make
from tests.support.plans import explain

from .scene import buyer, claim, on

pytestmark = pytest.mark.django_db


def test_what_one_has_had_is_looked_up_and_joined_to_nothing() -> None:
    """In the first minute of a sale nothing is known of its rows: a join would read all of them."""
    item = make.variant(stock=5)
    sale, ana = on(item, ticketed=True), buyer(1)
    claim(sale, item, ana)
    with CaptureQueriesContext(connection) as seen:
        orders.quote(actor=make.actor(ana), lines=[orders.WantedLine(item.pk)])
    (goods,) = [one["sql"] for one in seen if "sales_rightkey" in one["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # the other plans of so few rows
    plan = explain(goods)

    [(keys, above)] = [
        (node, above)
        for node, above in _nodes(plan, [])
        if node.get("Relation Name") == "sales_rightkey"
    ]
    assert not [kind for kind in above if "Join" in kind or "Loop" in kind], above
    assert (keys["Index Name"], keys["Actual Rows"]) == ("sale_key", 2)
    assert "key" in keys["Index Cond"]


def _nodes(plan: dict[str, Any], above: list[str]) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """Yield the nodes of a plan, each with those above it in its own part of the query."""
    yield plan, above
    for child in plan.get("Plans", []):
        own = child["Parent Relationship"] not in {"SubPlan", "InitPlan"}
        yield from _nodes(child, [*above, plan["Node Type"]] if own else [])
