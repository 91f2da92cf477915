"""Paying out what is owed: a batch is drafted, submitted by finance, and settled by whoever pays.

Members and shops are paid by the same acts; what differs between them is in ``payees``.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import audit, clock, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.locks import LockKey
from banyan.kernel.money import Money
from banyan.kernel.problems import Conflict
from banyan.kernel.states import transition
from banyan.ledger import actions as ledger
from banyan.ledger.actions import Book
from banyan.ledger.models import Account as LedgerAccount
from banyan.ledger.rules import Entry
from banyan.payments import destinations, providers
from banyan.payments.actions import request_payout
from banyan.payments.events import PayoutFailed, PayoutPaid, PayoutReturned
from banyan.payments.providers.base import Provider

from ..access import get_batch_for, require_role
from ..models import PayoutBatch, PayoutItem
from ..problems import (
    NoPayoutProvider,
    NothingToPay,
    PayoutProviderOpen,
    SecondPersonWanted,
)
from ..states import PAYOUT_BATCH
from .payees import MEMBERS, SHOPS, Payees, Place, of_item

SMALLEST_PAYOUT = 1000
CAME_BACK = ("failed", "returned")
"""States of an item whose money is payable again."""

Ended = PayoutPaid | PayoutFailed | PayoutReturned


def draft_batch(
    *,
    actor: Actor,
    minimum: int = SMALLEST_PAYOUT,
    payees: Sequence[int] | None = None,
    reason: str = "",
) -> PayoutBatch:
    """List members with at least ``minimum`` minor units payable, for finance to look at.

    Only ``payees`` where they are given. Moves nothing. Payees who are in another draft, or whose
    account is closed, are left out, and so is what was earned with orders that a payer's bank has
    in hand. Audited. Raises NothingToPay.
    """
    return _draft(actor, MEMBERS, minimum, payees, reason)


def draft_shop_batch(
    *,
    actor: Actor,
    minimum: int = SMALLEST_PAYOUT,
    shops: Sequence[int] | None = None,
    reason: str = "",
) -> PayoutBatch:
    """List shops with at least ``minimum`` minor units payable, for finance to look at.

    Only ``shops`` where they are given. Moves nothing. What is not final is left out
    (``owing.payable``), and so are shops in another draft, suspended ones, and those whose owner's
    account is closed. Audited. Raises NothingToPay.
    """
    return _draft(actor, SHOPS, minimum, shops, reason)


def _draft(
    actor: Actor, payees: Payees, minimum: int, among: Sequence[int] | None, reason: str
) -> PayoutBatch:
    require_role(actor, "finance")
    due = LedgerAccount.objects.filter(kind=payees.book, balance__gte=max(minimum, 1))
    if among is not None:
        due = due.filter(owner_id__in=among)
    drafts = PayoutItem.objects.filter(batch__state="draft")
    drafted = set(drafts.values_list(f"{payees.column}_id", "currency"))
    unpaid = payees.unpaid(due.values_list("owner_id", flat=True))
    books = [
        book
        for book in due.order_by("owner_id", "currency")
        if book.owner_id not in unpaid and (book.owner_id, book.currency) not in drafted
    ]
    payable = payees.payable(books)
    found = [book for book in books if payable[book.pk] >= max(minimum, 1)]
    if not found:
        raise NothingToPay()
    with transaction.atomic():
        batch = PayoutBatch.objects.create(created_by_id=actor.id, created_at=clock.now())
        PayoutItem.objects.bulk_create(
            PayoutItem(
                batch=batch,
                amount=payable[book.pk],
                currency=book.currency,
                **{f"{payees.column}_id": book.owner_id},
            )
            for book in found
        )
        _audit(actor, batch, "payout_batch.draft", reason, items=len(found))
    return batch


def draft_again(*, actor: Actor, batch_id: int, reason: str = "") -> PayoutBatch:
    """Draft a new batch for those whose payout in this one came back. Raises NothingToPay."""
    batch = get_batch_for(actor, batch_id)
    items = list(batch.items.filter(state__in=CAME_BACK))
    if not items:
        raise NothingToPay()
    return _draft(actor, of_item(items[0]), 1, [item.owner_id for item in items], reason)


def cancel_batch(*, actor: Actor, batch_id: int, reason: str = "") -> PayoutBatch:
    """Drop a draft; nothing was moved. Repeatable; a submitted batch is refused."""
    batch = get_batch_for(actor, batch_id)
    with transaction.atomic():
        locks.take([LockKey("payout", batch.pk)])
        batch.refresh_from_db()
        if batch.state == "cancelled":
            return batch
        if batch.state != "draft":
            raise Conflict(_("This batch was already submitted."), code="batch_submitted")
        transition(PAYOUT_BATCH, batch, "cancelled", actor=actor)
        _audit(actor, batch, "payout_batch.cancel", reason)
    return batch


def submit_batch(
    *, actor: Actor, batch_id: int, provider: str = "", reason: str = ""
) -> PayoutBatch:
    """Send a draft to ``provider``, one payout per payee. Finance only; repeatable.

    ``provider`` may be left out where only one pays out. Posts per item earner_payable -P (of a
    shop: shop_payable -P) / payouts_in_transit +P. An item never pays more than what is payable at
    that moment, which its account's lock makes exact: less after a refund, or while a payer's bank
    has some of it in hand, and none at all is "skipped". By hand, so is whoever has not said where
    it goes; they are told. So is a shop that is suspended. The oldest payable commissions are
    marked as travelling with the item. Raises PayoutProviderOpen, NoPayoutProvider, and
    SecondPersonWanted from who prepared it where ``PAYOUTS_BY_TWO`` is set.
    """
    batch = get_batch_for(actor, batch_id)
    items = list(batch.items.order_by("id"))
    payees = of_item(items[0])
    with transaction.atomic(), caused_by(batch.pk):
        books = payees.books(items)
        others = payees.lock_keys(items)
        locks.take([LockKey("payout", batch.pk), *others, *ledger.lock_keys(books.values())])
        batch.refresh_from_db()
        if batch.state != "draft":
            if batch.state == "cancelled":
                raise Conflict(_("This batch was cancelled."), code="batch_cancelled")
            return batch
        if settings.PAYOUTS_BY_TWO and batch.created_by_id == actor.id:
            raise SecondPersonWanted()
        provider = _payer(provider)
        places = payees.places(provider, items)
        unpaid = payees.unpaid([item.owner_id for item in items])
        now_there = LedgerAccount.objects.filter(pk__in=[book.pk for book in books.values()])
        payable = payees.payable(list(now_there))
        for item in items:
            book = books[item.owner_id, item.currency]
            amount = min(item.amount, payable[book.pk])
            if item.owner_id in unpaid:
                _skip(item, unpaid[item.owner_id])
            elif amount <= 0:
                _skip(item, "nothing_left")
            elif item.owner_id not in places:
                _skip(item, "no_destination")
            else:
                _submit(actor, payees, item, amount, book, provider, places[item.owner_id])
                payees.cover(item, amount, payable[book.pk], set(others))
        lost = batch.items.filter(reason="no_destination")
        payees.ask_where({item.owner_id for item in lost})
        now = clock.now()
        transition(PAYOUT_BATCH, batch, "submitted", actor=actor, submitted_at=now)
        _audit(actor, batch, "payout_batch.submit", reason, items=len(items))
        _settle_if_done(actor, batch)
    return batch


def payers() -> list[Provider]:
    """Return the enabled providers that pay out, in the operator's order."""
    return [each for each in providers.enabled() if each.capabilities.payouts]


