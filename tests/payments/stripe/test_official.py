"""Cross-checked by Stripe's own library: signatures, requests, and the fields of the objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from banyan.kernel import clock
from banyan.payments import actions
from banyan.payments.problems import ForgedMessage
from banyan.payments.providers.stripe import StripeProvider, api, signing
from tests.payments.stripe.gateway import Gateway, now, post
from tests.payments.till import BUYER, refunded, started

pytestmark = pytest.mark.usefixtures("books", "gateway")

COMPLETED = "checkout.session.completed"
CLASSES: dict[str, Any] = {
    "checkout.session": stripe.checkout.Session,
    "payment_intent": stripe.PaymentIntent,
    "charge": stripe.Charge,
    "refund": stripe.Refund,
    "balance_transaction": stripe.BalanceTransaction,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
}


@pytest.fixture
def library(gateway: Gateway) -> stripe.StripeClient:
    """The official client, told where the stand-in is."""
    return stripe.StripeClient(gateway.key, base_addresses={"api": gateway.url})


@pytest.fixture(autouse=True)
def _no_telemetry() -> Iterator[None]:
    before = stripe.enable_telemetry
    stripe.enable_telemetry = False
    yield
    stripe.enable_telemetry = before


def test_both_speak_the_same_version() -> None:
    assert stripe.api_version == api.VERSION


def test_the_library_believes_what_the_stand_in_signs(gateway: Gateway) -> None:
    gateway.pay(started("stripe"))
    ref = gateway.events(COMPLETED)[0]
    for secrets in ([gateway.secret], ["whsec_other", gateway.secret]):
        body, header = gateway.signed(ref, secrets=secrets)
        event = stripe.Webhook.construct_event(body, header, gateway.secret)
        assert (event.id, event.type, event.api_version) == (ref, COMPLETED, api.VERSION)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body + b" ", header, gateway.secret)


def test_we_believe_what_the_library_signs(gateway: Gateway) -> None:
    intent = started("stripe")
    gateway.pay(intent)
    body, _ = gateway.signed(gateway.events(COMPLETED)[0])
    sign = stripe.WebhookSignature.generate_signature_header
    assert post(body, sign(body.decode(), "whsec_other")) == 401
    assert post(body, sign(body.decode(), gateway.secret, now() - 400)) == 401
    assert post(body, sign(body.decode(), gateway.secret)) == 200
    intent.refresh_from_db()
    assert intent.state == "captured"


@pytest.mark.parametrize("text", ["{}", '{"a": "\u4e2d\u6587 \\u00e9"}', " \n"])
@pytest.mark.parametrize("shift", [0, 250, 400])
def test_the_library_and_we_judge_alike(text: str, shift: int) -> None:
    secret = "whsec_judged"
    good = stripe.WebhookSignature.generate_signature_header(text, secret, now() - shift)
    stamp, value = good.split(",")
    headers = [
        good,
        f"{good},v1=00",
        f"{stamp},v1=00,{value}",
        f"{stamp},{value[:-1]}",
        stamp,
        value,
    ]
    for header in headers:
        assert _ours(header, text, secret) == _theirs(header, text, secret), header


def _ours(header: str, text: str, secret: str) -> bool:
    try:
        signing.verify(header, text.encode(), secrets=[secret], now=clock.now().timestamp())
    except ForgedMessage:
        return False
    return True


def _theirs(header: str, text: str, secret: str) -> bool:
    try:
        return bool(stripe.WebhookSignature.verify_header(text, header, secret, 300))
    except stripe.SignatureVerificationError:
        return False


def test_we_ask_as_the_library_asks(gateway: Gateway, library: stripe.StripeClient) -> None:
    intent = started("stripe")
    gateway.pay(intent)
    gateway.tell(COMPLETED)
    intent.refresh_from_db()
    refund = refunded(intent, 5000)
    actions.submit_refund(actor=BUYER, refund_id=refund.pk)
    StripeProvider().bill(clock.now().date())
    expiring = started("stripe")
    actions.cancel_intent(actor=BUYER, intent_id=expiring.pk)
    actions.check_intent(actor=BUYER, intent_id=expiring.pk)
    ours = gateway.control("state")["requests"]
    verbs = {(one["method"], one["path"].partition("cs_test_")[0]) for one in ours}
    assert len(verbs) == 7, verbs

    for one in ours:
        _say_again(library, one)

    theirs = gateway.control("state")["requests"][len(ours) :]
    assert [_essence(one) for one in theirs] == [_essence(one) for one in ours]


def _essence(request: dict[str, Any]) -> Any:
    # The library makes a key of its own where none is given.
    key = request["key"] if request["method"] == "POST" and "expire" not in request["path"] else ""
    return request["method"], request["path"], request["given"], request["version"], key


def _say_again(library: stripe.StripeClient, request: dict[str, Any]) -> None:
    """Say a recorded request by the library's own verbs, with its own encoding."""
    params = _typed(request["given"])
    options: Any = {"idempotency_key": request["key"]} if request["key"] else {}
    path = request["path"].removeprefix("/v1/").split("/")
    sessions: Any = library.v1.checkout.sessions
    services: dict[str, Any] = {
        "checkout": sessions,
        "refunds": library.v1.refunds,
        "balance_transactions": library.v1.balance_transactions,
    }
    service = services[path[0]]
    ref = path[2] if path[0] == "checkout" and len(path) > 2 else ""
    if path[-1] == "expire":
        with pytest.raises(stripe.InvalidRequestError):
            service.expire(ref, params=params)  # it is expired already
    elif request["method"] == "POST":
        service.create(params=params, options=options)
    elif ref:
        service.retrieve(ref, params=params)
    else:
        service.list(params=params)


