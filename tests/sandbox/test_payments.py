"""Payments through the API: opened once, paid once, cancelled, found again."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.sandbox.driver import Client, Receiver, payment_body, together, wait_for


def test_a_payment_is_opened_with_everything_the_merchant_said(client: Client) -> None:
    answer = client.post(
        "/v1/payments",
        payment_body(locale="zh-Hant", metadata={"order": "B-1"}, expires_in=60),
    )

    payment = answer.json
    assert answer.status == 201
    assert payment["id"].startswith("pay_")
    assert payment["status"] == "open"
    assert (payment["amount"], payment["currency"]) == (12900, "CNY")
    assert (payment["captured"], payment["refunded"], payment["refunding"]) == (0, 0, 0)
    assert payment["reference"] == "7311"
    assert payment["metadata"] == {"order": "B-1"}
    assert payment["pay_url"] == f"http://127.0.0.1:{client.port}/pay/{payment['id']}"
    assert payment["created"] < payment["expires_at"]
    assert client.payment(payment) == payment


def test_payments_are_found_by_reference_newest_first(client: Client) -> None:
    first = client.open(reference="twice tried")
    second = client.open(reference="twice tried")

    found = client.get("/v1/payments?reference=twice+tried").json["data"]

    assert [payment["id"] for payment in found] == [second["id"], first["id"]]


def test_the_same_key_gives_the_first_answer_and_opens_one_payment(client: Client) -> None:
    body = payment_body(reference="keyed")

    first = client.post("/v1/payments", body, key="open-keyed")
    again = client.post("/v1/payments", body, key="open-keyed")

    assert first.body == again.body
    assert again.status == 201
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert len(client.get("/v1/payments?reference=keyed").json["data"]) == 1


def test_the_same_key_with_another_body_is_refused_and_writes_nothing(client: Client) -> None:
    client.post("/v1/payments", payment_body(reference="one"), key="reused")

    other_body = client.post("/v1/payments", payment_body(reference="two"), key="reused")
    payment = client.open(reference="three")
    other_path = client.post(f"/v1/payments/{payment['id']}/cancel", {}, key="reused")

    for answer in (other_body, other_path):
        assert (answer.status, answer.json["code"]) == (422, "idempotency_key_reused")
    assert client.get("/v1/payments?reference=two").json["data"] == []
    assert client.payment(payment)["status"] == "open"


def test_a_refused_request_does_not_use_up_its_key(client: Client) -> None:
    refused = client.post("/v1/payments", payment_body(amount=0), key="mended")
    mended = client.post("/v1/payments", payment_body(amount=1), key="mended")

    assert (refused.status, mended.status) == (422, 201)


def test_eight_threads_with_one_key_open_one_payment(client: Client) -> None:
    body = payment_body(reference="crowd")

    answers = together(lambda _: client.post("/v1/payments", body, key="crowd"), 8)

    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    assert len(client.get("/v1/payments?reference=crowd").json["data"]) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": 12.5}, "amount"),
        ({"amount": "12900"}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": 10**12 + 1}, "amount"),
        ({"currency": "cny"}, "currency"),
        ({"currency": "XXX"}, "currency"),
        ({"reference": ""}, "reference"),
        ({"reference": None}, "reference"),
        ({"return_url": "javascript:alert(1)"}, "return_url"),
        ({"return_url": "http://shop.test\r\nset-cookie: a=b"}, "return_url"),
        ({"return_url": "http://shop.test;script-src/"}, "return_url"),
        ({"return_url": "http://a@shop.test/"}, "return_url"),
        ({"return_url": "http://shop.test:99999/"}, "return_url"),
        ({"return_url": "/back"}, "return_url"),
        ({"metadata": {"a": 1}}, "metadata"),
        ({"metadata": {"a": "x" * 5000}}, "metadata"),
        ({"expires_in": 0}, "expires_in"),
        ({"amuont": 5}, "amuont"),
    ],
)
def test_a_wrong_field_is_named(client: Client, change: dict[str, Any], field: str) -> None:
    answer = client.post("/v1/payments", payment_body(**change))

    assert answer.status == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["field"] == field
    assert answer.json["code"] == ("unknown_field" if field == "amuont" else "invalid_field")


@pytest.mark.parametrize("body", [b"{", b"\xff", b"NaN", b"[" * 20000])
def test_a_body_that_is_not_json_is_refused(client: Client, body: bytes) -> None:
    headers = {"authorization": "Bearer sk_sandbox_test"}

    assert client.send("POST", "/v1/payments", body, headers).json["code"] == "malformed_json"


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": "sk_sandbox_test"}]
)
def test_without_the_key_nothing_is_told(client: Client, headers: dict[str, str]) -> None:
    payment = client.open()

    for method, path in (
        ("GET", f"/v1/payments/{payment['id']}"),
        ("POST", f"/v1/payments/{payment['id']}/cancel"),
        ("GET", "/v1/nowhere"),
        ("GET", "/v1/events"),
        ("POST", "/v1/test/settings"),
    ):
        answer = client.send(method, path, b"{}" if method == "POST" else None, headers)
        assert (answer.status, answer.json["code"]) == (401, "not_authenticated")
    assert client.payment(payment)["status"] == "open"


def test_unknown_paths_and_methods_are_named(client: Client) -> None:
    assert client.get("/v1/payments/pay_none").json["code"] == "not_found"
    assert client.get("/v1/else").status == 404
    answer = client.post("/v1/report", {})
    assert (answer.status, answer.headers["allow"]) == (405, "GET")


def test_an_oversized_or_unmeasured_body_is_refused(client: Client) -> None:
    assert client.post("/v1/payments", {"a": "x" * 70_000}).json["code"] == "body_too_large"
    fresh = Client(client.port)
    chunked = fresh.send("POST", "/v1/payments", b"", {"transfer-encoding": "chunked"})
    assert chunked.json["code"] == "length_required"


def test_an_open_payment_is_cancelled_once(client: Client, shop: Receiver) -> None:
    payment = client.open(shop.url)

    first = client.post(f"/v1/payments/{payment['id']}/cancel", {})
    again = client.post(f"/v1/payments/{payment['id']}/cancel", {})

    assert first.json == again.json
    assert (first.json["status"], first.json["cancel_reason"]) == ("cancelled", "merchant")
    assert [hook.kind for hook in shop.wait(1)] == ["payment.cancelled"]
    time.sleep(0.2)
    assert len(shop.hooks) == 1


def test_a_paid_payment_is_not_cancelled(client: Client) -> None:
    payment = client.paid()

    answer = client.post(f"/v1/payments/{payment['id']}/cancel", {})

    assert (answer.status, answer.json["code"]) == (409, "payment_not_open")
    assert client.payment(payment)["status"] == "succeeded"


def test_a_cancelled_payment_is_not_paid(client: Client) -> None:
    payment = client.open()
    client.post(f"/v1/payments/{payment['id']}/cancel", {})

    answer = client.confirm(payment)

    assert answer.returned["status"] == "cancelled"
    assert client.payment(payment)["captured"] == 0


def test_time_cancels_an_open_payment_and_says_so(client: Client, shop: Receiver) -> None:
    payment = client.open(shop.url, expires_in=1)

    (hook,) = shop.wait(1)

    assert hook.kind == "payment.cancelled"
    assert hook.event["data"]["object"]["cancel_reason"] == "expired"
    assert client.confirm(payment).returned["status"] == "cancelled"


def test_pay_against_cancel_in_threads_has_one_winner(client: Client, shop: Receiver) -> None:
    for _ in range(10):
        payment = client.open(shop.url)

        together(
            lambda n, payment=payment: (  # type: ignore[misc]
                client.confirm(payment)
                if n % 2
                else client.post(f"/v1/payments/{payment['id']}/cancel", {})
            ),
            8,
        )

        after = client.payment(payment)
        assert after["status"] in {"succeeded", "cancelled"}
        assert after["captured"] == (12900 if after["status"] == "succeeded" else 0)
        events = shop.wait(1)
        assert [hook.kind for hook in events] == [f"payment.{after['status']}"]
        shop.hooks.clear()


def test_a_payment_event_list_goes_on_where_it_was_left(client: Client) -> None:
    client.paid(reference="before")
    last = client.get("/v1/events?limit=500").json["data"][-1]["id"]
    paid = [client.paid(reference=f"page-{n}")["id"] for n in range(3)]

    first = client.get(f"/v1/events?after={last}&limit=2").json
    rest = client.get(f"/v1/events?after={first['data'][-1]['id']}&limit=2").json

    assert [event["data"]["object"]["id"] for event in first["data"] + rest["data"]] == paid
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert client.get("/v1/events?after=evt_none").status == 422
    assert client.get("/v1/events?limit=0").status == 422


def test_health_needs_no_key(client: Client) -> None:
    wait_for(lambda: client.send("GET", "/healthz").json == {"status": "ok"})
