"""Paying earners out: a batch is drafted, submitted by finance, and settled by the provider."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from banyan.kernel import audit, clock, events, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.locks import LockKey
from banyan.kernel.money import Money
from banyan.kernel.problems import Conflict
from banyan.kernel.states import transition
from banyan.ledger import actions as ledger
from banyan.ledger.actions import Book
from banyan.ledger.models import Account as LedgerAccount
from banyan.ledger.rules import Entry
from banyan.payments import providers
from banyan.payments.actions import request_payout
from banyan.payments.events import PayoutFailed, PayoutPaid
from banyan.payments.providers.base import Provider
from banyan.people.models import Account

from .. import rules
from ..access import get_batch_for, require_role
from ..events import EarningsPaidOut, EarningsPayoutFailed
from ..models import Commission, PayoutBatch, PayoutItem
from ..problems import NoPayoutProvider, NothingToPay, PayoutProviderOpen
from ..states import COMMISSION, PAYOUT_BATCH
from ..telling import ask_where
from .destinations import places_of
from .holds import charged_back

SMALLEST_PAYOUT = 1000


def draft_batch(
    *,
    actor: Actor,
    minimum: int = SMALLEST_PAYOUT,
    payees: Sequence[int] | None = None,
    reason: str = "",
) -> PayoutBatch:
    """List everybody with at least ``minimum`` minor units payable, for finance to look at.

    Only ``payees`` where they are given. Moves nothing. Payees who are in another draft, or whose
    account is closed, are left out, and so is what was earned with orders that a payer's bank has
    in hand. Audited. Raises NothingToPay.
    """
    require_role(actor, "finance")
    due = LedgerAccount.objects.filter(kind="earner_payable", balance__gte=max(minimum, 1))
    if payees is not None:
        due = due.filter(owner_id__in=payees)
    active = _open(due.values("owner_id"))
    drafted = set(
        PayoutItem.objects.filter(batch__state="draft").values_list("payee_id", "currency")
    )
    held = _charged_back(active)
    payable = {
        book: book.balance - held.get((book.owner_id, book.currency), 0)
        for book in due.order_by("owner_id", "currency")
        if book.owner_id in active and (book.owner_id, book.currency) not in drafted
    }
    found = {book: amount for book, amount in payable.items() if amount >= max(minimum, 1)}
    if not found:
        raise NothingToPay()
    with transaction.atomic():
        batch = PayoutBatch.objects.create(created_by_id=actor.id, created_at=clock.now())
        PayoutItem.objects.bulk_create(
            PayoutItem(batch=batch, payee_id=book.owner_id, amount=amount, currency=book.currency)
            for book, amount in found.items()
        )
        _audit(actor, batch, "payout_batch.draft", reason, items=len(found))
    return batch


def _open(payee_ids: Collection[int] | QuerySet[Any, Any]) -> set[int]:
    """Return whose account is open; what those earned whose is closed or suspended waits."""
    return set(
        Account.objects.filter(pk__in=payee_ids, is_active=True).values_list("pk", flat=True)
    )


def _charged_back(payee_ids: Collection[int]) -> dict[tuple[int, str], int]:
    """Return, by payee and currency, what is payable for orders that a bank has in hand."""
    theirs = _payable(payee_ids).filter(Exists(charged_back("order__checkout__intent_id")))
    sums = (
        theirs.order_by()
        .values_list("payee_id", "currency")
        .annotate(n=Sum(F("amount") - F("reversed_amount")))
    )
    return {(payee, currency): n for payee, currency, n in sums}


def draft_again(*, actor: Actor, batch_id: int, reason: str = "") -> PayoutBatch:
    """Draft a new batch for those whose payout in this one came back. Raises NothingToPay."""
    batch = get_batch_for(actor, batch_id)
    failed = list(batch.items.filter(state="failed").values_list("payee_id", flat=True))
    return draft_batch(actor=actor, minimum=1, payees=failed, reason=reason)


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

    ``provider`` may be left out where only one pays out. Posts per item earner_payable -P /
    payouts_in_transit +P. An item never pays more than what still stands on the account: less
    after a refund, or while a payer's bank has some of it in hand, and none at all is "skipped".
    So is, until it is open again, whose account was closed or suspended meanwhile; and by hand,
    whoever has not said where it goes, and they are told. The oldest payable
    commissions are marked as travelling with the item. Raises PayoutProviderOpen,
    NoPayoutProvider.
    """
    batch = get_batch_for(actor, batch_id)
    items = list(batch.items.select_related("payee").order_by("id"))
    with transaction.atomic(), caused_by(batch.pk):
        books = _books(items)
        payable = list(_payable([item.payee_id for item in items]).values_list("pk", flat=True))
        locks.take(
            [
                LockKey("payout", batch.pk),
                *(LockKey("commission", pk) for pk in payable),
                *ledger.lock_keys(books.values()),
            ]
        )
        batch.refresh_from_db()
        if batch.state != "draft":
            if batch.state == "cancelled":
                raise Conflict(_("This batch was cancelled."), code="batch_cancelled")
            return batch
        provider = _payer(provider)
        places = _places(provider, items)
        active = _open([item.payee_id for item in items])
        for item in items:
            if item.payee_id not in active:
                _skip(item, "account_closed")
                continue
            book = books[item.payee_id, item.currency]
            _submit_item(actor, item, book, provider, places.get(item.payee_id), payable)
        nowhere = batch.items.filter(reason="no_destination").order_by().values_list("payee_id")
        ask_where([payee_id for (payee_id,) in nowhere.distinct()])
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