def _payer(wanted: str) -> str:
    """Return the provider that is ``wanted``, or the only one that pays out."""
    names = [each.name for each in payers()]
    if not names:
        raise NoPayoutProvider()
    if wanted in names:
        return wanted
    if wanted or len(names) > 1:
        raise PayoutProviderOpen(fields={"provider": _("Choose one of those that pay out here.")})
    return names[0]


def _skip(item: PayoutItem, reason: str) -> None:
    PayoutItem.objects.filter(pk=item.pk).update(state="skipped", reason=reason)


def _submit(
    actor: Actor,
    payees: Payees,
    item: PayoutItem,
    amount: int,
    book: Book,
    provider: str,
    place: Place,
) -> None:
    transit = _in_transit(item.currency)
    ledger.post(
        key=f"payout_item:{item.pk}:requested",
        kind=payees.kinds["requested"],
        subject_kind="payout_batch",
        subject_id=item.batch_id,
        entries=[Entry(book.pk, -amount), Entry(transit.pk, amount)],
        currency=item.currency,
        actor=actor,
        memo=f"payout {item.pk}",
    )
    payout = request_payout(
        actor=actor,
        provider=provider,
        subject_kind="payout_batch",
        subject_id=item.batch_id,
        amount=Money(amount, item.currency),
        destination=place,
        key=f"payout_item:{item.pk}",
    )
    shown = destinations.mask(place["account"]) if providers.is_by_hand(provider) else ""
    PayoutItem.objects.filter(pk=item.pk).update(
        amount=amount, payout_id=payout.pk, state="submitted", place=shown
    )


