"""What a payer's bank takes back: heard, booked to the cent, and brought to its end once.

The provider's own list of what moved is what counts. It only grows, each movement has a number,
and each is booked once: so it does not matter in which order, or how often, we are told.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from typing import TypeVar

from django.db import transaction
from django.db.models import F, QuerySet

from banyan.kernel import clock, events, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.locks import LockKey
from banyan.kernel.money import Money
from banyan.kernel.problems import Busy
from banyan.kernel.states import transition
from banyan.ledger import actions as ledger
from banyan.ledger.rules import Entry

from .. import providers
from ..events import ChargebackClosed, ChargebackMoved, ChargebackOpened
from ..models import Attempt, Chargeback, ChargebackMove, Intent, ProviderMessage, Refund
from ..problems import ProviderUnknown
from ..providers.base import BankMove, Chargebacks, ChargebackState
from ..rules import CHARGEBACK_OPEN, OPEN, SETTLED, UNSENT, Outcome, chargeback_check, covered_by
from ..states import CHARGEBACK
from .books import clearing_account, fees_account, provider_account
from .notes import note_outcome
from .refunds import cover, covering_locks

logger = logging.getLogger(__name__)

E = TypeVar("E", ChargebackOpened, ChargebackMoved, ChargebackClosed)


def hear_chargeback(
    *, actor: Actor, provider: str, provider_ref: str, message_id: int | None = None
) -> Outcome:
    """Ask the provider how a chargeback stands, and book what moved. Outermost; repeatable.

    Posts per movement ``chargeback:{id}:{ref}`` (clearing -A, provider +A; the other way round
    where money came back) and ``...:fee`` (provider_fees -F, provider +F). What was promised back
    and is unsent is covered by it: those refunds wait while it is open, and are not sent once it
    is lost. Emits chargeback.opened, .moved, .closed. Books nothing, and leaves it to a person,
    when the payment is none of ours, the currency another, more taken than was paid or less kept
    than is covered (``amount_mismatch``), or an end contradicts an end. No end is followed before
    what moved is booked. Locks: payment, and those of the listeners. Raises ProviderUnreachable,
    ProviderRefused, and Busy while the payment is not booked yet.
    """
    adapter = providers.get(provider)
    if not isinstance(adapter, Chargebacks):
        raise ProviderUnknown(detail=f"{provider} tells of no chargebacks")
    told_at = clock.now()
    told = adapter.query_chargeback(provider_ref)
    intent = _payment(provider, told)
    if intent is None:
        note_outcome(message_id, Outcome.UNKNOWN_REFERENCE)
        return Outcome.UNKNOWN_REFERENCE
    if message_id is not None:
        ProviderMessage.objects.filter(pk=message_id).update(intent=intent)
    if told.money is None or {told.money.currency, *_currencies(told)} != {intent.currency}:
        note_outcome(message_id, Outcome.AMOUNT_MISMATCH)
        return Outcome.AMOUNT_MISMATCH
    with transaction.atomic(), caused_by(intent.cause_id):
        locks.take(_locks(intent, told))
        intent.refresh_from_db()
        row = _row(actor, intent, told, told_at)
        known = set(row.moves.values_list("provider_ref", flat=True))
        moves = sorted((one for one in told.moves if one.ref not in known), key=lambda one: one.at)
        outcome = _judge(row, told, moves)
        if outcome is Outcome.CHARGEBACK:
            covered = _take(intent, row, sum(move.taken.amount for move in moves))
            if covered is None:
                outcome = Outcome.AMOUNT_MISMATCH
            else:
                _book(actor, row, intent, moves, covered)
            if covered is not None or told.state in CHARGEBACK_OPEN:
                _follow(actor, row, told, newer=told_at >= row.told_at)
        _remember(row, told, told_at)
        note_outcome(message_id, outcome)
    return outcome


def _row(actor: Actor, intent: Intent, told: ChargebackState, told_at: dt.datetime) -> Chargeback:
    """Return the row of a chargeback; the first time it is made, and told."""
    assert told.money is not None  # what cannot be booked has no row
    row, is_new = Chargeback.objects.get_or_create(
        provider=intent.provider,
        provider_ref=told.provider_ref,
        defaults={
            "intent": intent,
            "amount": told.money.amount,
            "currency": intent.currency,
            "reason": told.reason[:60],
            "state": told.state if told.state in CHARGEBACK_OPEN else CHARGEBACK.initial,
            "opened_at": told.opened_at,
            "due_by": told.due_by,
            "told_at": told_at,
        },
    )
    if is_new:
        due_by = told.due_by.isoformat() if told.due_by else ""
        events.emit(_event(ChargebackOpened, row, row.amount, due_by=due_by), actor=actor)
    return row


def _payment(provider: str, told: ChargebackState) -> Intent | None:
    """Return the payment as it was booked; Busy while it may still be booked."""
    if not told.payment_ref:
        return None
    ours = Intent.objects.filter(provider=provider, provider_ref=told.payment_ref)
    settled = ours.filter(state__in=SETTLED).first()
    tried = Attempt.objects.filter(intent__provider=provider, provider_ref=told.payment_ref)
    if settled is None and tried.filter(intent__state__in=OPEN).exists():
        raise Busy(detail=f"payment {told.payment_ref} is not booked yet")
    return settled


def _currencies(told: ChargebackState) -> set[str]:
    return {move.taken.currency for move in told.moves}


def _locks(intent: Intent, told: ChargebackState) -> list[LockKey]:
    row = Chargeback(pk=0, intent=intent, currency=intent.currency)
    return [
        LockKey("payment", intent.pk),
        *covering_locks(intent),
        *events.locks_for(_event(ChargebackMoved, row, 0, number=0)),
        *events.locks_for(_event(ChargebackClosed, row, 0, state=told.state)),
    ]


def _judge(row: Chargeback, told: ChargebackState, moves: Sequence[BankMove]) -> Outcome:
    """Tell whether what was told can follow what is booked."""
    ended = row.state not in CHARGEBACK_OPEN
    if ended and told.state not in (row.state, *CHARGEBACK_OPEN):
        return Outcome.CONTRADICTION
    if row.state == "lost" and moves:
        return Outcome.CONTRADICTION
    return Outcome.CHARGEBACK


def _take(intent: Intent, row: Chargeback, taken: int) -> int | None:
    """Write what the bank has out of a payment now; return what of it we had promised back.

    One conditional statement. None, and nothing is written, when refunds and chargebacks together
    would be more than was paid, less came than goes back, or the bank would be left with a part of
    what it covers.
    """
    out = row.taken_amount + taken
    if 0 < out < row.covered_amount:
        return None  # a refund is covered whole or not at all
    covered = min(row.covered_amount, max(out, 0))
    if taken > 0:
        room = intent.captured_amount - intent.refunded_amount - intent.charged_back_amount
        unsent = Refund.objects.filter(intent=intent, state__in=UNSENT)
        more = covered_by(taken=taken, room=room, unsent=unsent.values_list("amount", flat=True))
        if more is None:
            return None
        covered += more
    promised = row.covered_amount - covered
    mine = _has_room(Intent.objects.filter(pk=intent.pk), promised, taken)
    if out < 0 or not mine.update(
        refunded_amount=F("refunded_amount") + promised,
        charged_back_amount=F("charged_back_amount") + taken,
    ):
        return None
    return covered


def _has_room(rows: QuerySet[Intent], promised: int, taken: int) -> QuerySet[Intent]:
    """Keep payments of which so much more can be promised back and taken; either may be less."""
    return rows.filter(
        refunded_amount__gte=-promised,
        charged_back_amount__gte=-taken,
        captured_amount__gte=F("refunded_amount") + F("charged_back_amount") + promised + taken,
    )


def _book(
    actor: Actor, row: Chargeback, intent: Intent, moves: Sequence[BankMove], covered: int
) -> None:
    """Write what moved, its journals, and what whoever was paid bears of it."""
    if not moves:
        return
    borne = row.borne_amount
    for move in moves:
        _book_move(actor, row, intent, move)
    row.covered_amount = covered
    row.save(update_fields=["taken_amount", "covered_amount", "fee_amount", "fee_currency"])
    more = row.borne_amount - borne
    if more:
        moved = _event(ChargebackMoved, row, more, number=row.moves.count())
        events.emit(moved, actor=actor)


def _book_move(actor: Actor, row: Chargeback, intent: Intent, move: BankMove) -> None:
    fee = move.fee or Money(0, row.currency)
    ChargebackMove.objects.create(
        chargeback=row,
        provider_ref=move.ref,
        amount=move.taken.amount,
        fee_amount=fee.amount,
        fee_currency=fee.currency,
        at=move.at,
    )
    row.taken_amount += move.taken.amount
    key = f"chargeback:{row.pk}:{move.ref}"
    _post(actor, row, key, intent, move.taken, clearing_account(row.currency).pk)
    if fee.amount:
        row.fee_amount, row.fee_currency = row.fee_amount + fee.amount, fee.currency
        _post(actor, row, f"{key}:fee", intent, fee, fees_account(fee.currency).pk)


def _post(
    actor: Actor, row: Chargeback, key: str, intent: Intent, money: Money, source: int
) -> None:
    """Post ``money`` out of ``source`` and out of what the provider holds for us."""
    if not money.amount:
        return
    place = provider_account(providers.get(row.provider), intent.payer_id, money.currency)
    ledger.post(
        key=key,
        kind="chargeback.taken" if money.amount > 0 else "chargeback.given_back",
        subject_kind="chargeback",
        subject_id=row.pk,
        entries=[Entry(source, -money.amount), Entry(place.pk, money.amount)],
        currency=money.currency,
        actor=actor,
        memo=row.provider_ref,
    )


def _follow(actor: Actor, row: Chargeback, told: ChargebackState, *, newer: bool) -> None:
    """Move to what was told, unless somebody was told later, or it has ended."""
    ends = told.state not in CHARGEBACK_OPEN
    if row.state not in CHARGEBACK_OPEN or row.state == told.state or not (newer or ends):
        return
    transition(
        CHARGEBACK,
        row,
        told.state,
        actor=actor,
        reason=told.reason,
        closed_at=clock.now() if ends else None,
    )
    if ends:
        closed = _event(ChargebackClosed, row, row.borne_amount, state=told.state)
        events.emit(closed, actor=actor)
        if row.state == "lost" and row.covered_amount:
            cover(actor=actor, intent=row.intent, by=row.provider_ref)


def _remember(row: Chargeback, told: ChargebackState, told_at: dt.datetime) -> None:
    """Write when the provider was asked, by when to answer it, and when to ask again."""
    if told_at < row.told_at:
        return
    Chargeback.objects.filter(pk=row.pk).update(
        told_at=told_at,
        due_by=told.due_by,
        next_check_at=chargeback_check(
            state=row.state, taken=row.taken_amount, closed_at=row.closed_at, now=clock.now()
        ),
    )


def check_chargeback(*, actor: Actor, chargeback_id: int) -> None:
    """Ask again about a chargeback of which nobody told us; not inside a transaction."""
    row = Chargeback.objects.get(pk=chargeback_id)
    Chargeback.objects.filter(pk=chargeback_id, next_check_at=row.next_check_at).update(
        next_check_at=chargeback_check(
            state=row.state, taken=row.taken_amount, closed_at=row.closed_at, now=clock.now()
        )
    )
    hear_chargeback(actor=actor, provider=row.provider, provider_ref=row.provider_ref)


def _event(kind: type[E], row: Chargeback, amount: int, **more: str | int) -> E:
    return kind(
        chargeback_id=row.pk,
        intent_id=row.intent_id,
        subject_kind=row.intent.subject_kind,
        subject_id=row.intent.subject_id,
        amount=amount,
        currency=row.currency,
        **more,
    )
