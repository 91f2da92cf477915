"""Refunds through Stripe: partly, wholly, later, failed, lost and found again."""

from __future__ import annotations

from typing import Any

import pytest

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.payments import actions
from banyan.payments.models import Intent, ProviderMessage, Refund
from banyan.payments.problems import PayoutNotSupported, ProviderRefused
from banyan.payments.providers.base import PayoutOrder, RefundOrder, Status
from banyan.payments.providers.stripe import StripeProvider
from banyan.payments.providers.transport import HttpClient, Reply
from banyan.payments.rules import Outcome
from tests.payments.stripe.gateway import Gateway, post
from tests.payments.till import balance, refunded, started

pytestmark = pytest.mark.usefixtures("books", "gateway")

CRON = Actor.system("test")


def paid(gateway: Gateway) -> Intent:
    intent = started("stripe")
    gateway.pay(intent)
    gateway.tell("checkout.session.completed")
    intent.refresh_from_db()
    assert intent.state == "captured"
    return intent


def submit(refund: Refund) -> Refund:
    return actions.submit_refund(actor=CRON, refund_id=refund.pk)


def order(intent: Intent, **changes: Any) -> RefundOrder:
    given: dict[str, Any] = {
        "reference": "refund-1-1",
        "payment_ref": intent.provider_ref,
        "money": Money(5000, "CNY"),
        "whole": Money(12900, "CNY"),
        "reason": "broken",
    }
    return RefundOrder(**(given | changes))


def test_parts_and_the_rest_go_back(gateway: Gateway) -> None:
    intent = paid(gateway)
    first, rest = refunded(intent, 5000), refunded(intent, 7900, key="r2")

    assert submit(first).state == "succeeded"
    assert balance("gateway", "stripe") == -7900
    assert submit(rest).state == "succeeded"

    assert (balance("gateway", "stripe"), balance("clearing")) == (0, 0)
    assert gateway.things("charge")[0]["refunded"] is True
    gateway.tell_all()
    assert set(ProviderMessage.objects.values_list("outcome", flat=True)) == {
        Outcome.CAPTURED,
        Outcome.ALREADY_SETTLED,
        Outcome.IGNORED,
    }
    assert [one["key"] for one in gateway.requests("/v1/refunds") if one["method"] == "POST"] == [
        f"refund-{first.pk}-1",
        f"refund-{rest.pk}-1",
    ]


@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize(
    ("outcome", "state"), [("succeeded", "succeeded"), ("failed", "failed"), ("canceled", "failed")]
)
def test_a_refund_on_its_way_comes_to_its_end(
    gateway: Gateway, caplog: pytest.LogCaptureFixture, outcome: str, state: str, asked: bool
) -> None:
    gateway.control("behave", refunds="pending")
    refund = submit(refunded(paid(gateway), 5000))
    assert refund.state == "submitted"

    gateway.control("refund", refund=refund.provider_ref, outcome=outcome, reason="declined")
    if asked:
        actions.poll_refund(actor=CRON, refund_id=refund.pk)
    else:
        assert gateway.tell("refund.updated") == 200

    refund.refresh_from_db()
    assert refund.state == state
    assert balance("clearing") == (7900 if state == "succeeded" else 12900)
    if state == "failed":
        assert refund.failure == "declined"
        assert "needs another destination" in caplog.text
        if outcome == "failed":
            gateway.tell("refund.failed")
            refund.refresh_from_db()
            assert refund.state == "failed"