def _in_transit(currency: str) -> Book:
    return ledger.account(kind="payouts_in_transit", owner_kind="platform", currency=currency)


def _item_of(event: Ended) -> PayoutItem | None:
    """Return the item that a payout's end is news to."""
    if event.subject_kind != "payout_batch":
        return None
    before = "paid" if isinstance(event, PayoutReturned) else "submitted"
    items = PayoutItem.objects.select_related("batch")
    return items.filter(payout_id=event.payout_id, state=before).first()


def payout_locks(event: Ended) -> list[LockKey]:
    """Return the item's commissions, its batch, and the payee's account."""
    item = _item_of(event)
    if item is None:
        return []
    payees = of_item(item)
    books = payees.books([item]).values()
    return [LockKey("payout", item.batch_id), *payees.lock_keys([item]), *ledger.lock_keys(books)]


def on_payout_paid(event: PayoutPaid, actor: Actor) -> None:
    """The payout arrived: its commissions are paid. Emits earnings.paid_out, or shop.paid_out.

    Posts nothing: payments books payouts_in_transit -> gateway itself. Repeatable.
    """
    locks.take(payout_locks(event))
    item = _item_of(event)
    if item is None:
        return
    _end(actor, item, "paid")


def on_payout_failed(event: PayoutFailed, actor: Actor) -> None:
    """The payout came back: payouts_in_transit -P / payee's account +P, payable again.

    Emits earnings.payout_failed, or shop.payout_failed. Repeatable.
    """
    _on_back(event, actor, "failed")


def on_payout_returned(event: PayoutReturned, actor: Actor) -> None:
    """What had left came back: payouts_in_transit -P / payee's account +P, payable again.

    Emits earnings.payout_returned, or shop.payout_returned. Repeatable.
    """
    _on_back(event, actor, "returned")


def _on_back(event: PayoutFailed | PayoutReturned, actor: Actor, state: str) -> None:
    locks.take(payout_locks(event))
    item = _item_of(event)
    if item is None:
        return
    payees = of_item(item)
    book = payees.books([item])[item.owner_id, item.currency]
    ledger.post(
        key=f"payout_item:{item.pk}:{state}",
        kind=payees.kinds[state],
        subject_kind="payout_batch",
        subject_id=item.batch_id,
        entries=[Entry(_in_transit(item.currency).pk, -item.amount), Entry(book.pk, item.amount)],
        currency=item.currency,
        actor=actor,
        memo=event.reason,
    )
    _end(actor, item, state, reason=event.reason)


def _end(actor: Actor, item: PayoutItem, state: str, **more: str) -> None:
    payees = of_item(item)
    payees.settle(actor, item, state)
    PayoutItem.objects.filter(pk=item.pk).update(state=state)
    payees.tell(actor, item, state, **more)
    if item.batch.state == "submitted":
        _settle_if_done(actor, item.batch)


def _settle_if_done(actor: Actor, batch: PayoutBatch) -> None:
    if not batch.items.filter(state="submitted").exists():
        transition(PAYOUT_BATCH, batch, "settled", actor=actor)


def _audit(actor: Actor, batch: PayoutBatch, action: str, reason: str, **detail: int) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject_kind="payout_batch",
        subject_id=batch.pk,
        reason=reason,
        detail=detail,
    )
