"""Notifications that are forged, old, wrong, or about something else."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

import pytest

from banyan.kernel import clock
from banyan.payments import actions
from banyan.payments.models import Attempt, Intent, ProviderMessage
from banyan.payments.problems import PaymentInReview
from banyan.payments.rules import Outcome
from tests.payments.till import BUYER, SHOP_URL, Placer, keys, started
from tests.payments.wechat.driver import FIRST, SECOND, Wechat, deliver

pytestmark = pytest.mark.django_db


def paid(wechat: Wechat) -> Intent:
    intent = started("wechat")
    wechat.pay(intent)
    return intent


def untouched(intent: Intent, placer: Placer) -> bool:
    state = Intent.objects.get(pk=intent.pk).state
    return not ProviderMessage.objects.exists() and state == "pending" and placer.placed == []


def tampered(body: str) -> str:
    """Change one character of the sealed text."""
    head, _, rest = body.partition('"ciphertext": "')
    return f'{head}"ciphertext": "{"B" if rest[0] == "A" else "A"}{rest[1:]}'


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Wechatpay-Signature": ""}, "signature_missing"),
        ({"Wechatpay-Serial": ""}, "signature_missing"),
        ({"Wechatpay-Signature": "nonsense"}, "signature_wrong"),
        ({"Wechatpay-Signature": "WECHATPAY/SIGNTEST/AAAA"}, "signature_wrong"),
        ({"Wechatpay-Nonce": "593BEC0C930BF1AFEB40B4A08C8FB242"}, "signature_wrong"),
        ({"Wechatpay-Timestamp": "1554208460"}, "timestamp_outside_window"),
        ({"Wechatpay-Timestamp": "soon"}, "timestamp_outside_window"),
        ({"Wechatpay-Timestamp": "9" * 400}, "timestamp_outside_window"),
        ({"Wechatpay-Serial": "PUB_KEY_ID_none"}, "platform_key_unknown"),
        ({"Wechatpay-Serial": SECOND}, "signature_wrong"),
        ({"Wechatpay-Signature-Type": "WECHATPAY2-SM2-WITH-SM3"}, "signature_type_unknown"),
    ],
)
def test_a_forged_header_leaves_no_row(
    wechat: Wechat,
    placer: Placer,
    caplog: pytest.LogCaptureFixture,
    headers: dict[str, str],
    reason: str,
) -> None:
    intent = paid(wechat)
    assert deliver(wechat.told(), **headers) == 401
    assert untouched(intent, placer)
    assert "message_forged" in caplog.text
    assert reason in caplog.text


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sign": "stranger"}, "signature_wrong"),
        ({"age": 301}, "timestamp_outside_window"),
        ({"age": -310}, "timestamp_outside_window"),
        ({"event": {"resource": {"algorithm": "AEAD_SM4_GCM"}}}, "seal_unknown"),
        (
            {"event": {"resource": {"algorithm": "AEAD_AES_256_GCM", "ciphertext": "AAAA"}}},
            "seal_broken",
        ),
        ({"resource": {"mchid": "1900000002"}}, "other_merchant"),
    ],
)
def test_a_forged_notification_leaves_no_row(
    wechat: Wechat,
    placer: Placer,
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, Any],
    reason: str,
) -> None:
    intent = paid(wechat)
    assert deliver(wechat.told(**changes)) == 401
    assert untouched(intent, placer)
    assert reason in caplog.text


def test_a_changed_body_leaves_no_row(wechat: Wechat, placer: Placer) -> None:
    intent = paid(wechat)
    envelope = wechat.told()
    assert deliver(envelope | {"body": tampered(envelope["body"])}) == 401
    assert deliver(envelope | {"body": envelope["body"] + " "}) == 401
    assert untouched(intent, placer)
    assert deliver(envelope) == 200


def test_an_old_notification_that_is_sent_again_as_it_was_is_refused(
    wechat: Wechat, placer: Placer
) -> None:
    intent = paid(wechat)
    caught = wechat.told()
    with clock.at(clock.now() + dt.timedelta(seconds=302)):
        assert deliver(caught) == 401
    assert untouched(intent, placer)


def test_a_caught_notification_within_its_time_has_its_effect_once(
    wechat: Wechat, placer: Placer
) -> None:
    intent = paid(wechat)
    caught = wechat.told()
    assert [deliver(caught), deliver(caught)] == [200, 200]
    assert placer.placed == [intent.pk]


@pytest.mark.parametrize("key_id", [FIRST, SECOND])
def test_while_keys_are_changed_both_are_good(wechat: Wechat, placer: Placer, key_id: str) -> None:
    intent = paid(wechat)
    assert deliver(wechat.told(sign=key_id)) == 200
    wechat.configure(sign=key_id)
    started("wechat")
    assert placer.placed == [intent.pk]


@pytest.mark.parametrize(
    "changes",
    [
        {"resource": {"amount": None}},
        {"resource": {"amount": {"total": "12900", "currency": "CNY"}}},
        {"resource": {"amount": {"total": 129.0, "currency": "CNY"}}},
        {"resource": {"trade_state": "HAPPY"}},
        {"resource": {"out_trade_no": 5}},
        {"resource": {"success_time": "2026-01-01T00:00:00"}},
        {"event": {"id": ""}},
        {"event": {"event_type": None}},
    ],
)
def test_a_signed_notification_of_no_known_shape_is_refused(
    wechat: Wechat, placer: Placer, changes: dict[str, Any]
) -> None:
    intent = paid(wechat)
    assert deliver(wechat.told(**changes)) == 422
    assert untouched(intent, placer)


@pytest.mark.parametrize(
    "how", [{"total": 12899}, {"total": 1}, {"total": 12900, "currency": "USD"}]
)
def test_another_amount_or_currency_books_nothing_and_calls_a_person(
    wechat: Wechat, placer: Placer, caplog: pytest.LogCaptureFixture, how: dict[str, Any]
) -> None:
    intent = started("wechat")
    wechat.pay(intent, **how)

    with caplog.at_level(logging.ERROR):
        assert deliver(wechat.told()) == 200
        assert deliver(wechat.told()) == 200

    assert ProviderMessage.objects.get().outcome == Outcome.AMOUNT_MISMATCH
    assert Attempt.objects.get().outcome == "mismatch"
    assert (keys(), placer.placed) == ([], [])
    assert "arrived instead of 12900 CNY" in caplog.text
    with pytest.raises(PaymentInReview):
        actions.start(actor=BUYER, intent_id=intent.pk, return_url=SHOP_URL, locale="en")


def test_a_wrong_amount_is_found_by_asking_too(wechat: Wechat, placer: Placer) -> None:
    intent = started("wechat")
    wechat.pay(intent, total=12800)
    actions.sync(actor=BUYER, intent_id=intent.pk)
    assert ProviderMessage.objects.get().outcome == Outcome.AMOUNT_MISMATCH
    assert (keys(), placer.placed) == ([], [])


@pytest.mark.parametrize("reference", ["pay-999-1", "1217752501201407033233368018", "refund-1-1"])
def test_a_payment_that_is_not_ours_is_kept_for_a_person(
    wechat: Wechat, placer: Placer, reference: str
) -> None:
    paid(wechat)
    assert deliver(wechat.told(resource={"out_trade_no": reference})) == 200
    assert ProviderMessage.objects.get().outcome == Outcome.UNKNOWN_REFERENCE
    assert placer.placed == []


@pytest.mark.parametrize(
    "changes",
    [{"event": {"event_type": "PAYSCORE.USER_PAID"}}, {"resource": {"trade_state": "NOTPAY"}}],
)
def test_what_says_nothing_of_money_is_kept_and_ignored(
    wechat: Wechat, placer: Placer, changes: dict[str, Any]
) -> None:
    intent = paid(wechat)
    assert deliver(wechat.told(**changes)) == 200
    assert ProviderMessage.objects.get().outcome == Outcome.IGNORED
    assert Intent.objects.get(pk=intent.pk).state == "pending"
    assert placer.placed == []
