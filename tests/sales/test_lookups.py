"""What a price costs the database does not grow with the sale."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from banyan.orders import actions as orders
from banyan.sales.models import Right, RightKey
from tests.support import factories as make

from .scene import buyer, claim, on

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("known", [False, True], ids=["unknown to the planner", "known"])
def test_what_one_has_had_is_looked_up_however_many_have_had_theirs(known: bool) -> None:
    item = make.variant(stock=5)
    sale, ana = on(item, ticketed=True), buyer(1)
    right = claim(sale, item, ana)
    _have_units(right, 2_000)
    if known:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE sales_rightkey, sales_right, people_account")

    with CaptureQueriesContext(connection) as seen:
        orders.quote(actor=make.actor(ana), lines=[orders.WantedLine(item.pk)])

    (goods,) = [one["sql"] for one in seen if "sales_rightkey" in one["sql"]]
    reads = [node for node in _nodes(_plan(goods)) if node.get("Relation Name") in _BIG]
    assert {node["Relation Name"] for node in reads} == _BIG
    for node in reads:
        assert node["Actual Rows"] * node["Actual Loops"] <= 3, node
        assert node["Shared Hit Blocks"] + node["Shared Read Blocks"] < 20, node


_BIG = {"sales_right", "sales_rightkey"}


def _have_units(like: Right, n: int) -> None:
    """Give units to as many strangers."""
    columns = {"sale_id", "item_id", "bucket_id", "state", "expires_at", "created_at"}
    values = {name: getattr(like, name) for name in columns}
    rights = Right.objects.bulk_create(Right(**values) for _ in range(n))
    RightKey.objects.bulk_create(
        RightKey(right=right, sale_id=like.sale_id, key=f"{kind}:stranger-{number}")
        for number, right in enumerate(rights)
        for kind in ("account", "contact")
    )


def _plan(statement: str) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}")
        [(found,)] = cursor.fetchall()
    plan: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return plan


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in _nodes(child))]
