"""Moments are read as Django reads them, by a quicker parser."""

import datetime as dt
from typing import Any

import psycopg
import pytest
from django.db import DataError, connection
from django.db.backends.postgresql.psycopg_any import BaseTzLoader

from banyan.kernel.timestamps import UtcLoader


def read(text: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [text])
        return cursor.fetchone()[0]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    [
        "2026-02-28 23:59:59+00",
        "2026-02-28 23:59:59.5+00",
        "2026-02-28 23:59:59.000001+00",
        "2026-02-28 23:59:59.123450+05:30",
        "1901-12-13 20:45:52+00",
        "9999-12-31 23:59:59.999999+00",
    ],
)
def test_a_moment_is_the_one_that_djangos_own_loader_reads(text: str) -> None:
    class Theirs(BaseTzLoader):  # type: ignore[misc] # untyped in Django
        timezone = dt.UTC

    found = read(text)
    assert (
        connection.connection.adapters.get_loader(
            psycopg.postgres.types["timestamptz"].oid, psycopg.pq.Format.TEXT
        )
        is UtcLoader
    )
    with connection.cursor() as cursor:
        cursor.adapters.register_loader("timestamptz", Theirs)
        cursor.execute("SELECT %s::timestamptz", [text])
        expected = cursor.fetchone()[0]
    assert found == expected
    assert found.utcoffset() == dt.timedelta(0)
    assert found.isoformat() == expected.isoformat()


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["infinity", "-infinity", "0044-03-15 12:00:00+00 BC"])
def test_what_no_datetime_can_hold_is_refused_by_name(text: str) -> None:
    with pytest.raises(DataError, match="timestamp"):
        read(text)
