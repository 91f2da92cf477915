"""Payout batches: drafted, submitted by finance, settled by the provider, or back again."""

from __future__ import annotations

from typing import Any

import pytest

from banyan.earnings import actions, queries
from banyan.earnings.models import PayoutBatch, PayoutItem
from banyan.earnings.problems import NothingToPay
from banyan.earnings.telling import WANTED
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry, StoredEvent
from banyan.kernel.problems import Conflict, Forbidden, NotFound
from banyan.ledger import proof
from banyan.ledger import queries as books
from banyan.ledger.models import Account as Book
from banyan.notify.models import Notification
from banyan.orders.models import Order
from banyan.payments.models import Payout
from banyan.people.models import Account

from . import story

pytestmark = pytest.mark.django_db


def _earned(earner: Account, price: int = 50_000) -> Order:
    shop = story.shop()
    story.plan(shop, rate_bps=1000)
    item = story.variant(shop, price=price)
    order = story.received(story.paid(story.placed((item, 1), via=story.chain(item, earner))))
    story.due(order)
    return order


def _submitted() -> PayoutItem:
    batch = actions.draft_batch(actor=story.FINANCE)
    actions.submit_batch(actor=story.FINANCE, batch_id=batch.pk)
    return PayoutItem.objects.get(batch=batch)


def test_a_draft_lists_everybody_above_the_minimum_and_moves_nothing() -> None:
    ana, ben, cy = (story.member(name) for name in ("ana", "ben", "cy"))
    for earner, price in ((ana, 50_000), (ben, 10_000), (cy, 9_990)):
        _earned(earner, price)
    batch = actions.draft_batch(actor=story.FINANCE, minimum=1_000)
    listed = PayoutItem.objects.filter(batch=batch).order_by("payee_id")
    assert [(each.payee, each.amount) for each in listed] == [(ana, 5_000), (ben, 1_000)]
    assert story.book(ana) == 5_000
    assert not Payout.objects.exists()


def test_who_is_in_a_draft_is_not_drafted_again_until_it_is_cancelled() -> None:
    _earned(story.member("ana"))
    first = actions.draft_batch(actor=story.FINANCE)
    with pytest.raises(NothingToPay):
        actions.draft_batch(actor=story.FINANCE)
    actions.cancel_batch(actor=story.FINANCE, batch_id=first.pk)
    actions.cancel_batch(actor=story.FINANCE, batch_id=first.pk)
    second = actions.draft_batch(actor=story.FINANCE)
    assert second.items.count() == 1
    with pytest.raises(Conflict) as refusal:
        actions.submit_batch(actor=story.FINANCE, batch_id=first.pk)
    assert refusal.value.code == "batch_cancelled"


def test_a_closed_account_is_left_out() -> None:
    ana = story.member("ana")
    _earned(ana)
    Account.objects.filter(pk=ana.pk).update(is_active=False)
    with pytest.raises(NothingToPay):
        actions.draft_batch(actor=story.FINANCE)
    assert story.book(ana) == 5_000


@pytest.mark.parametrize("by_hand", [False, True])
def test_whose_account_is_closed_since_the_draft_is_paid_when_it_is_open_again(
    settings: Any, by_hand: bool
) -> None:
    settings.PAYMENT_PROVIDERS = ["hand" if by_hand else "sandbox"]
    ana, ben = story.member("ana"), story.member("ben")
    for earner in (ana, ben):
        _earned(earner)
    actions.set_destination(actor=story.as_actor(ben), name="Ben", account="6217000012345678")
    batch = actions.draft_batch(actor=story.FINANCE)
    Account.objects.filter(pk=ana.pk).update(is_active=False)

    actions.submit_batch(actor=story.FINANCE, batch_id=batch.pk)

    assert Payout.objects.count() == 1
    left = batch.items.get(payee=ana)
    assert (left.state, left.reason, left.payout_id) == ("skipped", "account_closed", None)
    assert (story.book(ana), story.book(ben)) == (5_000, 0)
    assert not Notification.objects.filter(recipient=ana, kind=WANTED).exists()
    assert proof.verify().clean
    Account.objects.filter(pk=ana.pk).update(is_active=True)
    again = actions.draft_batch(actor=story.FINANCE)
    assert [(item.payee, item.amount) for item in again.items.all()] == [(ana, 5_000)]


