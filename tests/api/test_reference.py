"""The reference pages say what is so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from pydantic import BaseModel

from banyan.api.gate import BAD_TOKENS, SAFE
from banyan.api.urls import api
from banyan.ops import documents
from tests.api.codes import problem_codes

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference"
HTTP = (DOCS / "http-api.md").read_text()


def test_the_page_lists_every_route() -> None:
    assert documents.refreshed(HTTP) == HTTP, "run python -m banyan.ops.documents docs"
    told = set(re.findall(r"^\| `([A-Z]+ /[^`]*)` \|", HTTP, re.MULTILINE))
    paths = api.get_openapi_schema()["paths"]
    assert told == {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, methods in paths.items()
        for method in methods
    }


def test_every_code_of_the_source_is_told() -> None:
    told = set(re.findall(r"`([a-z_]+)`", (DOCS / "error-codes.md").read_text()))
    found = problem_codes()
    assert len(found) > 100, "the walk found the project's codes"
    assert sorted(found - told) == []


def test_every_code_in_the_tables_is_one_of_the_source() -> None:
    text = (DOCS / "error-codes.md").read_text()
    cells = [row.split("|")[1] for row in text.splitlines() if row.startswith("| `")]
    told = {code for cell in cells for code in re.findall(r"`([a-z_]+)`", cell)}
    journals = {"journal_empty", "journal_zero_amount", "journal_extended", "journal_currency"}
    assert sorted(told - problem_codes() - journals) == []


def test_the_limits_are_those_of_the_settings() -> None:
    from banyan.config import settings as configured

    reads, writes = configured.API_RATES["read"], configured.API_RATES["write"]
    assert f"{reads[0]} reads and {writes[0]} writes a minute" in HTTP
    assert reads[1] == writes[1] == BAD_TOKENS[1] == 60
    assert f"{BAD_TOKENS[0]} unknown tokens a minute" in HTTP


@pytest.mark.django_db
def test_the_document_is_openapi_3_1_and_whole() -> None:
    answer = Client().get("/api/openapi.json")
    document = json.loads(answer.content)
    assert document["openapi"] == "3.1.0"
    assert len(document["paths"]) > 50
    for path, methods in document["paths"].items():
        assert path.startswith("/api/v1/")
        for method, found in methods.items():
            place = f"{method} {path}"
            assert found.get("description"), place
            assert found["operationId"], place
            keys = [one for one in found["parameters"] if one["name"] == "Idempotency-Key"]
            assert len(keys) == (method.upper() not in SAFE), place
            good = {status for status in found["responses"] if int(status) < 400}
            assert len(good) == 1, place


@pytest.mark.django_db
def test_ids_are_text_and_money_is_whole_in_every_schema() -> None:
    for name, schema in api.get_openapi_schema()["components"]["schemas"].items():
        for field, found in schema.get("properties", {}).items():
            if field == "id" or field.endswith("_id"):
                kinds = json.dumps(found)
                assert '"string"' in kinds, (name, field)
                assert '"integer"' not in kinds, (name, field)
            if field in {"amount", "total", "price", "goods", "discount", "shipping", "unit"}:
                assert "number" not in json.dumps(found), (name, field)


def test_no_two_schemas_share_a_name() -> None:
    """The document keeps schemas by name: of two with the same, one would stand for both."""
    assert api.get_openapi_schema(), "every router is loaded"
    places: dict[str, set[str]] = {}
    waiting: list[type] = [BaseModel]
    while waiting:
        found = waiting.pop()
        waiting += found.__subclasses__()
        if found.__module__.startswith("banyan.api."):
            places.setdefault(found.__name__, set()).add(found.__module__)
    assert {"CouponAnswer", "Problem"} <= set(places)
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


@pytest.mark.django_db
def test_the_page_of_the_document_comes_from_our_own_host() -> None:
    page = Client().get("/api/docs")
    assert page.status_code == 200
    text = page.content.decode()
    assert "swagger-ui-bundle.js" in text
    assert "http://" not in text.replace("http://testserver", "")
    assert "https://" not in text
    assert "Content-Security-Policy" not in page.headers, "Swagger's own styles need it so"
    assert settings.STATIC_URL + "ninja/swagger-ui.css" in text
