"""Payments through Alipay: told, asked, repeated, reordered, forged, wrong, late, never opened."""

from __future__ import annotations

import datetime as dt
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.ledger.proof import verify
from banyan.payments import actions, jobs, providers
from banyan.payments.models import Intent, ProviderMessage, Refund
from banyan.payments.problems import ProviderRefused, ProviderUnknown, ProviderUnreachable
from banyan.payments.providers.base import Charge, Status
from banyan.payments.rules import Outcome
from tests.payments.alipay.driver import Alipay, changed, deliver, fields
from tests.payments.till import BUYER, Placer, balance, keys, names, opened, started

pytestmark = pytest.mark.django_db
CRON = Actor.system("test")


def number(intent: Intent) -> str:
    return f"pay_{intent.pk}_1"


def state(intent: Intent) -> str:
    return Intent.objects.get(pk=intent.pk).state


def outcomes() -> list[str]:
    return list(ProviderMessage.objects.order_by("id").values_list("outcome", flat=True))


def charge(**changes: Any) -> Charge:
    now = clock.now()
    given: dict[str, Any] = {
        "reference": "pay-12-1",
        "money": Money(12900, "CNY"),
        "description": "B-1",
        "started_at": now,
        "expires_at": now + dt.timedelta(minutes=15),
    }
    return Charge(**(given | changes))


def test_the_address_is_signed_and_says_what_is_to_be_paid(alipay: Alipay) -> None:
    intent = started("alipay")
    sent = fields(urlsplit(intent.pay_url).query)

    assert intent.pay_url.startswith(f"{alipay.url}/gateway.do?")
    assert sent["method"] == "alipay.trade.page.pay"
    assert sent["notify_url"] == "http://shop.test/pay/hook/alipay"
    assert '"total_amount":"129.00"' in sent["biz_content"]
    assert f'"out_trade_no":"{number(intent)}"' in sent["biz_content"]
    assert "FAST_INSTANT_TRADE_PAY" in sent["biz_content"]
    assert alipay.open(intent.pay_url).status == 302
    assert (intent.provider_ref, intent.state) == (number(intent), "pending")


