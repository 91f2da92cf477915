"""Remembered statements share a cursor for as long as a thread has its connection."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from banyan.catalog.models import Product
from banyan.kernel.remembered import get
from tests.support import factories


@pytest.mark.usefixtures("threaded_db")
def test_a_new_connection_is_asked_by_a_cursor_of_its_own() -> None:
    """Given a thread that gave its connection back, the next question goes to the next one."""
    product = factories.product()
    assert get(Product, product.pk) == product
    first = connection.connection
    assert get(Product, product.pk) == product
    assert _asked_by() is first

    connection.close()

    assert get(Product, product.pk) == product
    assert connection.connection is not first
    assert _asked_by() is connection.connection


def _asked_by() -> Any:
    return getattr(connection, "_kept_cursor").cursor.connection  # noqa: B009 - not in the stubs
