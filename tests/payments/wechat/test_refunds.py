"""Money going back by WeChat Pay: in part, in full, late, twice told, and not at all."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.kernel.problems import Conflict
from banyan.orders import actions as orders
from banyan.payments import actions, providers
from banyan.payments.access import get_intent_of
from banyan.payments.actions.refunds import _order
from banyan.payments.models import Intent, ProviderMessage, Refund
from banyan.payments.problems import (
    PayoutNotSupported,
    ProviderRefused,
    ProviderUnreachable,
    RefundHeld,
)
from banyan.payments.providers.base import PayoutOrder
from banyan.payments.providers.transport import HttpClient, Reply
from banyan.payments.rules import Outcome
from tests.payments.till import balance, keys, refunded, started
from tests.payments.wechat.driver import Wechat, deliver
from tests.support import factories as make

pytestmark = pytest.mark.django_db
CRON = Actor.system("test")


def paid(wechat: Wechat) -> Intent:
    intent = started("wechat")
    wechat.pay(intent)
    assert deliver(wechat.told()) == 200
    intent.refresh_from_db()
    assert intent.state == "captured"
    return intent


def submitted(intent: Intent, amount: int, key: str = "r1") -> Refund:
    refund = actions.submit_refund(actor=CRON, refund_id=refunded(intent, amount, key).pk)
    assert refund.state == "submitted"
    return refund


def outcomes() -> list[str]:
    kept = ProviderMessage.objects.filter(kind__startswith="refund.").order_by("id")
    return list(kept.values_list("outcome", flat=True))


def test_in_part_and_then_the_rest(wechat: Wechat) -> None:
    intent = paid(wechat)
    first, rest = submitted(intent, 5000), submitted(intent, 7900, "r2")
    for refund in (first, rest):
        wechat.settle(refund)
        assert deliver(wechat.told()) == 200
        refund.refresh_from_db()
        assert refund.state == "succeeded"
        assert refund.provider_ref.startswith("5030")
    assert (balance("gateway", "wechat"), balance("clearing")) == (0, 0)
    with pytest.raises(ProviderRefused) as refused:
        providers.get("wechat").refund(
            _order(refunded_again(intent)),
        )
    assert refused.value.reason == "INVALID_REQUEST"


def refunded_again(intent: Intent) -> Refund:
    """Return a refund that our own guard would not have let through."""
    refund = Refund.objects.filter(intent=intent).latest("id")
    refund.sequence, refund.amount = 9, 1
    return refund


def test_told_twice_and_asked_about_is_one_refund(wechat: Wechat) -> None:
    refund = submitted(paid(wechat), 5000)
    wechat.settle(refund)
    assert [deliver(wechat.told()) for _ in range(2)] == [200, 200]
    assert outcomes() == [Outcome.SETTLED]
    assert keys()[1:] == [f"refund:{refund.pk}:sent"]
    assert balance("gateway", "wechat") == -7900


def test_a_refund_that_nobody_tells_of_is_found_out(wechat: Wechat) -> None:
    refund = submitted(paid(wechat), 5000)
    assert actions.poll_refund(actor=CRON, refund_id=refund.pk).state == "submitted"
    wechat.settle(refund)
    assert actions.poll_refund(actor=CRON, refund_id=refund.pk).state == "succeeded"
    assert deliver(wechat.told()) == 200
    assert outcomes() == [Outcome.ALREADY_SETTLED]


def test_without_a_public_address_the_end_is_found_by_asking(wechat: Wechat, settings: Any) -> None:
    intent = paid(wechat)
    settings.PUBLIC_URL = ""
    refund = submitted(intent, 5000)
    before = len(wechat.control("notifications"))
    wechat.settle(refund)
    assert len(wechat.control("notifications")) == before
    assert actions.poll_refund(actor=CRON, refund_id=refund.pk).state == "succeeded"


def test_told_before_our_own_answer_is_recorded(wechat: Wechat) -> None:
    refund = refunded(paid(wechat), 5000)
    providers.get("wechat").refund(_order(refund))
    wechat.settle(refund)
    assert deliver(wechat.told()) == 200
    assert Refund.objects.get(pk=refund.pk).state == "succeeded"
    assert actions.submit_refund(actor=CRON, refund_id=refund.pk).state == "succeeded"
    assert balance("gateway", "wechat") == -7900


def test_asking_again_after_a_lost_answer_is_one_refund(wechat: Wechat) -> None:
    refund = refunded(paid(wechat), 5000)
    providers.get("wechat").refund(_order(refund))
    assert actions.submit_refund(actor=CRON, refund_id=refund.pk).state == "submitted"
    wechat.settle(refund)
    assert actions.poll_refund(actor=CRON, refund_id=refund.pk).state == "succeeded"


def test_a_gateway_that_is_down_is_asked_again_later(wechat: Wechat) -> None:
    refund = refunded(paid(wechat), 5000)
    wechat.configure(fault="500")
    assert actions.submit_refund(actor=CRON, refund_id=refund.pk).state == "requested"
    wechat.configure(fault="")
    with clock.at(clock.now() + dt.timedelta(seconds=10)):
        assert actions.submit_refund(actor=CRON, refund_id=refund.pk).state == "submitted"


@pytest.mark.parametrize("status", ["ABNORMAL", "CLOSED"])
def test_a_refund_that_fails_keeps_its_amount_reserved(wechat: Wechat, status: str) -> None:
    intent = paid(wechat)
    refund = submitted(intent, 5000)
    wechat.settle(refund, status)
    assert deliver(wechat.told()) == 200
    refund.refresh_from_db()
    assert (refund.state, refund.failure) == ("failed", status)
    assert Intent.objects.get(pk=intent.pk).refunded_amount == 5000
    assert balance("gateway", "wechat") == -12900


def test_what_wechat_pay_keeps_is_sent_on_there_and_not_once_more(wechat: Wechat) -> None:
    refund = submitted(paid(wechat), 5000)
    wechat.settle(refund, "ABNORMAL")
    assert deliver(wechat.told()) == 200

    with pytest.raises(RefundHeld):
        actions.retry_refund(actor=CRON, refund_id=refund.pk)

    wechat.settle(refund, "SUCCESS")
    assert deliver(wechat.told()) == 200
    refund.refresh_from_db()
    assert (refund.state, refund.sequence) == ("succeeded", 1)
    assert outcomes() == [Outcome.SETTLED, Outcome.SETTLED]
    assert balance("gateway", "wechat") == -7900
    with pytest.raises(Conflict, match="refund_not_failed"):
        actions.retry_refund(actor=CRON, refund_id=refund.pk)


def test_a_success_after_it_became_credit_here_calls_a_person(wechat: Wechat) -> None:
    refund = submitted(paid(wechat), 5000)
    wechat.settle(refund, "ABNORMAL")
    assert deliver(wechat.told()) == 200
    Refund.objects.filter(pk=refund.pk).update(sequence=2, failure="", state="requested")
    wechat.settle(refund, "SUCCESS")
    assert deliver(wechat.told()) == 200
    assert outcomes() == [Outcome.SETTLED, Outcome.CONTRADICTION]


def test_a_refusal_of_what_was_taken_before_is_no_failure(wechat: Wechat, settings: Any) -> None:
    """Given a lost answer: asked again in other words, WeChat Pay refuses the number."""
    refund = refunded(paid(wechat), 5000)
    providers.get("wechat").refund(_order(refund))
    settings.PUBLIC_URL = ""

    assert actions.submit_refund(actor=CRON, refund_id=refund.pk).state == "submitted"

    wechat.settle(refund)
    assert actions.poll_refund(actor=CRON, refund_id=refund.pk).state == "succeeded"


def test_a_closed_refund_is_sent_again_under_a_new_number(wechat: Wechat) -> None:
    refund = submitted(paid(wechat), 5000)
    wechat.settle(refund, "CLOSED")
    assert deliver(wechat.told()) == 200
    actions.retry_refund(actor=CRON, refund_id=refund.pk)
    refund = actions.submit_refund(actor=CRON, refund_id=refund.pk)
    assert (refund.state, refund.sequence) == ("submitted", 2)
    wechat.settle(refund)
    assert deliver(wechat.told()) == 200
    assert Refund.objects.get(pk=refund.pk).state == "succeeded"


def test_an_account_without_money_is_a_refusal_that_staff_see(wechat: Wechat) -> None:
    refund = refunded(paid(wechat), 5000)
    wechat.configure(balance=4999)
    refund = actions.submit_refund(actor=CRON, refund_id=refund.pk)
    assert (refund.state, refund.failure) == ("failed", "NOT_ENOUGH")


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"amount": {"total": 12900, "refund": 4999}}, Outcome.AMOUNT_MISMATCH),
        (
            {"amount": {"total": 12900, "refund": 5000, "currency": "USD"}},
            Outcome.AMOUNT_MISMATCH,
        ),
        ({"out_refund_no": "refund-99-1"}, Outcome.UNKNOWN_REFERENCE),
        ({"out_refund_no": "R20260101"}, Outcome.UNKNOWN_REFERENCE),
    ],
)
def test_a_wrong_word_on_a_refund_books_nothing(
    wechat: Wechat, changes: dict[str, Any], outcome: Outcome
) -> None:
    refund = submitted(paid(wechat), 5000)
    wechat.settle(refund)
    assert deliver(wechat.told(resource=changes)) == 200
    assert outcomes() == [outcome]
    assert Refund.objects.get(pk=refund.pk).state == "submitted"
    assert balance("gateway", "wechat") == -12900


def test_an_unsigned_answer_to_a_refund_is_asked_again(wechat: Wechat) -> None:
    refund = refunded(paid(wechat), 5000)
    wechat.configure(sign="stranger")
    assert actions.submit_refund(actor=CRON, refund_id=refund.pk).state == "requested"


def test_there_are_no_payouts(wechat: Wechat) -> None:
    order = PayoutOrder(reference="payout-1-1", money=Money(1, "CNY"), destination={})
    for verb in (providers.get("wechat").payout, providers.get("wechat").query_payout):
        with pytest.raises(PayoutNotSupported):
            verb(order)


def test_a_refund_that_wechat_pay_does_not_know_is_a_refusal(wechat: Wechat) -> None:
    refund = refunded(paid(wechat), 5000)
    with pytest.raises(ProviderRefused) as refused:
        providers.get("wechat").query_refund(_order(refund))
    assert refused.value.reason == "RESOURCE_NOT_EXISTS"
    wechat.configure(fault="garbage")
    with pytest.raises(ProviderUnreachable):
        providers.get("wechat").query_refund(_order(refund))


def test_a_reason_in_chinese_is_cut_to_the_bytes_that_wechat_pay_takes(wechat: Wechat) -> None:
    refund = refunded(paid(wechat), 5000)
    Refund.objects.filter(pk=refund.pk).update(reason="收到的杯子与描述不符，颜色也不对" * 3)
    assert actions.submit_refund(actor=CRON, refund_id=refund.pk).state == "submitted"


@pytest.mark.parametrize("status", [403, 404])
def test_a_page_of_somebody_in_between_is_no_refusal(
    wechat: Wechat, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    refund = refunded(paid(wechat), 5000)
    page = Reply(status, {"content-type": "text/html"}, b"<html>Nothing here</html>")
    monkeypatch.setattr(HttpClient, "send", lambda *args, **how: page)
    assert actions.submit_refund(actor=CRON, refund_id=refund.pk).state == "requested"


def test_an_order_follows_what_was_sent_on_at_wechat_pay(wechat: Wechat, settings: Any) -> None:
    settings.PAYMENT_PROVIDERS = ["wechat", "wallet"]
    ana = make.member()
    checkout = make.place((make.variant(price=9_000), 1), buyer=ana, provider="wechat")
    intent = get_intent_of("checkout", checkout.pk)
    actions.start(actor=CRON, intent_id=intent.pk, return_url="http://shop.test/", locale="en")
    intent.refresh_from_db()
    wechat.pay(intent)
    assert deliver(wechat.told()) == 200
    order = checkout.orders.get()
    asked = orders.grant_refund(
        actor=make.actor(order.shop.owner), order_id=order.pk, amount=5_000, reason="x", key="k"
    )
    refund = actions.submit_refund(actor=CRON, refund_id=asked.payment_refund_id or 0)
    wechat.settle(refund, "ABNORMAL")
    assert deliver(wechat.told()) == 200
    asked.refresh_from_db()
    assert asked.state == "failed"
    browser, page = Client(), reverse("refund", args=[asked.pk])
    guest = browser.get(f"{page}?o={checkout.access_token}").content.decode()
    browser.force_login(ana)
    own = browser.get(page).content.decode()
    assert [text in guest for text in ("once more", "Credit here", "Ask support")] == [
        *(False, False, True)
    ]
    assert [text in own for text in ("once more", "Credit here")] == [False, True]

    wechat.settle(refund, "SUCCESS")
    assert deliver(wechat.told()) == 200
    asked.refresh_from_db()
    assert (asked.state, asked.settled_at is not None) == ("succeeded", True)
