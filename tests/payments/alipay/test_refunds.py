"""Refunds through Alipay: whole, in parts, later, refused, asked for again."""

from __future__ import annotations

import pytest

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.ledger.proof import verify
from banyan.payments import actions, providers
from banyan.payments.models import Intent, ProviderMessage, Refund
from banyan.payments.problems import PayoutNotSupported, ProviderRefused, ProviderUnreachable
from banyan.payments.providers.base import PayoutOrder, RefundOrder, Status
from banyan.payments.rules import Outcome
from tests.payments.alipay.driver import Alipay, deliver, fields
from tests.payments.till import balance, names, refunded, started

pytestmark = pytest.mark.django_db
CRON = Actor.system("test")


@pytest.fixture
def paid(alipay: Alipay) -> Intent:
    """A payment of 129 yuan that was paid."""
    intent = started("alipay")
    alipay.pay(intent.pay_url)
    assert deliver(alipay.notices()[-1]) == 200
    intent.refresh_from_db()
    assert intent.state == "captured"
    return intent


def submitted(refund: Refund) -> Refund:
    return actions.submit_refund(actor=CRON, refund_id=refund.pk)


def asked(refund: Refund) -> Refund:
    return actions.poll_refund(actor=CRON, refund_id=refund.pk)


def given_back(alipay: Alipay, intent: Intent) -> int:
    told = alipay.control("trade", out_trade_no=intent.provider_ref)
    return int(told["given_back"])


def order(intent: Intent, fen: int = 5000, number: int = 1) -> RefundOrder:
    return RefundOrder(
        reference=f"refund-{number}-1",
        payment_ref=intent.provider_ref,
        money=Money(fen, "CNY"),
        whole=Money(12900, "CNY"),
        reason="broken",
    )


def test_a_whole_refund_is_done_at_once(alipay: Alipay, paid: Intent) -> None:
    refund = submitted(refunded(paid, 12900))
    assert refund.state == "succeeded"
    assert given_back(alipay, paid) == 12900
    assert (balance("gateway", "alipay"), balance("clearing")) == (0, 0)
    assert verify().clean


def test_parts_add_up_and_no_more(alipay: Alipay, paid: Intent) -> None:
    first, second = refunded(paid, 5000, "r1"), refunded(paid, 7900, "r2")
    assert [submitted(refund).state for refund in (first, second)] == ["succeeded"] * 2
    assert given_back(alipay, paid) == 12900
    assert (balance("gateway", "alipay"), balance("clearing")) == (0, 0)
    with pytest.raises(ProviderRefused) as refused:
        providers.get("alipay").refund(order(paid, 1, number=99))
    assert refused.value.reason == "ACQ.REASON_TRADE_REFUND_FEE_ERR"


def test_the_same_request_twice_moves_money_once(alipay: Alipay, paid: Intent) -> None:
    provider = providers.get("alipay")
    assert provider.refund(order(paid)).status == Status.SUCCEEDED
    assert provider.refund(order(paid)).status == Status.PENDING  # the query knows
    found = provider.query_refund(order(paid))
    assert (found.status, found.money) == (Status.SUCCEEDED, Money(5000, "CNY"))
    assert given_back(alipay, paid) == 5000


def test_a_refund_under_way_is_asked_about_until_it_is_done(alipay: Alipay, paid: Intent) -> None:
    alipay.set(refunds="later")
    refund = submitted(refunded(paid, 5000))
    assert refund.state == "submitted"
    assert asked(refund).state == "submitted"
    assert (given_back(alipay, paid), balance("clearing")) == (0, 12900)

    alipay.control("finish_refunds")

    assert asked(refund).state == "succeeded"
    assert (balance("gateway", "alipay"), balance("clearing")) == (-7900, 7900)


def test_an_answer_that_got_lost_is_made_up_for(alipay: Alipay, paid: Intent) -> None:
    refund = refunded(paid, 5000)
    alipay.set(answers="tampered")  # the money moves, and we cannot believe that it did
    assert submitted(refund).state == "requested"
    alipay.set(answers="sealed")
    Refund.objects.update(next_attempt_at=clock.now())
    assert submitted(refund).state == "submitted"
    refund.refresh_from_db()
    assert asked(refund).state == "succeeded"
    assert given_back(alipay, paid) == 5000