def test_a_second_start_is_the_same_address(alipay: Alipay) -> None:
    intent = started("alipay")
    again = actions.start(
        actor=BUYER, intent_id=intent.pk, return_url="http://shop.test/back", locale="en"
    )
    assert again == intent.pay_url
    asked = charge()
    provider = providers.get("alipay")
    first, second = (
        provider.start(
            asked, return_url="http://a.test/", webhook_url="http://a.test/h", locale="", context={}
        )
        for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize("channel", ["wap", "in_app"])
def test_telephones_get_the_page_for_telephones(alipay: Alipay, channel: str) -> None:
    intent = opened("alipay")
    url = actions.start(
        actor=BUYER,
        intent_id=intent.pk,
        return_url="http://shop.test/back",
        locale="en",
        context={"channel": channel},
    )
    sent = fields(urlsplit(url).query)
    assert sent["method"] == "alipay.trade.wap.pay"
    assert "QUICK_WAP_WAY" in sent["biz_content"]
    assert alipay.open(url).status == 302


def test_a_title_with_refused_characters_is_taken(alipay: Alipay) -> None:
    provider = providers.get("alipay")
    asked = charge(reference="pay-77-1", description='杯 & "tea"/a=b, c')
    begun = provider.start(
        asked, return_url="http://a.test/", webhook_url="http://a.test/h", locale="", context={}
    )
    assert alipay.open(begun.action.url).status == 302


def test_what_alipay_cannot_take_is_refused_at_the_start(alipay: Alipay) -> None:
    provider = providers.get("alipay")
    for money, reason in [
        (Money(1000, "USD"), "currency_not_supported"),
        (Money(100_000_000_01, "CNY"), "amount_out_of_range"),
    ]:
        with pytest.raises(ProviderRefused) as refused:
            provider.start(
                charge(money=money), return_url="", webhook_url="", locale="", context={}
            )
        assert refused.value.reason == reason
    with pytest.raises(ProviderUnknown):
        actions.new_intent(
            subject_kind="test",
            subject_id=1,
            provider="alipay",
            amount=Money(1000, "USD"),
            description="",
            payer_id=None,
            expires_at=clock.now(),
        )


def test_a_notification_captures(alipay: Alipay, placer: Placer) -> None:
    intent = started("alipay")
    back = alipay.pay(intent.pay_url)
    (notice,) = alipay.notices()

    assert deliver(notice) == 200

    assert (state(intent), placer.placed) == ("captured", [intent.pk])
    kept = ProviderMessage.objects.get()
    assert kept.message_id == fields(notice)["notify_id"]
    assert (kept.outcome, kept.kind) == (Outcome.CAPTURED, "payment.succeeded")
    assert kept.payload["raw"]["trade_no"] == fields(notice)["trade_no"]
    assert "buyer" not in str(kept.payload)
    assert back.location.startswith(f"http://shop.test/pay/return/{intent.token}?")
    assert (balance("gateway", "alipay"), balance("clearing")) == (-12900, 12900)
    assert verify().clean


def test_without_a_notification_the_return_asks(alipay: Alipay, placer: Placer) -> None:
    alipay.set(notices="lost")
    intent = started("alipay")
    assert actions.sync(actor=CRON, intent_id=intent.pk).state == "pending"  # nobody opened it
    alipay.open(intent.pay_url)
    assert actions.sync(actor=CRON, intent_id=intent.pk).state == "pending"
    back = urlsplit(alipay.pay(intent.pay_url).location)

    Client().get(f"{back.path}?{back.query}")

    assert (state(intent), placer.placed) == ("captured", [intent.pk])


def test_coming_back_proves_nothing(alipay: Alipay, placer: Placer) -> None:
    intent = started("alipay")
    alipay.open(intent.pay_url)
    Client().get(f"/pay/return/{intent.token}?out_trade_no={number(intent)}&total_amount=129.00")
    assert (state(intent), placer.placed) == ("pending", [])


def test_the_same_notification_five_times_is_one_capture(alipay: Alipay, placer: Placer) -> None:
    intent = started("alipay")
    alipay.pay(intent.pay_url)
    (notice,) = alipay.notices()

    assert [deliver(notice) for _ in range(5)] == [200] * 5

    assert (placer.placed, outcomes()) == ([intent.pk], [Outcome.CAPTURED])
    assert keys() == [f"intent:{intent.pk}:captured"]
    assert names(intent) == ["payment.captured"]


def test_notifications_in_the_wrong_order_end_the_same(alipay: Alipay, placer: Placer) -> None:
    intent = started("alipay")
    alipay.open(intent.pay_url)
    waiting = alipay.sealed(number(intent))  # WAIT_BUYER_PAY, sent before the payment
    alipay.pay(intent.pay_url)
    alipay.control("trade", out_trade_no=number(intent), status="TRADE_FINISHED")
    finished = alipay.sealed(number(intent))
    (paid,) = alipay.notices()

    assert [deliver(notice) for notice in (finished, paid, waiting)] == [200] * 3

    assert (state(intent), placer.placed) == ("captured", [intent.pk])
    assert outcomes() == [Outcome.CAPTURED, Outcome.ALREADY_CAPTURED, Outcome.IGNORED]


def test_a_notification_and_an_answer_are_one_capture(alipay: Alipay, placer: Placer) -> None:
    intent = started("alipay")
    alipay.pay(intent.pay_url)
    (notice,) = alipay.notices()
    actions.sync(actor=CRON, intent_id=intent.pk)
    assert deliver(notice) == 200
    assert placer.placed == [intent.pk]
    assert keys() == [f"intent:{intent.pk}:captured"]


@pytest.mark.parametrize(
    "forgery",
    [
        {"total_amount": "1.00"},
        {"trade_status": "TRADE_FINISHED"},
        {"out_trade_no": "pay_1_1"},
        {"notify_time": "2026-01-01 00:00:00"},
        {"sign": "AAAA"},
        {"sign": "not base64 !"},
        {"sign": ""},
        {"sign_type": "RSA"},
        {"sign_type": ""},
        {"extra": "1"},
        {"extra": ""},
    ],
)
def test_a_changed_notification_leaves_no_row(
    alipay: Alipay, placer: Placer, caplog: pytest.LogCaptureFixture, forgery: dict[str, str]
) -> None:
    intent = started("alipay")
    alipay.pay(intent.pay_url)
    (notice,) = alipay.notices()

    assert deliver(changed(notice, **forgery)) == 401

    assert not ProviderMessage.objects.exists()
    assert (state(intent), placer.placed, keys()) == ("pending", [], [])
    assert "message_forged" in caplog.text


def test_a_refusal_names_its_reason(alipay: Alipay) -> None:
    answer = Client().post(
        "/pay/hook/alipay", "sign=AAAA", content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 401
    assert answer.json()["code"] == "message_forged"


@pytest.mark.parametrize("body", ["", "not a form", "a=1&a=2", "a=%ff", '{"json": 1}', "=&="])
def test_what_is_no_form_is_a_forgery(alipay: Alipay, body: str) -> None:
    assert deliver(body) == 401
    assert not ProviderMessage.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"app_id": "2014072300007149"},
        {"seller_id": "2088101106499365"},
        {"notify_time": "2026-01-01 00:00:00"},
    ],
)
def test_a_true_notification_for_others_or_of_old_is_refused(
    alipay: Alipay, placer: Placer, changes: dict[str, str]
) -> None:
    intent = started("alipay")
    alipay.pay(intent.pay_url)
    assert deliver(alipay.sealed(number(intent), **changes)) == 401
    assert (outcomes(), state(intent), placer.placed) == ([], "pending", [])