def _places(provider: str, items: Sequence[PayoutItem]) -> dict[int, dict[str, str]]:
    """Return by payee where their money goes, in the provider's terms; by hand, where they said."""
    if providers.is_by_hand(provider):
        return places_of([item.payee_id for item in items])
    return {
        item.payee_id: {"account": item.payee.handle, "name": item.payee.display_name}
        for item in items
    }


def _skip(item: PayoutItem, reason: str) -> None:
    PayoutItem.objects.filter(pk=item.pk).update(state="skipped", reason=reason)


def _books(items: Sequence[PayoutItem]) -> dict[tuple[int, str], Book]:
    books = {}
    for currency in {item.currency for item in items}:
        wanted = [("earner_payable", item.payee_id) for item in items if item.currency == currency]
        for (_kind, payee), book in ledger.accounts(wanted=wanted, currency=currency).items():
            books[payee, currency] = book
    return books


def _payable(payee_ids: Collection[int]) -> QuerySet[Commission]:
    """Return what is payable and not yet travelling, in the order it became due."""
    commissions = Commission.objects.filter(
        payee_id__in=payee_ids, state="payable", payout_item=None
    )
    return commissions.order_by("hold_until", "id")


def _submit_item(
    actor: Actor,
    item: PayoutItem,
    book: Book,
    provider: str,
    place: Mapping[str, str] | None,
    locked: Sequence[int],
) -> None:
    balance = _balance(book)
    kept = _charged_back([item.payee_id]).get((item.payee_id, item.currency), 0)
    amount = min(item.amount, balance - kept)
    if amount <= 0:
        _skip(item, "nothing_left")
        return
    if place is None:
        _skip(item, "no_destination")
        return
    transit = _in_transit(item.currency)
    ledger.post(
        key=f"payout_item:{item.pk}:requested",
        kind="payout.requested",
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
    PayoutItem.objects.filter(pk=item.pk).update(
        amount=amount, payout_id=payout.pk, state="submitted"
    )
    _cover(item, amount, balance - kept, locked)


def _balance(book: Book) -> int:
    """Return what an account holds now; it is locked."""
    return LedgerAccount.objects.get(pk=book.pk).balance


def _cover(item: PayoutItem, amount: int, balance: int, locked: Sequence[int]) -> None:
    mine = list(
        _payable([item.payee_id]).filter(
            ~Exists(charged_back("order__checkout__intent_id")),
            currency=item.currency,
            pk__in=locked,
        )
    )
    left = [each.amount - each.reversed_amount for each in mine]
    count = rules.covered(left, amount=amount, balance=balance)
    ids = [each.pk for each in mine[:count]]
    Commission.objects.filter(pk__in=ids).update(payout_item=item)


def _in_transit(currency: str) -> Book:
    return ledger.account(kind="payouts_in_transit", owner_kind="platform", currency=currency)


def _item_of(event: PayoutPaid | PayoutFailed) -> PayoutItem | None:
    if event.subject_kind != "payout_batch":
        return None
    items = PayoutItem.objects.select_related("batch")
    return items.filter(payout_id=event.payout_id, state="submitted").first()


def payout_locks(event: PayoutPaid | PayoutFailed) -> list[LockKey]:
    """Return the item's commissions, its batch, and the payee's account."""
    item = _item_of(event)
    if item is None:
        return []
    keys = [LockKey("payout", item.batch_id)]
    keys += [LockKey("commission", pk) for pk in item.commissions.values_list("pk", flat=True)]
    return keys + ledger.lock_keys(_books([item]).values())


def on_payout_paid(event: PayoutPaid, actor: Actor) -> None:
    """The payout arrived: its commissions are paid. Emits earnings.paid_out. Repeatable.

    Posts nothing: payments books payouts_in_transit -> gateway itself.
    """
    locks.take(payout_locks(event))
    item = _item_of(event)
    if item is None:
        return
    for commission in item.commissions.filter(state="payable").order_by("id"):
        transition(COMMISSION, commission, "paid", actor=actor, reason="paid out")
    PayoutItem.objects.filter(pk=item.pk).update(state="paid")
    events.emit(EarningsPaidOut(**_of(item)), actor=actor)
    _settle_if_done(actor, item.batch)


def on_payout_failed(event: PayoutFailed, actor: Actor) -> None:
    """The payout came back: payouts_in_transit -P / earner_payable +P, payable again.

    Emits earnings.payout_failed. Repeatable.
    """
    locks.take(payout_locks(event))
    item = _item_of(event)
    if item is None:
        return
    book = _books([item])[item.payee_id, item.currency]
    ledger.post(
        key=f"payout_item:{item.pk}:failed",
        kind="payout.failed",
        subject_kind="payout_batch",
        subject_id=item.batch_id,
        entries=[Entry(_in_transit(item.currency).pk, -item.amount), Entry(book.pk, item.amount)],
        currency=item.currency,
        actor=actor,
        memo=event.reason,
    )
    item.commissions.filter(state="payable").update(payout_item=None)
    PayoutItem.objects.filter(pk=item.pk).update(state="failed")
    events.emit(EarningsPayoutFailed(**_of(item), reason=event.reason), actor=actor)
    _settle_if_done(actor, item.batch)


def _of(item: PayoutItem) -> dict[str, int | str]:
    return {
        "item_id": item.pk,
        "batch_id": item.batch_id,
        "payee_id": item.payee_id,
        "amount": item.amount,
        "currency": item.currency,
    }


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
