"""Whatever comes in, a 4xx says what is wrong; never a trace, never a 500."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from tests.api.client import Program, Upload, errors, problem
from tests.support import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> Program:
    return Program(make.member("ana"))


def test_unknown_fields_are_named(ana: Program) -> None:
    told = errors(ana.send("POST", "/shops", {"name": "Cups", "slug": "cups", "colour": "blue"}))
    assert set(told) == {"colour"}
    line = {"variant_id": "1", "price": 1}
    assert set(errors(ana.send("POST", "/checkouts/quote", {"lines": [line]}))) == {"lines.0.price"}


def test_every_wrong_field_is_named(ana: Program) -> None:
    body = {"name": "x", "slug": 7, "currency": "euro", "shipping": {"amount": -1}}
    told = errors(ana.send("POST", "/shops", body))
    assert set(told) == {"name", "slug", "currency", "shipping.amount", "shipping.currency"}


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"nonsense",
        b'{"name": NaN}',
        b'{"name": "a", "name": "b"}',
        b"[" * 5000,
        b'{"a":' * 100_000,
        json.dumps({"a": 1}).encode("utf-16"),
        b"\xff\xfe\x00",
        b"1" * 5000,
    ],
)
def test_what_is_no_json_is_malformed(ana: Program, raw: bytes) -> None:
    assert problem(ana.send("POST", "/shops", data=raw)) == (400, "malformed")


def test_json_may_not_nest_for_ever(ana: Program) -> None:
    deep: Any = "x"
    for _level in range(40):
        deep = [deep]
    assert problem(ana.send("POST", "/shops", {"name": deep})) == (400, "malformed")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_content_type_is_refused(ana: Program, content_type: str) -> None:
    refused = ana.send("POST", "/shops", data=b"{}", content_type=content_type)
    assert problem(refused) == (415, "unsupported_content")


@pytest.mark.parametrize("key", ["", "a-key-for-this-one"])
def test_a_form_is_no_body_here(ana: Program, key: str) -> None:
    headers = ana.headers | ({"Idempotency-Key": key} if key else {})
    sent = ana.client.post("/api/v1/shops", {"name": "Cups"}, headers=headers)
    assert problem(sent) == (415, "unsupported_content")  # type: ignore[arg-type]


@pytest.mark.parametrize("body", [[], "text", 7, None, {}])
def test_a_body_that_is_no_object_is_refused(ana: Program, body: Any) -> None:
    assert problem(ana.send("POST", "/shops", data=json.dumps(body).encode()))[0] == 422


@pytest.mark.parametrize("text", ["nul \0 inside", "half \ud800 a letter"])
def test_text_that_cannot_be_stored_is_refused_by_field(ana: Program, text: str) -> None:
    told = errors(ana.send("POST", "/shops", {"name": text, "slug": "cups"}))
    assert set(told) == {"name"}
    nested = {"title": "a", "variants": [{"sku": text}]}
    assert set(errors(ana.send("POST", "/shops/1/products", nested))) == {"variants.0.sku"}


@pytest.mark.parametrize(
    "path", ["/people/%00", "/explore?before=%00", "/links/%00", "/orders/%00", "/people/a%00b"]
)
def test_addresses_with_nul_are_refused(ana: Program, path: str) -> None:
    assert problem(ana.send("GET", path))[0] in (404, 422)


@pytest.mark.parametrize(
    "given", ["9223372036854775808", "9" * 40, "0", "-1", "1.5", "abc", "１２"]
)
def test_an_id_that_cannot_be_is_refused(ana: Program, given: str) -> None:
    assert problem(ana.send("GET", f"/orders/{given}"))[0] in (404, 422)
    body = {"lines": [{"variant_id": given}]}
    assert set(errors(ana.send("POST", "/checkouts/quote", body))) == {"lines.0.variant_id"}
    assert problem(ana.send("GET", f"/explore?before={given}"))[0] == 422


def test_the_largest_id_is_absent(ana: Program) -> None:
    assert problem(ana.send("GET", f"/orders/{2**63 - 1}")) == (404, "not_found")
    body = {"lines": [{"variant_id": str(2**63 - 1)}]}
    assert problem(ana.send("POST", "/checkouts/quote", body)) == (409, "not_on_sale")


def test_ids_are_text(ana: Program) -> None:
    body = {"lines": [{"variant_id": 12}]}
    assert set(errors(ana.send("POST", "/checkouts/quote", body))) == {"lines.0.variant_id"}
    assert isinstance(ana.get("/me")["id"], str)


@pytest.mark.parametrize("amount", [10**13, 10**30, -1, 1.5, "5", True, None])
def test_amounts_are_whole_and_bounded(ana: Program, amount: Any) -> None:
    body = {"name": "Cups", "slug": "cups", "shipping": {"amount": amount, "currency": "CNY"}}
    assert set(errors(ana.send("POST", "/shops", body))) == {"shipping.amount"}


def test_another_currency_than_the_shops_is_refused(ana: Program) -> None:
    shop = make.shop(ana.account)
    body = {"title": "Cup", "variants": [{"price": {"amount": 5, "currency": "EUR"}}]}
    refused = ana.send("POST", f"/shops/{shop.pk}/products", body)
    assert problem(refused) == (422, "other_currency")
    assert set(errors(refused)) == {"variants.0.price.currency"}


@pytest.mark.parametrize(
    "given",
    [
        "9999-12-31T23:59:59Z",
        "2200-01-01T00:00:00Z",
        "1969-12-31T00:00:00Z",
        "0001-01-01T00:00:00+08:00",
    ],
)
def test_a_time_that_no_clock_can_tell_everywhere_is_refused(ana: Program, given: str) -> None:
    """Stored, it would let every page fail that shows it east or west of here."""
    shop = make.shop(ana.account)
    list_body = {"name": "Trade", "currency": "CNY", "audience": "everyone", "ends_at": given}
    lists = ana.send("POST", f"/shops/{shop.pk}/price-lists", list_body)
    assert set(errors(lists)) == {"ends_at"}
    body = {"title": "C", "amount_off": {"amount": 1, "currency": "CNY"}, "ends_at": given}
    assert set(errors(ana.send("POST", f"/shops/{shop.pk}/coupons", body))) == {"ends_at"}


def test_over_long_text_is_refused(ana: Program) -> None:
    assert set(errors(ana.send("PATCH", "/me", {"bio": "x" * 301}))) == {"bio"}
    assert problem(ana.send("PATCH", "/me", {"bio": "x" * 3_000_000})) == (413, "too_long")


def test_a_huge_body_is_not_read(ana: Program) -> None:
    refused = ana.client.post(
        "/api/v1/shops", b"{}", content_type="application/json", CONTENT_LENGTH=str(10**9)
    )
    assert refused.status_code == 413


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer \x00x"])
def test_a_token_that_is_none_is_unknown(authorization: str) -> None:
    refused = Program().send("GET", "/me", headers={"Authorization": authorization})
    assert problem(refused) == (401, "token_unknown")


def test_unknown_addresses_and_methods_are_problems(ana: Program) -> None:
    assert problem(ana.send("GET", "/nothing")) == (404, "not_found")
    assert problem(Program().send("GET", "/../")) == (404, "not_found")
    refused = ana.send("DELETE", "/explore")
    assert problem(refused) == (405, "method_not_allowed")
    assert refused["Allow"] == "GET, HEAD, OPTIONS"
    assert problem(ana.send("BREW", "/me"))[0] == 405
    asked = ana.send("OPTIONS", "/me")
    assert (asked.status_code, asked["Allow"]) == (204, "GET, HEAD, OPTIONS, PATCH")
    head = ana.send("HEAD", "/me")
    assert (head.status_code, head.content) == (200, b"")


def test_pictures_that_are_none_are_refused_by_name(ana: Program) -> None:
    refused = ana.send("POST", "/pictures", Upload(b"no picture", "notes.txt", "image/png"))
    assert problem(refused)[0] == 422
    assert "notes.txt" in json.loads(refused.content)["title"]
    assert problem(ana.send("POST", "/pictures", {"file": "x"}))[0] in (415, 422)
    broken = ana.send("POST", "/pictures", data=b"--x", content_type="multipart/form-data")
    assert problem(broken)[0] in (400, 422)


def test_a_picture_can_be_sent_twice_with_one_key(ana: Program) -> None:
    import io

    import PIL.Image

    data = io.BytesIO()
    PIL.Image.new("RGB", (60, 60), (9, 9, 9)).save(data, "PNG")
    tokens = []
    for _time in range(2):
        sent = Upload(data.getvalue(), "a.png", "image/png")
        answer = ana.send("POST", "/pictures", sent, key="picture")
        assert answer.status_code == 201, answer.content
        tokens.append(json.loads(answer.content)["token"])
    assert tokens[0] == tokens[1]


def test_an_unreachable_database_is_a_503(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise OperationalError("connection refused")

    headers = {"Authorization": "Bearer byn_whatever"}
    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", refuse)
        refused = Client(raise_request_exception=False).get("/api/v1/me", headers=headers)
    assert problem(refused) == (503, "database_unreachable")  # type: ignore[arg-type]
    assert refused["Retry-After"] == "5"


def test_a_fault_of_ours_shows_nothing_of_the_inside(
    ana: Program, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("the secret inside")

    settings.DEBUG = True
    monkeypatch.setattr("banyan.api.me.get_own_account", fail)
    refused = ana.send("GET", "/me")
    assert problem(refused) == (500, "server_error")
    assert b"secret" not in refused.content


@pytest.mark.usefixtures("midday")
def test_too_many_requests_wait(ana: Program, settings: Any) -> None:
    settings.API_RATES = {"read": (2, 60), "write": (1, 60)}
    assert [ana.send("GET", "/me").status_code for _n in range(3)] == [200, 200, 429]
    assert ana.send("PATCH", "/me", {}).status_code == 200
    refused = ana.send("PATCH", "/me", {})
    assert problem(refused) == (429, "too_many")
    assert int(refused["Retry-After"]) > 0
    assert Program().send("GET", "/explore").status_code == 200, "another one's limit"


@pytest.mark.usefixtures("midday")
def test_guessed_tokens_run_into_a_limit(settings: Any) -> None:
    settings.API_RATES = {"read": (1000, 60), "write": (1000, 60)}
    guest = Program()
    headers = {"Authorization": "Bearer byn_guess"}
    codes = [guest.send("GET", "/me", headers=headers).status_code for _n in range(31)]
    assert (codes[0], codes[-1]) == (401, 429)
