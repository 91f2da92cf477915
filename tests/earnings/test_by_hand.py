"""Payouts by hand: from a shared order to "paid", by what finance says."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from banyan.earnings import actions, queries
from banyan.earnings.models import Destination, PayoutBatch, PayoutItem
from banyan.earnings.problems import NoPayoutProvider, PayoutProviderOpen
from banyan.kernel.actors import Actor
from banyan.kernel.keyrings import Ring, unseal
from banyan.kernel.models import AuditEntry
from banyan.kernel.money import Money
from banyan.kernel.problems import Conflict, Forbidden, Invalid, NotFound
from banyan.ledger import proof
from banyan.ledger import queries as books
from banyan.ledger.models import Account as Book
from banyan.notify.models import Message, Notification
from banyan.orders.models import Order
from banyan.payments import actions as payments
from banyan.payments import jobs
from banyan.payments.models import Payout
from banyan.payments.problems import PayoutNotSupported, ProviderUnknown
from banyan.payments.queries import methods_for
from banyan.people.models import Account
from tests.support import factories as make

from . import story

pytestmark = pytest.mark.django_db
IBAN = "DE02 1203 0000 0000 2020 51"
TILL = Actor(kind="staff", id=77, roles=frozenset({"finance"}), label="@till")


@pytest.fixture(autouse=True)
def _by_hand(settings: Any) -> None:
    settings.PAYMENT_PROVIDERS = ["hand", "wallet"]


def earned(name: str = "ana", price: int = 50_000) -> tuple[Account, Order]:
    earner = story.member(name)
    shop = story.shop()
    story.plan(shop, rate_bps=1000)
    item = story.variant(shop, price=price)
    order = story.received(story.paid(story.placed((item, 1), via=story.chain(item, earner))))
    story.due(order)
    return earner, order


def named(earner: Account, account: str = IBAN, name: str = "Ana Roe") -> Destination:
    return actions.set_destination(actor=make.actor(earner), name=name, account=account)


def submitted() -> PayoutBatch:
    batch = actions.draft_batch(actor=TILL)
    return actions.submit_batch(actor=TILL, batch_id=batch.pk, reason="the month")


def transit() -> int:
    return books.balance(Book.objects.get(kind="payouts_in_transit")).amount


def test_from_a_shared_order_to_paid_by_what_finance_says() -> None:
    ana, order = earned()
    named(ana)
    batch = submitted()
    payout = Payout.objects.get()
    assert (payout.provider, payout.state, transit()) == ("hand", "requested", 5_000)

    for _time in range(3):  # however often the jobs come by, it waits for a person
        jobs.run_sweep()
    payout.refresh_from_db()
    assert (payout.state, payout.next_attempt_at, payout.attempts) == ("submitted", None, 0)
    assert payments.poll_payout(actor=story.SYSTEM, payout_id=payout.pk).state == "submitted"

    for _time in range(2):
        payments.say_sent(actor=TILL, payout_id=payout.pk, bank_ref="B-1", reason="paid today")
    payout.refresh_from_db()
    batch.refresh_from_db()
    assert (payout.state, payout.provider_ref, payout.destination) == ("paid", "B-1", {})
    assert (batch.state, story.only(order).state) == ("settled", "paid")
    assert (story.book(ana), transit()) == (0, 0)
    left = Book.objects.get(kind="gateway", label="hand")
    assert books.balance(left).amount == 5_000
    assert proof.verify().clean
    entry = AuditEntry.objects.get(action="payout.sent")
    assert (entry.actor_id, entry.subject_id, entry.reason) == (77, payout.pk, "paid today")
