"""Refunds, the end of the return window and payouts at the same instant, on one commission."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from banyan.earnings import actions
from banyan.earnings.actions import holds, refunds
from banyan.earnings.models import PayoutItem
from banyan.kernel import locks
from banyan.kernel.locks import LockKey
from banyan.ledger import actions as ledger
from banyan.ledger import proof
from banyan.orders.models import Order
from banyan.payments.models import Payout
from banyan.people.models import Account
from tests.earnings import story
from tests.support.threads import run_at_once, run_concurrently
from tests.support.weakened import between, slow

pytestmark = pytest.mark.usefixtures("threaded_db")
PARTS = 8


def _sold() -> tuple[Account, Order]:
    ana, shop = story.member("ana"), story.shop()
    story.plan(shop, rate_bps=1000)
    item = story.variant(shop, price=10_000)
    return ana, story.paid(story.placed((item, 1), via=story.chain(item, ana)))


def _without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*args: Iterable[LockKey]) -> None: ...

    monkeypatch.setattr(locks, "take", nothing)
    monkeypatch.setattr(locks, "locked_by_statement", lambda keys: None)
    monkeypatch.setattr(ledger, "_require_locked", nothing)


def _refund_at_once(monkeypatch: pytest.MonkeyPatch) -> tuple[Account, Order]:
    ana, order = _sold()
    line = order.lines.get()
    slow(monkeypatch, refunds, "read_locked")

    def refund() -> None:
        # Only the event: the shop's own posting would make the others wait, locks or not.
        story.deliver_refund(order, story.refund_event(order, [(line, 1_000)]))

    results = run_concurrently(refund, PARTS)
    assert not [result for result in results if isinstance(result, Exception)]
    return ana, order


def test_refunds_at_once_take_back_their_exact_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    ana, order = _refund_at_once(monkeypatch)
    commission = story.only(order)
    assert (commission.refunded_base, commission.reversed_amount) == (8_000, 800)
    assert story.book(ana, "earner_held") == 200
    assert proof.verify().clean


def test_negative_control_without_locks_refunds_are_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    _without_locks(monkeypatch)
    _, order = _refund_at_once(monkeypatch)
    assert story.only(order).refunded_base < 8_000


def _refund_into_release(monkeypatch: pytest.MonkeyPatch) -> tuple[Account, Order]:
    ana, order = _sold()
    story.received(order)
    line = order.lines.get()
    meanwhile = between(monkeypatch, holds, "books_of", seconds=2)
    refund = meanwhile(lambda: story.refund(order, (line, 4_000)))

    results = run_at_once(lambda: story.due(order), refund)
    assert not [result for result in results if isinstance(result, Exception)]
    return ana, order


def test_a_refund_while_the_window_closes_is_taken_from_where_the_money_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ana, order = _refund_into_release(monkeypatch)
    assert story.only(order).state == "payable"
    assert (story.book(ana, "earner_held"), story.book(ana)) == (0, 600)
    assert proof.verify().clean


def test_negative_control_without_locks_the_release_moves_money_that_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _without_locks(monkeypatch)
    ana, _ = _refund_into_release(monkeypatch)
    assert story.book(ana, "earner_held") == -400


def test_many_sweeps_and_many_submissions_at_once_pay_once() -> None:
    ana, order = _sold()
    story.received(order)
    assert run_concurrently(lambda: story.due(order), 6) == [None] * 6
    assert story.book(ana) == 1_000
    batch = actions.draft_batch(actor=story.FINANCE, minimum=1)
    results = run_concurrently(
        lambda: actions.submit_batch(actor=story.FINANCE, batch_id=batch.pk), 6
    )
    assert not [result for result in results if isinstance(result, Exception)]
    payout = Payout.objects.get()
    assert (payout.amount, story.book(ana)) == (1_000, 0)

    told = [lambda: story.settle(payout.pk)] * 4
    assert run_at_once(*told) == [None] * 4
    assert PayoutItem.objects.get().state == "paid"
    assert story.only(order).state == "paid"
    assert proof.verify().clean