def test_a_refund_that_fails_after_it_had_succeeded_is_for_a_person(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    refund = submit(refunded(paid(gateway), 5000))
    assert refund.state == "succeeded"
    gateway.control("refund", refund=refund.provider_ref, outcome="failed")
    gateway.tell("refund.failed")
    assert ProviderMessage.objects.latest("id").outcome == Outcome.CONTRADICTION
    assert "needs a person" in caplog.text


def test_a_failed_refund_is_asked_for_again_under_a_new_key(gateway: Gateway) -> None:
    gateway.control("behave", refunds="pending")
    refund = submit(refunded(paid(gateway), 5000))
    gateway.control("refund", refund=refund.provider_ref, outcome="failed")
    gateway.tell("refund.failed")

    gateway.control("behave", refunds="succeeded")
    actions.retry_refund(actor=CRON, refund_id=refund.pk)
    assert submit(refund).state == "succeeded"
    assert [one["status"] for one in gateway.things("refund")] == ["failed", "succeeded"]
    assert balance("clearing") == 7900


def test_an_answer_that_was_lost_makes_no_second_refund(gateway: Gateway) -> None:
    intent = paid(gateway)
    provider = StripeProvider()
    first = provider.refund(order(intent))
    gateway.control("forget_keys")  # as Stripe does after a day

    again = provider.refund(order(intent))

    assert (again.status, again.provider_ref) == (Status.SUCCEEDED, first.provider_ref)
    assert len(gateway.things("refund")) == 1


def test_a_known_refund_is_found_on_a_later_page(gateway: Gateway) -> None:
    intent = paid(gateway)
    provider = StripeProvider()
    part = Money(1000, "CNY")
    made = [
        provider.refund(order(intent, reference=f"refund-{n}-1", money=part)) for n in range(1, 5)
    ]
    gateway.control("forget_keys")
    gateway.control("behave", largest_page=1)
    assert provider.refund(order(intent, money=part)).provider_ref == made[0].provider_ref


def test_more_than_is_left_is_refused(gateway: Gateway) -> None:
    intent = paid(gateway)
    provider = StripeProvider()
    provider.refund(order(intent, money=Money(12900, "CNY")))
    with pytest.raises(ProviderRefused) as refused:
        provider.refund(order(intent, reference="refund-2-1"))
    assert refused.value.reason == "charge_already_refunded"


def test_a_payment_that_was_never_paid_has_nothing_to_refund(gateway: Gateway) -> None:
    with pytest.raises(ProviderRefused) as refused:
        StripeProvider().refund(order(started("stripe")))
    assert refused.value.reason == "not_paid"
    with pytest.raises(ProviderRefused) as refused:
        StripeProvider().refund(order(started("stripe"), payment_ref="cs_test_nope"))
    assert refused.value.reason == "resource_missing"


def test_a_refund_waits_while_stripe_is_away(gateway: Gateway) -> None:
    refund = refunded(paid(gateway), 5000)
    gateway.control("behave", faults=[500])
    assert submit(refund).state == "requested"
    Refund.objects.filter(pk=refund.pk).update(next_attempt_at=clock.now())
    refund.refresh_from_db()
    assert submit(refund).state == "succeeded"


def test_a_refund_made_by_hand_in_the_dashboard_is_for_a_person(gateway: Gateway) -> None:
    intent = paid(gateway)
    StripeProvider().refund(order(intent))
    [made] = gateway.things("refund")
    event = gateway.control("announce", type="refund.updated", object=made | {"metadata": {}})
    assert post(*gateway.signed(event["id"])) == 200
    assert ProviderMessage.objects.latest("id").outcome == Outcome.UNKNOWN_REFERENCE


def test_nothing_is_paid_out_through_stripe() -> None:
    out = PayoutOrder(reference="payout-1-1", money=Money(1, "CNY"), destination={})
    assert StripeProvider.capabilities.payouts is False
    for verb in (StripeProvider().payout, StripeProvider().query_payout):
        with pytest.raises(PayoutNotSupported):
            verb(out)


@pytest.mark.parametrize("status", [400, 404])
def test_a_page_of_somebody_in_between_is_no_refusal(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    refund = refunded(paid(gateway), 5000)
    page = Reply(status, {"content-type": "text/html"}, b"<html>Nothing here</html>")
    monkeypatch.setattr(HttpClient, "send", lambda *args, **how: page)
    assert submit(refund).state == "requested"
