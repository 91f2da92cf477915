"""Refunds: pending, then final by webhook; together never above what was captured."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from sandbox.moments import now_ms
from sandbox.store import Store
from tests.sandbox.driver import Client, Receiver, together, wait_for


def test_a_refund_is_pending_first_and_final_by_webhook(client: Client, shop: Receiver) -> None:
    payment = client.paid(shop.url)
    client.post("/v1/test/settings", {})

    answer = client.refund(payment, 5000, reference="88")

    refund = answer.json
    assert answer.status == 201
    assert (refund["status"], refund["amount"], refund["currency"]) == ("pending", 5000, "CNY")
    assert refund["payment"] == payment["id"]
    final = shop.wait(2)[1]
    assert final.kind == "refund.succeeded"
    assert final.event["data"]["object"] == client.get(f"/v1/refunds/{refund['id']}").json
    after = client.payment(payment)
    assert (after["refunded"], after["refunding"]) == (5000, 0)


def test_a_failed_refund_gives_its_reservation_back(client: Client, shop: Receiver) -> None:
    payment = client.paid(shop.url)
    client.post("/v1/test/settings", {"scope": payment["id"], "fail_refunds": True})

    refund = client.refund(payment, 12900).json

    failed = shop.wait(2)[1]
    assert failed.kind == "refund.failed"
    assert failed.event["data"]["object"]["failure_code"] == "destination_refused"
    assert client.payment(payment)["refunding"] == 0
    assert client.get(f"/v1/refunds/{refund['id']}").json["status"] == "failed"
    client.post("/v1/test/settings", {"scope": payment["id"]})
    assert client.refund(payment, 12900, reference="again").status == 201


def test_more_than_is_left_is_refused(client: Client) -> None:
    payment = client.paid()
    assert client.refund(payment, 12000).status == 201

    answer = client.refund(payment, 901)

    assert (answer.status, answer.json["code"]) == (409, "refund_exceeds_captured")
    assert answer.json["refundable"] == 900
    assert client.refund(payment, 900).status == 201


def test_an_unpaid_payment_is_not_refunded(client: Client) -> None:
    payment = client.open()

    answer = client.refund(payment, 1)

    assert (answer.status, answer.json["code"]) == (409, "payment_not_captured")
    assert client.get(f"/v1/refunds?payment={payment['id']}").json["data"] == []


@pytest.mark.parametrize("amount", [0, -1, 1.0, "5"])
def test_a_wrong_amount_is_refused(client: Client, amount: int) -> None:
    assert client.refund(client.paid(), amount).json["field"] == "amount"


def test_refunds_are_found_by_reference_and_by_payment(client: Client) -> None:
    payment = client.paid()
    refund = client.refund(payment, 1, reference="find me").json

    by_reference = client.get("/v1/refunds?reference=find+me").json["data"]
    by_payment = client.get(f"/v1/refunds?payment={payment['id']}").json["data"]

    assert [found["id"] for found in by_reference] == [refund["id"]]
    assert [found["id"] for found in by_payment] == [refund["id"]]
    assert client.get("/v1/refunds").status == 422


def test_eight_threads_never_refund_more_than_was_captured(client: Client, shop: Receiver) -> None:
    payment = client.paid(shop.url, amount=10_000)

    answers = together(
        lambda n: [client.refund(payment, 700, reference=f"{n}-{i}") for i in range(4)], 8
    )

    flat = [answer for thread in answers for answer in thread]
    assert sum(answer.status == 201 for answer in flat) == 14  # 14 x 700 = 9,800; 15 are too many
    assert {answer.json["code"] for answer in flat if answer.status != 201} == {
        "refund_exceeds_captured"
    }
    assert len(shop.wait(15)) == 15
    wait_for(lambda: client.payment(payment)["refunding"] == 0)
    assert client.payment(payment)["refunded"] == 9_800
    refunds = client.get(f"/v1/refunds?payment={payment['id']}").json["data"]
    assert sum(refund["amount"] for refund in refunds) == 9_800


def test_control_reading_first_and_writing_later_refunds_too_much(tmp_path: Path) -> None:
    """The race is real: without the condition in the statement the same crowd overdraws."""
    store = Store(tmp_path / "control.sqlite")
    with store.transaction() as work:
        work.insert(
            "payment", id="pay_x", status="succeeded", amount=10_000, currency="CNY",
            reference="x", return_url="", pay_url="", description="", locale="en",
            metadata="{}", captured=10_000, created_ms=now_ms(), expires_ms=0,
        )  # fmt: skip
    with store.reading() as work:
        work.change("PRAGMA ignore_check_constraints = ON")
    all_have_read = threading.Barrier(8)

    def naive(_: int) -> None:
        with store.reading() as work:
            row = work.all("SELECT captured - refunding AS left FROM payment")[0]
        all_have_read.wait(timeout=60)
        if row["left"] >= 7_000:
            with store.transaction() as work:
                work.change("UPDATE payment SET refunding = refunding + 7000")

    together(naive, 8)

    with store.reading() as work:
        row = work.all("SELECT captured, refunding FROM payment")[0]
    store.close()
    assert row["refunding"] > row["captured"]
