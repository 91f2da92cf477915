"""Finance says how a payout by hand went: two people at once, or one who clicks twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import QuerySet

from banyan.earnings import actions
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry
from banyan.kernel.problems import Conflict
from banyan.ledger import proof
from banyan.ledger import queries as books
from banyan.ledger.models import Account as Book
from banyan.ledger.models import Journal
from banyan.payments import actions as payments
from banyan.payments import providers
from banyan.payments.actions import payouts, sending
from banyan.payments.actions.books import provider_account
from banyan.payments.models import Payout
from banyan.people.models import Account
from tests.earnings import story
from tests.support import factories as make
from tests.support.threads import run_at_once, run_concurrently
from tests.support.weakened import careless, meet, no_locks

pytestmark = pytest.mark.usefixtures("threaded_db")
TILL = Actor(kind="staff", id=77, roles=frozenset({"finance"}))


@pytest.fixture(autouse=True)
def _by_hand(settings: Any) -> None:
    settings.PAYMENT_PROVIDERS = ["hand"]


def under_way() -> tuple[Account, Payout]:
    ana = story.member("ana")
    shop = story.shop()
    story.plan(shop, rate_bps=1000)
    item = story.variant(shop, price=50_000)
    order = story.received(story.paid(story.placed((item, 1), via=story.chain(item, ana))))
    story.due(order)
    actions.set_destination(actor=make.actor(ana), name="Ana Roe", account="DE02 1203")
    batch = actions.draft_batch(actor=TILL)
    actions.submit_batch(actor=TILL, batch_id=batch.pk)
    # Two that make an account of the books wait for each other by that alone.
    provider_account(providers.get("hand"), None, "CNY")
    return ana, Payout.objects.get()


def sent(payout: Payout) -> Callable[[], Any]:
    return lambda: payments.say_sent(actor=TILL, payout_id=payout.pk, bank_ref="B-1", reason="paid")


def not_sent(payout: Payout) -> Callable[[], Any]:
    return lambda: payments.say_not_sent(actor=TILL, payout_id=payout.pk, reason="no such IBAN")


def said() -> int:
    return AuditEntry.objects.filter(action__in=["payout.sent", "payout.not_sent"]).count()


def test_many_clicks_at_once_pay_once() -> None:
    ana, payout = under_way()
    results = run_concurrently(sent(payout), 6)
    assert not [each for each in results if isinstance(each, Exception)]
    assert (said(), Journal.objects.filter(kind="payout.paid").count()) == (1, 1)
    assert story.book(ana) == 0
    assert proof.verify().clean


def test_of_two_words_at_once_one_counts_and_the_other_is_refused() -> None:
    ana, payout = under_way()
    results = run_at_once(sent(payout), not_sent(payout), sent(payout), not_sent(payout))
    refused = [each for each in results if isinstance(each, Exception)]
    assert [getattr(each, "code", each) for each in refused] == ["payout_settled"] * 2
    assert all(isinstance(each, Conflict) for each in refused)
    payout.refresh_from_db()
    assert (said(), story.book(ana)) == (1, 0 if payout.state == "paid" else 5_000)
    assert books.balance(Book.objects.get(kind="payouts_in_transit")).amount == 0
    assert proof.verify().clean


def test_negative_control_without_locks_both_words_count(monkeypatch: pytest.MonkeyPatch) -> None:
    _ana, payout = under_way()
    no_locks(monkeypatch)
    careless(monkeypatch, sending)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_how: rows.all())
    meet(monkeypatch, payouts, "_judge", 2)
    run_at_once(sent(payout), not_sent(payout))
    assert said() == 2
