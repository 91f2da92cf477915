"""The bill: what Stripe's balance says of a day, line by line equal to our books."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry
from banyan.kernel.money import Money
from banyan.ledger.models import Journal
from banyan.payments import actions
from banyan.payments.models import Intent, Refund
from banyan.payments.providers.bills import BillLine
from banyan.payments.providers.stripe import StripeProvider
from tests.payments.stripe.gateway import Gateway
from tests.payments.till import balance, refunded, started

pytestmark = pytest.mark.usefixtures("books", "gateway")

CRON = Actor.system("test")


def paid(gateway: Gateway, amount: int = 12900) -> Intent:
    intent = started("stripe", amount=amount)
    gateway.pay(intent)
    gateway.tell("checkout.session.completed")
    intent.refresh_from_db()
    return intent


def bill(day: dt.date | None = None) -> list[BillLine]:
    return StripeProvider().bill(day or clock.now().date())


def refund(intent: Intent, amount: int, key: str) -> Refund:
    return actions.submit_refund(actor=CRON, refund_id=refunded(intent, amount, key).pk)


@pytest.mark.parametrize("size", [100, 2])
def test_the_bill_equals_the_books(gateway: Gateway, size: int) -> None:
    first, second = paid(gateway), paid(gateway, 5000)
    back = [refund(first, 900, "a"), refund(first, 12000, "b"), refund(second, 1, "c")]
    gateway.control("behave", largest_page=size)

    lines = bill()

    assert [(one.kind, one.reference, one.provider_ref, one.money, one.fee) for one in lines] == [
        ("payment", f"pay-{first.pk}-1", first.provider_ref, Money(12900, "CNY"), _fee(12900)),
        ("payment", f"pay-{second.pk}-1", second.provider_ref, Money(5000, "CNY"), _fee(5000)),
        *(
            ("refund", f"refund-{r.pk}-1", r.provider_ref, Money(r.amount, "CNY"), Money(0, "CNY"))
            for r in back
        ),
    ]
    sums = {"payment": 0, "refund": 0}
    for one in lines:
        sums[one.kind] += one.money.amount
    assert sums["payment"] - sums["refund"] == -balance("gateway", "stripe")


def test_a_day_ends_at_midnight_utc(gateway: Gateway) -> None:
    day = clock.now().date() - dt.timedelta(days=3)
    midnight = dt.datetime.combine(day, dt.time(), dt.UTC)
    moments = [midnight - dt.timedelta(seconds=1), midnight, midnight + dt.timedelta(hours=23.99)]
    intents = []
    for moment in moments:
        intent = started("stripe")
        gateway.pay(intent, at=int(moment.timestamp()))
        intents.append(intent)

    # The sessions are of today, so each payment's session is looked up by itself.
    assert [one.provider_ref for one in bill(day)] == [one.provider_ref for one in intents[1:]]
    assert [one.at for one in bill(day)] == [moments[1], moments[2].replace(microsecond=0)]
    assert len(bill(day - dt.timedelta(days=1))) == 1
    assert bill(day + dt.timedelta(days=1)) == []


def test_the_session_says_whose_payment_it_is_when_the_charge_does_not(gateway: Gateway) -> None:
    gateway.control("behave", copies_metadata=False)
    intent = paid(gateway)
    [line] = bill()
    assert (line.reference, line.provider_ref) == (f"pay-{intent.pk}-1", intent.provider_ref)


def test_a_refund_that_failed_in_the_end_is_on_no_bill(gateway: Gateway) -> None:
    back = refund(paid(gateway), 5000, "a")
    assert [one.kind for one in bill()] == ["payment", "refund"]
    gateway.control("refund", refund=back.provider_ref, outcome="failed")
    assert [one.kind for one in bill()] == ["payment"]
    assert len(gateway.things("balance_transaction")) == 3


def test_days_are_those_of_utc() -> None:
    assert StripeProvider.bill_zone is dt.UTC


def test_money_that_is_not_ours_is_on_the_bill_without_a_reference(
    gateway: Gateway, settings: Any
) -> None:
    own = settings.SECRET_KEY
    settings.SECRET_KEY = "another installation"
    paid(gateway)
    settings.SECRET_KEY = own
    [line] = bill()
    assert line.reference == ""
    assert line.provider_ref == gateway.things("payment_intent")[0]["id"]


def reconciled(day: dt.date | None = None) -> tuple[int, str]:
    """Run the command of the day; its exit code and what it says."""
    out, code = io.StringIO(), 0
    try:
        call_command("reconcile", "stripe", (day or clock.now().date()).isoformat(), stdout=out)
    except SystemExit as end:
        code = int(str(end.code))
    return code, out.getvalue()


def test_reconcile_finds_bill_and_books_equal(gateway: Gateway) -> None:
    first = paid(gateway)
    paid(gateway, 5000)
    refund(first, 900, "a")
    journals = Journal.objects.count()

    code, said = reconciled()

    assert (code, "3 lines" in said, "bill and books agree" in said) == (0, True, True)
    assert Journal.objects.count() == journals
    assert AuditEntry.objects.get(action="payments.reconcile").detail["found"] == 0


def test_reconcile_finds_what_stripe_has_and_the_books_have_not(gateway: Gateway) -> None:
    intent = started("stripe")
    gateway.pay(intent)  # nobody tells us

    code, said = reconciled()

    assert (code, f"missing_here payment pay-{intent.pk}-1" in said) == (1, True)
    intent.refresh_from_db()
    assert intent.state == "pending"


def test_reconcile_finds_what_the_books_have_and_stripe_has_not(gateway: Gateway) -> None:
    intent = started("stripe")
    actions.capture(
        actor=CRON,
        intent_id=intent.pk,
        paid=actions.Paid(
            provider_ref=intent.provider_ref, money=Money(12900, "CNY"), at=clock.now()
        ),
    )
    code, said = reconciled()
    assert (code, f"missing_there payment {intent.provider_ref}" in said) == (1, True)


def test_reconcile_finds_another_amount(gateway: Gateway) -> None:
    intent = paid(gateway)
    Intent.objects.filter(pk=intent.pk).update(captured_amount=12800)
    code, said = reconciled()
    Intent.objects.filter(pk=intent.pk).update(captured_amount=12900)
    assert (code, f"amount payment pay-{intent.pk}-1" in said) == (1, True)


def test_reconcile_without_an_answer_compares_nothing(gateway: Gateway, settings: Any) -> None:
    settings.STRIPE_URL = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="no comparison"):
        reconciled()
    assert not AuditEntry.objects.filter(action="payments.reconcile").exists()


def _fee(amount: int) -> Money:
    return Money(amount * 29 // 1000 + 30, "CNY")
