"""Payouts and the daily bill."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.sandbox.driver import Answer, Client, Receiver, wait_for


def pay_out(client: Client, *, account: str = "ana", **changes: object) -> Answer:
    body: dict[str, object] = {
        "amount": 8000,
        "currency": "CNY",
        "reference": "batch-3/12",
        "destination": {"kind": "sandbox", "account": account},
    }
    return client.post("/v1/payouts", body | changes)


def bill(client: Client) -> list[dict[str, str]]:
    today = datetime.now(UTC).date()
    answer = client.get(f"/v1/report?date={today}")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.body.decode())))


@pytest.mark.parametrize(
    ("account", "status", "code"), [("ana", "paid", None), ("fail", "failed", "account_closed")]
)
def test_a_payout_is_pending_and_then_final(
    client: Client, shop: Receiver, account: str, status: str, code: str | None
) -> None:
    answer = pay_out(client, account=account, webhook_url=shop.url)

    assert (answer.status, answer.json["status"]) == (201, "pending")
    (hook,) = shop.wait(1)
    final: dict[str, Any] = client.get(f"/v1/payouts/{answer.json['id']}").json
    assert hook.kind == f"payout.{status}"
    assert hook.event["data"]["object"] == final
    assert (final["status"], final["failure_code"]) == (status, code)
    assert final["destination"] == {"kind": "sandbox", "account": account}


def test_a_payout_with_one_key_is_made_once(client: Client) -> None:
    body = {
        "amount": 1,
        "currency": "EUR",
        "reference": "keyed payout",
        "destination": {"kind": "sandbox", "account": "ana"},
    }

    answers = [client.post("/v1/payouts", body, key="payout-1") for _ in range(3)]

    assert len({answer.json["id"] for answer in answers}) == 1
    assert len(client.get("/v1/payouts?reference=keyed+payout").json["data"]) == 1


@pytest.mark.parametrize(
    "destination",
    [None, {}, {"kind": "sandbox"}, {"kind": "iban", "account": "1"}, {"kind": "sandbox",
     "account": "a", "bank": "b"}],
)  # fmt: skip
def test_a_destination_must_be_complete(client: Client, destination: object) -> None:
    assert pay_out(client, destination=destination).status == 422


def test_the_bill_of_the_day_has_what_moved_and_nothing_else(client: Client) -> None:
    paid = client.paid(reference='said "so", twice', amount=1234, currency="JPY")
    declined = client.open()
    client.confirm(declined, "insufficient_funds")
    refund = client.refund(paid, 234).json
    payout, failed = pay_out(client).json, pay_out(client, account="fail").json
    wait_for(
        lambda: (
            client.get(f"/v1/refunds/{refund['id']}").json["status"] == "succeeded"
            and client.get(f"/v1/payouts/{payout['id']}").json["status"] == "paid"
            and client.get(f"/v1/payouts/{failed['id']}").json["status"] == "failed"
        )
    )

    rows = {row["id"]: row for row in bill(client)}

    assert rows[paid["id"]]["reference"] == 'said "so", twice'
    assert (rows[paid["id"]]["kind"], rows[paid["id"]]["amount"]) == ("payment", "1234")
    assert (rows[refund["id"]]["kind"], rows[refund["id"]]["amount_minor"]) == ("refund", "-234")
    assert rows[refund["id"]]["payment"] == paid["id"]
    assert (rows[payout["id"]]["kind"], rows[payout["id"]]["amount"]) == ("payout", "-80.00")
    assert declined["id"] not in rows
    assert failed["id"] not in rows


def test_the_bill_of_another_day_is_empty(client: Client) -> None:
    client.paid()

    assert client.get("/v1/report?date=2020-02-29").body.decode().splitlines() == [
        "kind,id,reference,payment,currency,amount_minor,amount,created,settled"
    ]
    assert client.get("/v1/report?date=2021-02-29").json["field"] == "date"
    assert client.get("/v1/report").json["field"] == "date"