def test_an_old_notification_played_again_changes_nothing(alipay: Alipay, placer: Placer) -> None:
    intent = started("alipay")
    alipay.pay(intent.pay_url)
    (notice,) = alipay.notices()
    deliver(notice)
    assert deliver(notice) == 200
    assert ProviderMessage.objects.get().repeats == 1
    with clock.at(clock.now() + dt.timedelta(days=3)):
        assert deliver(notice) == 401
    assert (outcomes(), placer.placed) == ([Outcome.CAPTURED], [intent.pk])


def test_another_key_of_alipay_is_a_forgery(alipay: Alipay, settings: Any) -> None:
    intent = started("alipay")
    alipay.pay(intent.pay_url)
    (notice,) = alipay.notices()
    settings.ALIPAY_PUBLIC_KEY = alipay.app.public_line()
    assert deliver(notice) == 401


@pytest.mark.parametrize(
    "changes",
    [{"notify_time": "yesterday"}, {"total_amount": "1.2.3"}, {"gmt_payment": "12:00"}],
)
def test_a_true_notification_without_sense_is_unreadable(
    alipay: Alipay, placer: Placer, changes: dict[str, str]
) -> None:
    intent = started("alipay")
    alipay.pay(intent.pay_url)
    assert deliver(alipay.sealed(number(intent), **changes)) == 422
    assert (outcomes(), placer.placed) == ([], [])


@pytest.mark.parametrize(
    "changes",
    [
        {"total_amount": "1.29"},
        {"trans_currency": "USD"},
        {"settle_currency": "HKD"},
        {"trans_currency": "JPY"},
    ],
)
def test_a_wrong_amount_or_currency_is_for_a_person(
    alipay: Alipay, placer: Placer, caplog: pytest.LogCaptureFixture, changes: dict[str, str]
) -> None:
    intent = started("alipay")
    alipay.pay(intent.pay_url)

    assert deliver(alipay.sealed(number(intent), **changes)) == 200

    assert outcomes() == [Outcome.AMOUNT_MISMATCH]
    assert (state(intent), placer.placed, keys()) == ("pending", [], [])
    assert "needs a person" in caplog.text