def _typed(value: Any) -> Any:
    """Turn decoded form fields into the values that the library takes."""
    if isinstance(value, dict):
        if value and all(name.isdigit() for name in value):
            return [_typed(value[name]) for name in sorted(value, key=int)]
        return {name: _typed(item) for name, item in value.items()}
    return {"true": True, "false": False}.get(value, value)


def test_the_library_reads_the_stand_in_as_published(
    gateway: Gateway, library: stripe.StripeClient
) -> None:
    intent = started("stripe")
    gateway.pay(intent)
    found = library.v1.checkout.sessions.retrieve(
        intent.provider_ref, params={"expand": ["payment_intent.latest_charge"]}
    )
    payment: Any = found.payment_intent
    assert (found.status, found.payment_status) == ("complete", "paid")
    assert (payment.amount_received, payment.latest_charge.paid) == (12900, True)
    made = library.v1.refunds.create(params={"payment_intent": payment.id, "amount": 900})
    assert made.status == "succeeded"
    listed = library.v1.balance_transactions.list(params={"expand": ["data.source"]})
    assert [one.reporting_category for one in listed.auto_paging_iter()] == ["refund", "charge"]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        library.v1.refunds.create(params={"payment_intent": payment.id, "amount": 12900})
    assert refused.value.http_status == 400
    wrong = stripe.StripeClient("sk_test_wrong", base_addresses={"api": gateway.url})
    with pytest.raises(stripe.AuthenticationError):
        wrong.v1.refunds.list()
    same: Any = {"idempotency_key": "same"}
    part: Any = {"payment_intent": payment.id, "amount": 1}
    once = library.v1.refunds.create(params=part, options=same)
    assert library.v1.refunds.create(params=part, options=same).id == once.id
    with pytest.raises(stripe.IdempotencyError):
        library.v1.refunds.create(params=part | {"amount": 2}, options=same)


def test_every_field_of_the_stand_in_is_a_published_one(gateway: Gateway) -> None:
    intent = started("stripe")
    gateway.pay(intent, "declined")
    gateway.pay(intent)
    gateway.tell(COMPLETED)
    intent.refresh_from_db()
    refund = actions.submit_refund(actor=BUYER, refund_id=refunded(intent, 5000).pk)
    gateway.control("refund", refund=refund.provider_ref, outcome="failed")
    gateway.control("dispute", session=intent.provider_ref)
    state = gateway.control("state")

    seen = set()
    for one in [*state["things"], *state["events"]]:
        fields = set(CLASSES[one["object"]].__annotations__)
        assert set(one) <= fields, (one["object"], set(one) - fields)
        seen.add(one["object"])
    assert seen == set(CLASSES)


def test_the_library_transfers_and_reverses_at_the_stand_in(
    gateway: Gateway, library: stripe.StripeClient
) -> None:
    intent = started("stripe")
    gateway.pay(intent)
    charge = gateway.things("charge")[0]["id"]
    account = gateway.control("account")["id"]
    assert library.v1.accounts.retrieve(account).capabilities.transfers == "active"  # type: ignore[union-attr]

    made = library.v1.transfers.create(
        {
            "amount": 9000,
            "currency": "cny",
            "destination": account,
            "source_transaction": charge,
            "transfer_group": "payout-1-1",
        }
    )
    found = library.v1.transfers.list({"transfer_group": "payout-1-1"})
    assert [one.id for one in found.data] == [made.id]
    back = library.v1.transfers.reversals.create(made.id, {"amount": 4000})
    assert (back.transfer, back.amount) == (made.id, 4000)
    assert library.v1.transfers.retrieve(made.id).amount_reversed == 4000
    with pytest.raises(stripe.InvalidRequestError):
        library.v1.transfers.reversals.create(made.id, {"amount": 5001})
    with pytest.raises(stripe.InvalidRequestError):
        library.v1.transfers.create(
            {
                "amount": 12901,
                "currency": "cny",
                "destination": account,
                "source_transaction": charge,
            }
        )
