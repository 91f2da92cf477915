"""The demo's pages say what they cost; others say nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from banyan.web.meter import PLACEHOLDER
from tests.support import factories

pytestmark = pytest.mark.django_db

METER = "banyan.web.meter.MeterMiddleware"


def _numbers(text: str) -> tuple[float, int, int]:
    found = re.search(r"This page: ([\d.]+) KB, (\d+) queries, (\d+) ms", text)
    assert found is not None, text[-2000:]
    return float(found[1]), int(found[2]), int(found[3])


def test_a_page_of_the_demo_tells_its_own_weight_and_statements() -> None:
    """Given a shop's page, its foot counts the bytes and statements of this very answer."""
    shop = factories.shop()
    factories.product(shop)
    client = Client()
    client.get(f"/shop/{shop.slug}")

    with CaptureQueriesContext(connection) as seen:
        answer = client.get(f"/shop/{shop.slug}")

    kilobytes, queries, _ms = _numbers(answer.content.decode())
    assert kilobytes == pytest.approx(len(answer.content) / 1024, abs=0.06)
    assert queries == len([q for q in seen.captured_queries if "SAVEPOINT" not in q["sql"]])
    assert f'desc="{queries} queries"' in answer.headers["Server-Timing"]


def test_an_error_page_tells_it_too() -> None:
    """A page that is not there costs something as well."""
    _numbers(Client().get("/shop/nowhere").content.decode())


def test_a_fragment_and_a_redirect_carry_it_in_the_header_only() -> None:
    """What has no foot is left as it is."""
    answer = Client().get("/cart/add")
    assert answer.status_code == 405
    assert "app;dur=" in answer.headers["Server-Timing"]
    assert PLACEHOLDER.encode() not in Client().get("/healthz").content


def test_without_the_demo_nothing_is_measured(settings: Any) -> None:
    """A real shop tells nobody how long its database takes."""
    without = [name for name in django_settings.MIDDLEWARE if name != METER]
    with override_settings(DEMO=False, MIDDLEWARE=without):
        answer = Client().get("/explore")
    assert "Server-Timing" not in answer.headers
    assert "This page:" not in answer.content.decode()
    assert PLACEHOLDER not in answer.content.decode()
