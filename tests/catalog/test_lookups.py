"""How goods that were narrowed down are found, whatever the planner hopes of the rest."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from banyan.catalog.models import Category
from banyan.catalog.queries import Chosen, list_products
from tests.support import factories as make
from tests.support.plans import explain, nodes

pytestmark = pytest.mark.django_db


def test_a_small_category_is_looked_up_and_not_walked_to() -> None:
    """In the order of standing, few that fit are the end of a walk past everything else."""
    cups = Category.objects.create(slug="cups", names={"en": "Cups"})
    for price in (1_000, 3_000, 9_000):
        make.product(price=price, category=cups.slug)
    chosen = Chosen(category=cups, currency="CNY", low=2_000, high=6_000)
    with CaptureQueriesContext(connection) as seen:
        assert len(list_products(chosen).ids) == 1
    (listed,) = [one["sql"] for one in seen if "fitting" in one["sql"]]
    with connection.cursor() as cursor:
        # So few rows are read and sorted as they are: where there are many, neither is cheap.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")

    used = {node["Index Name"] for node in nodes(explain(listed)) if "Index Name" in node}

    assert "product_words" in used
    assert "product_words_standing" not in used
