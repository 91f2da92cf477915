"""Webhooks: signed, repeated, late, never, out of order, and only to allowed hosts."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.sandbox.driver import SECRET, Client, Receiver, payment_body, wait_for


def deliveries(client: Client, payment: dict[str, Any]) -> list[Any]:
    """Return the deliveries owed for the newest event of a payment."""
    return list(events_of(client, payment)[-1]["deliveries"])


def events_of(client: Client, payment: dict[str, Any]) -> list[Any]:
    """Return the listed events of a payment."""
    listed: list[Any] = client.get("/v1/events?limit=500").json["data"]
    return [event for event in listed if event["data"]["object"]["id"] == payment["id"]]


def test_a_webhook_carries_the_event_under_a_signature_that_holds(
    client: Client, shop: Receiver
) -> None:
    began = int(time.time())
    payment = client.paid(shop.url)

    (hook,) = shop.wait(1)

    event = Webhook(SECRET).verify(hook.body.decode(), dict(hook.headers))
    assert event["type"] == "payment.succeeded"
    assert event["id"] == hook.headers["webhook-id"]
    assert event["data"]["object"] == client.payment(payment)
    assert began <= int(hook.headers["webhook-timestamp"]) <= time.time()
    listed = events_of(client, payment)[-1]
    assert {name: listed[name] for name in event} == event


def test_a_changed_body_or_another_secret_is_found_out(client: Client, shop: Receiver) -> None:
    client.paid(shop.url)
    (hook,) = shop.wait(1)
    forged = hook.body.replace(b"12900", b"12901")
    assert forged != hook.body

    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(forged.decode(), dict(hook.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 32).verify(hook.body.decode(), dict(hook.headers))


def test_twice_sends_one_event_in_two_deliveries(client: Client, shop: Receiver) -> None:
    payment = client.open(shop.url)

    client.confirm(payment, "twice")

    first, second = shop.wait(2)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert len(events_of(client, payment)) == 1
    time.sleep(0.2)
    assert len(shop.hooks) == 2


def test_never_sends_nothing_but_lists_the_event(client: Client, shop: Receiver) -> None:
    payment = client.open(shop.url)

    client.confirm(payment, "never")

    assert client.payment(payment)["status"] == "succeeded"
    time.sleep(0.3)
    assert shop.hooks == []
    assert deliveries(client, payment)[0]["state"] == "dropped"


def test_an_event_that_was_dropped_can_be_sent_again(client: Client, shop: Receiver) -> None:
    payment = client.open(shop.url)
    client.confirm(payment, "never")
    event = events_of(client, payment)[-1]

    assert client.post(f"/v1/events/{event['id']}/resend", {}).status == 202

    (hook,) = shop.wait(1)
    assert hook.event["id"] == event["id"]
    assert client.post("/v1/events/evt_none/resend", {}).status == 404


def test_late_waits_twenty_seconds_and_redirects_at_once(client: Client, shop: Receiver) -> None:
    payment = client.open(shop.url)

    answer = client.confirm(payment, "late")

    assert answer.returned["status"] == "succeeded"
    (owed,) = deliveries(client, payment)
    created = datetime.fromisoformat(events_of(client, payment)[-1]["created"])
    due = datetime.fromisoformat(owed["due_at"])
    assert (due - created).total_seconds() == 20
    assert (owed["state"], shop.hooks) == ("pending", [])


def test_before_redirect_waits_for_the_shop(client: Client, shop: Receiver) -> None:
    payment = client.open(shop.url)

    client.confirm(payment, "before_redirect")

    assert [hook.kind for hook in shop.hooks] == ["payment.succeeded"]


def test_settings_delay_a_webhook_and_end_with_a_reset(client: Client, shop: Receiver) -> None:
    client.post("/v1/test/settings", {"webhook_delay_ms": 400})
    before = time.monotonic()
    client.paid(shop.url)

    (hook,) = shop.wait(1)

    assert hook.arrived - before >= 0.4
    assert client.post("/v1/test/settings", {}).json["webhook_delay_ms"] == 0


def test_settings_of_one_payment_leave_the_others_alone(client: Client, shop: Receiver) -> None:
    dropped, kept = client.open(shop.url), client.open(shop.url)
    answer = client.post("/v1/test/settings", {"scope": dropped["id"], "drop": True})
    assert answer.json["drop"] is True

    client.confirm(dropped)
    client.confirm(kept)

    (hook,) = shop.wait(1)
    assert hook.event["data"]["object"]["id"] == kept["id"]
    time.sleep(0.2)
    assert len(shop.hooks) == 1
    scopes = [entry["scope"] for entry in client.get("/v1/test/settings").json["data"]]
    assert dropped["id"] in scopes
    assert client.post("/v1/test/settings", {"scope": "pay_none"}).status == 404
    assert client.post("/v1/test/settings", {"drop": "yes"}).json["field"] == "drop"


def test_duplicate_adds_deliveries(client: Client, shop: Receiver) -> None:
    client.post("/v1/test/settings", {"duplicate": 3})

    client.paid(shop.url)

    assert len({hook.headers["webhook-id"] for hook in shop.wait(4)}) == 1


def test_reorder_lets_the_refund_arrive_before_the_payment(client: Client, shop: Receiver) -> None:
    client.post("/v1/test/settings", {"reorder": True})
    payment = client.paid(shop.url)

    client.refund(payment, 100)

    assert [hook.kind for hook in shop.wait(2)] == ["refund.succeeded", "payment.succeeded"]


def test_a_refusal_is_tried_again_and_keeps_its_id(client: Client, shop: Receiver) -> None:
    shop.status = 500
    payment = client.paid(shop.url)
    shop.wait(1)
    wait_for(lambda: deliveries(client, payment)[0]["attempts"] == 1)
    assert deliveries(client, payment)[0]["last_answer"] == "500"

    shop.status = 200

    first, second = shop.wait(2)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert second.event["type"] == "payment.succeeded"
    assert second.arrived - first.arrived >= 0.9
    wait_for(lambda: deliveries(client, payment)[0]["state"] == "delivered")


def test_a_redirect_is_not_followed(client: Client, shop: Receiver) -> None:
    shop.status = 302
    payment = client.paid(shop.url)
    shop.wait(1)

    wait_for(lambda: deliveries(client, payment)[0]["last_answer"] == "302")

    assert deliveries(client, payment)[0]["state"] == "pending"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "http://169.254.169.254/latest",
        "http://10.0.0.1/hook",
        "http://2130706433/hook",
        "http://127.0.0.1.example.com/hook",
        "http://localhost.example.com/hook",
        "https://[fe80::1]/hook",
    ],
)
def test_a_webhook_to_a_host_that_is_not_listed_is_refused(client: Client, url: str) -> None:
    payment = client.post("/v1/payments", payment_body(url))
    payout = client.post(
        "/v1/payouts",
        {
            "amount": 1,
            "currency": "CNY",
            "reference": "p",
            "destination": {"kind": "sandbox", "account": "ana"},
            "webhook_url": url,
        },
    )

    for answer in (payment, payout):
        assert (answer.status, answer.json["code"]) == (422, "webhook_host_not_allowed")


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/hook", "http://127.0.0.1:80@example.com/hook", "127.0.0.1", "http://"]
)
def test_a_webhook_address_must_be_plain(client: Client, url: str) -> None:
    answer = client.post("/v1/payments", payment_body(url))

    assert (answer.status, answer.json["field"]) == (422, "webhook_url")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "[::1]", "127.0.0.1"])
def test_loopback_is_allowed(client: Client, host: str) -> None:
    assert client.post("/v1/payments", payment_body(f"http://{host}:9/hook")).status == 201


def test_connections_to_the_shop_are_kept_alive(client: Client, shop: Receiver) -> None:
    for _ in range(40):
        client.paid(shop.url)

    shop.wait(40)

    assert shop.connections <= 4