def test_a_refusal_of_what_was_done_before_is_no_failure(alipay: Alipay, paid: Intent) -> None:
    """Given a lost answer, and a trade of which nothing can be refunded any more."""
    refund = refunded(paid, 5000)
    alipay.set(answers="tampered")
    submitted(refund)
    alipay.set(answers="sealed", refuse_refund="ACQ.TRADE_HAS_FINISHED", repeats="refused")
    Refund.objects.update(next_attempt_at=clock.now())

    refund = submitted(refund)

    assert (refund.state, refund.failure) == ("succeeded", "")
    assert (given_back(alipay, paid), balance("clearing")) == (5000, 7900)


def test_what_is_refused_while_nobody_knows_what_was_done_before_is_asked_for_again(
    alipay: Alipay, paid: Intent
) -> None:
    alipay.set(refuse_refund="ACQ.TRADE_HAS_FINISHED", refuse_query="ACQ.INVALID_PARAMETER")
    with pytest.raises(ProviderUnreachable):
        providers.get("alipay").refund(order(paid))


def test_a_refused_refund_is_failed_and_can_be_sent_again(alipay: Alipay, paid: Intent) -> None:
    alipay.set(refuse_refund="ACQ.SELLER_BALANCE_NOT_ENOUGH")
    refund = submitted(refunded(paid, 5000))
    assert (refund.state, refund.failure) == ("failed", "ACQ.SELLER_BALANCE_NOT_ENOUGH")
    assert (given_back(alipay, paid), balance("clearing")) == (0, 12900)
    assert names(paid)[-1] == "refund.failed"

    alipay.set(refuse_refund="")
    again = submitted(actions.retry_refund(actor=CRON, refund_id=refund.pk))

    assert (again.state, given_back(alipay, paid)) == ("succeeded", 5000)
    assert balance("clearing") == 7900
    assert verify().clean


def test_a_refund_that_alipay_drops_is_asked_for_again_and_may_be_refused(
    alipay: Alipay, paid: Intent
) -> None:
    provider = providers.get("alipay")
    alipay.set(refuse_refund="ACQ.TRADE_HAS_FINISHED")
    found = provider.query_refund(order(paid, number=7))
    assert (found.status, found.failure) == (Status.FAILED, "ACQ.TRADE_HAS_FINISHED")
    alipay.set(refuse_refund="")
    assert provider.query_refund(order(paid, number=7)).status == Status.SUCCEEDED
    assert given_back(alipay, paid) == 5000


@pytest.mark.parametrize("fen", [5000, 12900])
def test_what_alipay_tells_of_a_refund_is_kept_and_moves_nothing(
    alipay: Alipay, paid: Intent, fen: int
) -> None:
    """A notification names the sum of all refunds; a whole one says TRADE_CLOSED."""
    submitted(refunded(paid, fen))
    notice = alipay.notices()[-1]
    assert fields(notice)["out_biz_no"].startswith("refund_")
    assert deliver(notice) == 200
    paid.refresh_from_db()
    assert (paid.state, balance("clearing")) == ("captured", 12900 - fen)
    assert ProviderMessage.objects.latest("id").outcome == Outcome.IGNORED


def test_a_refund_told_before_the_payment_leaves_the_payment_to_be_asked_about(
    alipay: Alipay,
) -> None:
    intent = started("alipay")
    alipay.pay(intent.pay_url)
    providers.get("alipay").refund(order(Intent(provider_ref=f"pay_{intent.pk}_1"), 100))
    payment, refund = alipay.notices()
    assert [deliver(refund), deliver(payment)] == [200, 200]
    intent.refresh_from_db()
    assert intent.state == "captured"


def test_what_was_given_back_at_alipay_itself_is_not_captured(alipay: Alipay) -> None:
    alipay.set(notices="lost")
    intent = started("alipay")
    alipay.pay(intent.pay_url)
    providers.get("alipay").refund(order(Intent(provider_ref=f"pay_{intent.pk}_1"), 12900))
    actions.sync(actor=CRON, intent_id=intent.pk)
    intent.refresh_from_db()
    assert (intent.state, intent.failure) == ("failed", "refunded_at_provider")
    assert balance("clearing") == 0


def test_a_payment_that_nobody_made_cannot_be_refunded(alipay: Alipay) -> None:
    with pytest.raises(ProviderRefused) as refused:
        providers.get("alipay").refund(order(Intent(provider_ref="pay_1_1")))
    assert refused.value.reason == "ACQ.TRADE_NOT_EXIST"


def test_alipay_pays_nobody_out(alipay: Alipay) -> None:
    provider = providers.get("alipay")
    asked_for = PayoutOrder(reference="payout-1-1", money=Money(1, "CNY"), destination={})
    for verb in (provider.payout, provider.query_payout):
        with pytest.raises(PayoutNotSupported):
            verb(asked_for)
    assert not provider.capabilities.payouts
