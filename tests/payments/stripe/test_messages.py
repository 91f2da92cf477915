"""Messages that are not to be believed: forged, old, of others, of the wrong mode, unreadable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from banyan.payments.models import Intent, ProviderMessage
from banyan.payments.providers.stripe.signing import sealed
from banyan.payments.rules import Outcome
from tests.gateways.stripe.control import signature
from tests.payments.stripe.gateway import Gateway, now, post
from tests.payments.till import Placer, keys, opened, started

pytestmark = pytest.mark.usefixtures("books", "gateway")

COMPLETED = "checkout.session.completed"
Forgery = Callable[[bytes, str], tuple[bytes, str | None]]


def paid(gateway: Gateway) -> Intent:
    intent = started("stripe")
    gateway.pay(intent)
    return intent


def nothing_happened(intent: Intent, placer: Placer) -> None:
    intent.refresh_from_db()
    assert not ProviderMessage.objects.exists()
    assert (intent.state, placer.placed, keys()) == ("pending", [], [])


FORGERIES: dict[str, Forgery] = {
    "another body": lambda body, header: (body.replace(b"12900", b"12901"), header),
    "one byte more": lambda body, header: (body + b" ", header),
    "another time": lambda body, header: (body, header.replace("t=1", "t=2", 1)),
    "another signature": lambda body, header: (body, header.split(",")[0] + ",v1=" + "0" * 64),
    "no signature": lambda body, header: (body, header.split(",")[0]),
    "an old scheme": lambda body, header: (body, header.replace("v1=", "v0=")),
    "no time": lambda body, header: (body, header.split(",", 1)[1]),
    "two times": lambda body, header: (body, "t=1," + header),
    "no number": lambda body, header: (body, "t=now," + header.split(",", 1)[1]),
    "no header": lambda body, header: (body, None),
    "an empty header": lambda body, header: (body, ""),
    "no ascii": lambda body, header: (body, header.split(",")[0] + ",v1=\u00e9"),
    "no text": lambda body, header: (b"\xff\xfe", header),
    "nothing": lambda body, header: (b"", header),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_message_leaves_nothing_but_a_log_line(
    gateway: Gateway, placer: Placer, caplog: pytest.LogCaptureFixture, forge: Forgery
) -> None:
    intent = paid(gateway)
    body, header = gateway.signed(gateway.events(COMPLETED)[0])
    assert post(*forge(body, header)) == 401
    nothing_happened(intent, placer)
    assert "message for stripe refused" in caplog.text
    assert post(body, header) == 200  # the true one is taken


def test_a_message_is_refused_once_it_is_older_than_five_minutes(
    gateway: Gateway, placer: Placer
) -> None:
    intent = paid(gateway)
    for seconds in (310, -310, 86_400):
        assert gateway.tell(COMPLETED, age=seconds) == 401
    nothing_happened(intent, placer)
    assert gateway.tell(COMPLETED, age=280) == 200


def test_the_secret_can_be_replaced_without_losing_a_message(
    gateway: Gateway, settings: Any, placer: Placer
) -> None:
    intent = paid(gateway)
    new = "whsec_the_new_one"
    settings.STRIPE_WEBHOOK_SECRETS = [gateway.secret, new]
    assert gateway.tell(COMPLETED, secrets=[new]) == 200
    assert gateway.tell(COMPLETED, secrets=[gateway.secret]) == 200
    assert gateway.tell(COMPLETED, secrets=["whsec_nobodys", gateway.secret]) == 200
    settings.STRIPE_WEBHOOK_SECRETS = [new]
    assert gateway.tell(COMPLETED, secrets=[gateway.secret]) == 401
    assert placer.placed == [intent.pk]


def test_a_live_event_is_not_taken_by_a_test_key(
    gateway: Gateway, placer: Placer, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    paid(gateway)
    settings.STRIPE_SECRET_KEY = "sk_live_elsewhere"
    assert gateway.tell(COMPLETED) == 200
    assert ProviderMessage.objects.get().outcome == Outcome.IGNORED
    assert (placer.placed, keys()) == ([], [])
    assert "test and live are mixed" in caplog.text


def test_a_payment_of_another_installation_on_the_same_account_is_not_ours(
    gateway: Gateway, placer: Placer, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    own = settings.SECRET_KEY
    settings.SECRET_KEY = "the key of another installation, with the same numbers"
    intent = paid(gateway)
    Intent.objects.filter(pk=intent.pk).update(provider_ref="cs_test_ours")
    intent.attempts.update(provider_ref="cs_test_ours")
    settings.SECRET_KEY = own

    assert gateway.tell(COMPLETED) == 200

    kept = ProviderMessage.objects.get()
    assert (kept.outcome, kept.intent, kept.reference) == (Outcome.UNKNOWN_REFERENCE, None, "")
    assert (placer.placed, keys()) == ([], [])
    assert "needs a person" in caplog.text


def test_a_former_secret_key_still_knows_its_payments(
    gateway: Gateway, placer: Placer, settings: Any
) -> None:
    intent = paid(gateway)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new secret key"
    assert gateway.tell(COMPLETED) == 200
    assert placer.placed == [intent.pk]


def test_money_that_nobody_here_asked_for_is_kept_for_a_person(
    gateway: Gateway, placer: Placer
) -> None:
    session = paid(gateway).provider_ref
    [found] = gateway.things("checkout.session")
    stray = found | {"id": "cs_test_stray", "metadata": {}, "client_reference_id": None}
    assert session != stray["id"]
    event = gateway.control("announce", type=COMPLETED, object=stray)["id"]
    assert post(*gateway.signed(event)) == 200
    assert ProviderMessage.objects.get().outcome == Outcome.UNKNOWN_REFERENCE
    assert placer.placed == []


def test_our_reference_for_a_payment_of_another_provider_is_unknown(
    gateway: Gateway, placer: Placer
) -> None:
    paid(gateway)
    other = opened("sandbox")
    [found] = gateway.things("checkout.session")
    stray = found | {"metadata": sealed(f"pay-{other.pk}-1")}
    event = gateway.control("announce", type=COMPLETED, object=stray)["id"]
    assert post(*gateway.signed(event)) == 200
    assert ProviderMessage.objects.get().outcome == Outcome.UNKNOWN_REFERENCE
    assert placer.placed == []


def test_a_declined_try_that_is_not_ours_is_nothing_to_look_at(gateway: Gateway) -> None:
    stray = {"id": "pi_stray", "object": "payment_intent", "metadata": {}}
    event = gateway.control("announce", type="payment_intent.payment_failed", object=stray)["id"]
    assert post(*gateway.signed(event)) == 200
    assert ProviderMessage.objects.get().outcome == Outcome.IGNORED


@pytest.mark.parametrize("kind", ["customer.created", "charge.succeeded", "nonsense", "a.b.c.d"])
def test_events_that_say_nothing_about_our_money_are_kept_and_ignored(
    gateway: Gateway, kind: str
) -> None:
    event = gateway.control("announce", type=kind, object={"id": "x_1", "object": "x"})["id"]
    assert post(*gateway.signed(event)) == 200
    assert ProviderMessage.objects.get().outcome == Outcome.IGNORED


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"null",
        b"{}",
        b"not json",
        b'{"id": "evt_1", "type": "x", "created": "soon", "livemode": false,'
        b' "data": {"object": {}}}',
        b'{"id": "evt_1", "type": "x", "created": 99999999999999, "livemode": false,'
        b' "data": {"object": {}}}',
        b'{"id": "evt_1", "type": "checkout.session.completed", "created": 1, "livemode": false,'
        b' "data": {"object": {}}}',
        b'{"id": "evt_1", "type": "refund.updated", "created": 1, "livemode": false,'
        b' "data": {"object": []}}',
    ],
)
def test_a_signed_message_without_a_known_shape_is_unreadable(
    gateway: Gateway, body: bytes
) -> None:
    assert post(body, signature(body.decode(), now(), [gateway.secret])) == 422
    assert not ProviderMessage.objects.exists()


def test_the_stand_in_knows_nothing_of_the_platform(gateway: Gateway) -> None:
    modules = gateway.control("state")["modules"]
    assert not {"banyan", "django", "stripe"} & set(modules)