@pytest.mark.parametrize("told", [{"told_fen": 129}, {"currency": "USD"}])
def test_a_wrong_amount_in_an_answer_is_for_a_person(
    alipay: Alipay, placer: Placer, told: dict[str, Any]
) -> None:
    alipay.set(notices="lost", **told)
    intent = started("alipay")
    alipay.pay(intent.pay_url)
    actions.sync(actor=CRON, intent_id=intent.pk)
    assert outcomes() == [Outcome.AMOUNT_MISMATCH]
    assert (state(intent), placer.placed, keys()) == ("pending", [], [])


@pytest.mark.parametrize("reference", ["pay_1_1", "2026112822001", "refund_1_1", "pay-1-1"])
def test_an_order_that_we_do_not_know_is_kept_for_a_person(
    alipay: Alipay, placer: Placer, reference: str
) -> None:
    intent = started("alipay")
    alipay.pay(intent.pay_url)
    assert deliver(alipay.sealed(number(intent), out_trade_no=reference)) == 200
    assert outcomes() == [Outcome.UNKNOWN_REFERENCE]
    assert (placer.placed, keys()) == ([], [])


def test_a_payment_that_ran_out_is_closed_at_alipay(alipay: Alipay) -> None:
    intent = started("alipay")
    alipay.open(intent.pay_url)
    with clock.at(intent.expires_at):
        actions.expire_intent(actor=CRON, intent_id=intent.pk)
    assert state(intent) == "expired"
    assert intent.attempts.get().outcome == "cancelled"
    assert "ACQ.TRADE_HAS_CLOSE" in alipay.pay(intent.pay_url).text
    asked = charge(reference=f"pay-{intent.pk}-1")
    assert providers.get("alipay").cancel(asked).status == Status.CANCELLED  # repeatable
    (notice,) = alipay.notices()
    assert fields(notice)["trade_status"] == "TRADE_CLOSED"
    assert deliver(notice) == 200
    assert outcomes()[-1] == Outcome.STALE


def test_what_alipay_closes_can_be_started_again(alipay: Alipay) -> None:
    intent = started("alipay")
    alipay.open(intent.pay_url)
    alipay.control("trade", out_trade_no=number(intent), status="TRADE_CLOSED")
    assert deliver(alipay.sealed(number(intent))) == 200
    assert state(intent) == "failed"
    url = actions.start(
        actor=BUYER, intent_id=intent.pk, return_url="http://shop.test/back", locale="en"
    )
    assert f"pay_{intent.pk}_2" in url


def test_a_payment_in_time_wins_over_the_expiry(alipay: Alipay, placer: Placer) -> None:
    alipay.set(notices="lost")
    intent = started("alipay")
    alipay.pay(intent.pay_url)
    with clock.at(intent.expires_at):
        actions.expire_intent(actor=CRON, intent_id=intent.pk)
    assert (state(intent), placer.placed) == ("captured", [intent.pk])


def test_an_address_that_nobody_opened_is_watched_until_it_runs_out(alipay: Alipay) -> None:
    intent = started("alipay")
    actions.cancel_intent(actor=BUYER, intent_id=intent.pk)
    actions.check_intent(actor=CRON, intent_id=intent.pk)
    intent.refresh_from_db()
    assert (intent.state, intent.attempts.get().outcome) == ("cancelled", "")
    assert intent.next_check_at is not None

    with clock.at(intent.expires_at + dt.timedelta(minutes=5)):
        actions.check_intent(actor=CRON, intent_id=intent.pk)

    assert intent.attempts.get().outcome == "cancelled"
    intent = Intent.objects.get(pk=intent.pk)
    assert intent.next_check_at is None