@pytest.mark.parametrize(
    "actor",
    [
        Actor(kind="member", id=5),
        Actor(kind="staff", id=5, roles=frozenset({"support"})),
        Actor.guest(),
    ],
)
def test_only_finance_may_draft_or_submit(actor: Actor) -> None:
    _earned(story.member("ana"))
    with pytest.raises(Forbidden):
        actions.draft_batch(actor=actor)
    assert not PayoutBatch.objects.exists()
    batch = actions.draft_batch(actor=story.FINANCE)
    for act in (actions.submit_batch, actions.cancel_batch):
        with pytest.raises(NotFound):
            act(actor=actor, batch_id=batch.pk)
    batch.refresh_from_db()
    assert batch.state == "draft"
    assert not Payout.objects.exists()


def test_submitting_books_one_journal_per_payee_and_asks_for_one_payout() -> None:
    ana = story.member("ana")
    _earned(ana)
    item = _submitted()
    actions.submit_batch(actor=story.FINANCE, batch_id=item.batch_id)
    payout = Payout.objects.get()
    assert (payout.amount, payout.currency, payout.subject_kind) == (5_000, "CNY", "payout_batch")
    assert payout.destination["account"] == ana.handle
    transit = Book.objects.get(kind="payouts_in_transit")
    assert (story.book(ana), books.balance(transit).amount) == (0, 5_000)
    (standing,) = queries.balances(ana.pk)
    assert (standing.payable.amount, standing.in_transit.amount) == (0, 5_000)
    actions_told = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions_told)[-2:] == ["payout_batch.draft", "payout_batch.submit"]


def test_a_payout_that_comes_back_is_payable_again_and_can_be_paid_next_time() -> None:
    ana = story.member("ana")
    order = _earned(ana)
    item = _submitted()
    assert item.payout_id is not None
    story.settle(item.payout_id, succeeded=False)
    story.settle(item.payout_id, succeeded=False)
    item.refresh_from_db()
    item.batch.refresh_from_db()
    assert (item.state, item.batch.state) == ("failed", "settled")
    assert story.book(ana) == 5_000
    assert story.only(order).state == "payable"
    assert StoredEvent.objects.filter(name="earnings.payout_failed").count() == 1

    again = _submitted()
    assert again.payout_id is not None
    story.settle(again.payout_id)
    assert story.only(order).state == "paid"
    transit = Book.objects.get(kind="payouts_in_transit")
    assert (story.book(ana), books.balance(transit).amount) == (0, 0)
    assert proof.verify().clean


def test_a_refund_between_draft_and_submission_lowers_the_payout() -> None:
    ana = story.member("ana")
    order = _earned(ana)
    batch = actions.draft_batch(actor=story.FINANCE)
    story.refund(order, (order.lines.get(), 10_000))
    actions.submit_batch(actor=story.FINANCE, batch_id=batch.pk)
    assert Payout.objects.get().amount == 4_000
    assert story.book(ana) == 0


def test_an_item_with_nothing_left_is_skipped_and_the_batch_ends() -> None:
    ana = story.member("ana")
    order = _earned(ana)
    batch = actions.draft_batch(actor=story.FINANCE)
    story.refund_all(order)
    actions.submit_batch(actor=story.FINANCE, batch_id=batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.items.get().state) == ("settled", "skipped")
    assert not Payout.objects.exists()
    assert story.book(ana) == 0


def test_what_became_payable_after_the_draft_waits_for_the_next_batch() -> None:
    ana = story.member("ana")
    first = _earned(ana)
    batch = actions.draft_batch(actor=story.FINANCE)
    second = _earned(ana, price=20_000)
    actions.submit_batch(actor=story.FINANCE, batch_id=batch.pk)
    item = batch.items.get()
    assert item.payout_id is not None
    story.settle(item.payout_id)
    assert (story.only(first).state, story.only(second).state) == ("paid", "payable")
    assert story.book(ana) == 2_000


def test_a_refund_while_the_payout_travels_leaves_the_earner_below_zero() -> None:
    ana = story.member("ana")
    order = _earned(ana)
    item = _submitted()
    story.refund_all(order)
    assert story.book(ana) == -5_000
    assert item.payout_id is not None
    story.settle(item.payout_id)
    assert story.only(order).state == "reversed"
    assert story.book(ana) == -5_000
    assert proof.verify().clean
