"""Payouts by hand that a bank sends back after they had left; the switch while some are open."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest

from banyan.earnings import actions, queries
from banyan.earnings.models import PayoutBatch
from banyan.kernel import relay
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry, StoredEvent
from banyan.kernel.problems import Conflict, Invalid, NotFound
from banyan.ledger import proof
from banyan.ledger import queries as books
from banyan.ledger.models import Account as Book
from banyan.notify.models import Notification
from banyan.orders.models import Order
from banyan.payments import actions as payments
from banyan.payments.models import Payout
from banyan.payments.problems import PayoutNotSupported
from banyan.people.models import Account
from tests.support import factories as make

from . import story
from .shop_money import TILL, draft, item_of, later, named, owed, sold, submit, transit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _by_hand(settings: Any) -> Iterator[None]:
    settings.PAYMENT_PROVIDERS = ["hand", "sandbox", "wallet"]
    yield
    assert proof.verify().clean


def test_what_a_shops_bank_sends_back_is_owed_again_once_and_told() -> None:
    shop = make.shop()
    named(shop)
    sold(shop)
    batch = submit(draft())
    payout = Payout.objects.get()
    with pytest.raises(Conflict) as early:
        payments.say_returned(actor=TILL, payout_id=payout.pk, reason="too early")
    assert early.value.code == "payout_not_sent"
    payments.say_sent(actor=TILL, payout_id=payout.pk, bank_ref="B-1", reason="x")
    with pytest.raises(Invalid):
        payments.say_returned(actor=TILL, payout_id=payout.pk, reason="  ")
    for _time in range(2):
        payments.say_returned(actor=TILL, payout_id=payout.pk, reason="account closed")
    payout.refresh_from_db()
    assert (payout.state, payout.provider_ref, payout.failure) == (
        "returned", "B-1", "account closed",
    )  # fmt: skip
    assert (owed(shop), transit(), item_of(shop).state) == (10_000, 0, "returned")
    assert books.balance(Book.objects.get(kind="gateway", label="hand")).amount == 0
    [entry] = AuditEntry.objects.filter(action="payout.returned")
    assert (entry.actor_id, entry.subject_id, entry.reason) == (77, payout.pk, "account closed")
    relay.drain()
    assert Notification.objects.filter(kind="shop.payout_returned").count() == 1
    assert StoredEvent.objects.filter(name="shop.payout_returned").count() == 1
    # A late second word is one of the two that count already, or refused.
    payments.say_sent(actor=TILL, payout_id=payout.pk, bank_ref="B-1", reason="x")
    with pytest.raises(Conflict):
        payments.say_not_sent(actor=TILL, payout_id=payout.pk, reason="x")
    assert owed(shop) == 10_000
    with later():
        again = actions.draft_again(actor=TILL, batch_id=batch.pk)
    submit(again)
    assert owed(shop) == 0


def _sent_to_ana() -> tuple[Account, Order, PayoutBatch, Payout]:
    """Pay out by hand what Ana earned with one order of 500.00."""
    ana, shop = story.member("ana"), story.shop()
    story.plan(shop, rate_bps=1000)
    item = story.variant(shop, price=50_000)
    order = story.received(story.paid(story.placed((item, 1), via=story.chain(item, ana))))
    story.due(order)
    actions.set_destination(actor=make.actor(ana), name="Ana Roe", account="DE02 1203")
    batch = actions.draft_batch(actor=TILL)
    actions.submit_batch(actor=TILL, batch_id=batch.pk, provider="hand")
    payout = Payout.objects.get()
    payments.say_sent(actor=TILL, payout_id=payout.pk, bank_ref="B-1", reason="x")
    return ana, order, batch, payout


def test_what_a_members_bank_sends_back_is_payable_again_and_so_are_their_commissions() -> None:
    ana, order, batch, payout = _sent_to_ana()
    assert story.only(order).state == "paid"

    for who in (make.actor(ana), Actor(kind="staff", id=5, roles=frozenset({"support"}))):
        with pytest.raises(NotFound):
            payments.say_returned(actor=who, payout_id=payout.pk, reason="x")
    payments.say_returned(actor=TILL, payout_id=payout.pk, reason="account closed")
    commission = story.only(order)
    assert (commission.state, commission.payout_item, story.book(ana)) == ("payable", None, 5_000)
    (standing,) = queries.balances(ana.pk)
    assert (standing.payable.amount, standing.paid.amount) == (5_000, 0)
    relay.drain()
    told = Notification.objects.filter(recipient_id=ana.pk).order_by("id")
    assert [each.kind for each in told] == ["earnings.paid_out", "earnings.payout_returned"]

    again = actions.draft_again(actor=TILL, batch_id=batch.pk)
    actions.submit_batch(actor=TILL, batch_id=again.pk, provider="hand")
    last = Payout.objects.latest("id")
    payments.say_sent(actor=TILL, payout_id=last.pk, bank_ref="B-2", reason="x")
    assert (story.only(order).state, story.book(ana)) == ("paid", 0)


def test_what_was_refunded_meanwhile_does_not_come_back_twice() -> None:
    ana, order, _batch, payout = _sent_to_ana()
    story.refund_all(order)
    assert story.book(ana) == -5_000
    payments.say_returned(actor=TILL, payout_id=payout.pk, reason="account closed")
    assert (story.book(ana), story.only(order).state) == (0, "reversed")


def test_payouts_that_are_under_way_end_where_by_hand_is_switched_off(settings: Any) -> None:
    shops = [make.shop() for _ in range(3)]
    for shop in shops:
        named(shop)
        sold(shop)
    batch = submit(draft())
    sent, lost, back = Payout.objects.order_by("id")
    settings.PAYMENT_PROVIDERS = ["sandbox", "wallet"]
    with later(9):
        payments.submit_payout(actor=story.SYSTEM, payout_id=sent.pk)
    sent.refresh_from_db()
    assert (sent.state, sent.next_attempt_at) == ("submitted", None)
    text = actions.take_bank_list(actor=TILL, batch_id=batch.pk)
    assert len(list(csv.DictReader(io.StringIO(text[1:])))) == 3

    for payout in (sent, back):
        payments.say_sent(actor=TILL, payout_id=payout.pk, bank_ref="B", reason="x")
    payments.say_not_sent(actor=TILL, payout_id=lost.pk, reason="no such IBAN")
    payments.say_returned(actor=TILL, payout_id=back.pk, reason="closed")
    states = list(Payout.objects.order_by("id").values_list("state", flat=True))
    assert states == ["paid", "failed", "returned"]
    assert ([owed(shop) for shop in shops], transit()) == ([0, 10_000, 10_000], 0)
    with later():
        second = actions.draft_shop_batch(actor=TILL)
        actions.submit_batch(actor=TILL, batch_id=second.pk)
    assert Payout.objects.latest("id").provider == "sandbox", "nothing new goes by hand"


def test_what_a_provider_sent_does_not_come_back_by_a_word() -> None:
    shop = make.shop()
    sold(shop)
    with later():
        batch = actions.draft_shop_batch(actor=TILL)
        actions.submit_batch(actor=TILL, batch_id=batch.pk, provider="sandbox")
    payout = Payout.objects.get()
    assert payout.destination == {"account": shop.slug, "name": shop.name}
    story.settle(payout.pk)
    with pytest.raises(PayoutNotSupported):
        payments.say_returned(actor=TILL, payout_id=payout.pk, reason="closed")
    assert (owed(shop), item_of(shop).state, item_of(shop).place) == (0, "paid", "")
