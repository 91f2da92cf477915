"""A database that does not answer is said so, on every page, and everything goes on afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test import Client

from tests.support import factories as make

pytestmark = pytest.mark.usefixtures("threaded_db")


@contextmanager
def no_database() -> Iterator[None]:
    """Every new connection is refused, as after a crash of the server."""
    host = connection.settings_dict["HOST"]
    connection.close()
    connection.settings_dict["HOST"] = "/nowhere"
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["HOST"] = host


@pytest.mark.parametrize("path", ["/me", "/explore", "/cart", "/orders"])
def test_a_member_reads_one_calm_page_and_goes_on_afterwards(path: str) -> None:
    browser = Client(raise_request_exception=False)
    browser.force_login(make.member("ana"))
    with no_database():
        answer = browser.get(path)
    page = answer.content.decode()
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert "database_unreachable" in page
    assert f'href="{path}"' in page
    assert "Traceback" not in page
    assert browser.get(path).status_code == 200


def test_a_visitor_reads_it_too() -> None:
    with no_database():
        answer = Client(raise_request_exception=False).get("/explore")
    assert answer.status_code == 503
    assert "database_unreachable" in answer.content.decode()


def test_a_program_gets_the_same_as_a_document() -> None:
    with no_database():
        answer = Client(raise_request_exception=False).get(
            "/explore", headers={"accept": "application/json"}
        )
    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "database_unreachable"