@pytest.mark.parametrize("notices", ["held", "lost"])
def test_what_is_paid_after_we_gave_up_goes_back_by_itself(
    alipay: Alipay, placer: Placer, notices: str
) -> None:
    """The signed address was not opened before, so Alipay had nothing to close."""
    alipay.set(notices=notices)
    intent = started("alipay")
    actions.cancel_intent(actor=BUYER, intent_id=intent.pk)
    actions.check_intent(actor=CRON, intent_id=intent.pk)
    alipay.pay(intent.pay_url)

    if notices == "held":
        assert deliver(alipay.notices()[0]) == 200
    else:
        actions.check_intent(actor=CRON, intent_id=intent.pk)
    jobs.run_sweep()

    refund = Refund.objects.get()
    assert (state(intent), refund.state, placer.placed) == ("captured_unplaced", "succeeded", [])
    assert (balance("gateway", "alipay"), balance("clearing")) == (0, 0)
    assert alipay.control("trade", out_trade_no=number(intent))["given_back"] == 12900
    assert verify().clean


def test_an_address_that_ran_out_cannot_be_paid(alipay: Alipay) -> None:
    intent = started("alipay", minutes=0.1)  # Alipay gives a minute at least
    alipay.control("advance", seconds=30)
    try:
        assert alipay.open(intent.pay_url).status == 302
        alipay.control("advance", seconds=40)
        assert "ACQ.TRADE_HAS_CLOSE" in alipay.pay(intent.pay_url).text
        assert fields(alipay.notices()[-1])["trade_status"] == "TRADE_CLOSED"
    finally:
        alipay.control("advance", seconds=-70)


@pytest.mark.parametrize("answers", ["down", "busy", "tampered", "unsigned"])
def test_an_answer_that_decides_nothing_is_asked_for_again(
    alipay: Alipay, placer: Placer, answers: str
) -> None:
    intent = started("alipay")
    alipay.pay(intent.pay_url)
    alipay.set(answers=answers)
    with pytest.raises(ProviderUnreachable):
        actions.sync(actor=CRON, intent_id=intent.pk)
    assert (state(intent), placer.placed, outcomes()) == ("pending", [], [])
    alipay.set(answers="sealed")
    actions.sync(actor=CRON, intent_id=intent.pk)
    assert placer.placed == [intent.pk]


def test_a_gateway_that_is_not_there_is_unreachable(alipay: Alipay, settings: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.ALIPAY_GATEWAY = f"http://127.0.0.1:{free.getsockname()[1]}/gateway.do"
    with pytest.raises(ProviderUnreachable):
        providers.get("alipay").query(charge())


@pytest.mark.parametrize(
    "changes",
    [{"ALIPAY_APP_ID": "2014072300007149"}, {"ALIPAY_PRIVATE_KEY": "other"}],
)
def test_keys_that_alipay_does_not_know_decide_nothing(
    alipay: Alipay, settings: Any, caplog: pytest.LogCaptureFixture, changes: dict[str, str]
) -> None:
    for name, value in changes.items():
        setattr(settings, name, alipay.own.private_line() if value == "other" else value)
    with pytest.raises(ProviderUnreachable):
        providers.get("alipay").query(charge())
    assert "isv.invalid" in caplog.text


def test_a_payment_of_nobodys_is_pending_and_a_paid_one_cannot_be_cancelled(
    alipay: Alipay,
) -> None:
    provider = providers.get("alipay")
    assert provider.query(charge(reference="pay-5-1")).status == Status.PENDING
    intent = started("alipay")
    alipay.pay(intent.pay_url)
    asked = charge(reference=f"pay-{intent.pk}-1", provider_ref=number(intent))
    answer = provider.cancel(asked)
    assert (answer.status, answer.money) == (Status.SUCCEEDED, Money(12900, "CNY"))
