"""Sending money back."""

from __future__ import annotations

import logging
from typing import TypeVar

from django.db import transaction
from django.db.models import F

from banyan.kernel import audit, clock, events, locks
from banyan.kernel.actors import Actor, caused_by, current_cause
from banyan.kernel.locks import LockKey
from banyan.kernel.money import Money
from banyan.kernel.problems import Conflict, Forbidden
from banyan.kernel.states import transition
from banyan.ledger import actions as ledger
from banyan.ledger.rules import Entry

from .. import providers
from ..access import get_refund_for
from ..events import RefundFailed, RefundRequested, RefundSucceeded
from ..models import Intent, Payout, Refund
from ..problems import (
    DestinationNotSupported,
    PaymentChargedBack,
    ProviderRefused,
    ProviderUnreachable,
    RefundHeld,
    RefundKeyReused,
    RefundTooLarge,
)
from ..providers.base import Kind, Provider, ProviderState, RefundOrder, Status
from ..queries import destinations_for, is_held, taken_back
from ..rules import (
    PATIENCE,
    REFUND_PROMISE,
    SETTLED,
    TO_WALLET,
    UNSENT,
    Outcome,
    Reference,
    check_delay,
    check_destination,
    try_delay,
)
from ..states import REFUND
from .books import clearing_account, provider_account
from .notes import keep_answer, note_outcome
from .sending import write_final_word, write_submitted

logger = logging.getLogger(__name__)

E = TypeVar("E", RefundRequested, RefundSucceeded, RefundFailed)


def request_refund(
    *,
    actor: Actor,
    intent_id: int,
    amount: int,
    reason: str,
    subject_kind: str,
    subject_id: int,
    key: str,
    destination: str = "",
) -> Refund:
    """Promise ``amount`` minor units of the intent's currency back to the payer; once per ``key``.

    In the caller's transaction, which holds the lock ("payment", intent_id). Reserves the amount
    by one conditional statement, so that all refunds, and what the payer's bank took, together
    never exceed what was captured. Raises RefundTooLarge, PaymentChargedBack, RefundKeyReused,
    DestinationNotSupported. Emits refund.requested; the provider is asked after the commit. The
    latest date promised is ten days from now.
    """
    locks.require(LockKey("payment", intent_id))
    intent = Intent.objects.get(pk=intent_id)
    before = Refund.objects.filter(key=key).first()
    if before is not None:
        if (before.intent_id, before.amount) != (intent_id, amount):
            raise RefundKeyReused(detail=key)
        return before
    _check_destination(intent, destination)
    if taken_back(intent_id):
        raise PaymentChargedBack(detail=key)
    if not _reserve(intent, amount):
        left = intent.captured_amount - intent.refunded_amount - intent.charged_back_amount
        raise RefundTooLarge(detail=f"{key}: {amount} of {left}", extra={"refundable": left})
    now = clock.now()
    refund = Refund.objects.create(
        intent=intent,
        amount=amount,
        currency=intent.currency,
        reason=reason[:200],
        subject_kind=subject_kind,
        subject_id=subject_id,
        destination=destination,
        key=key,
        created_at=now,
        due_by=now + REFUND_PROMISE,
        next_attempt_at=now,
        cause_id=current_cause() or intent.cause_id,
    )
    events.emit(_event(RefundRequested, refund), actor=actor)
    return refund


def _reserve(intent: Intent, amount: int) -> bool:
    room = F("captured_amount") - F("charged_back_amount") - amount
    open_for_it = Intent.objects.filter(pk=intent.pk, state__in=SETTLED, refunded_amount__lte=room)
    return amount > 0 and open_for_it.update(refunded_amount=F("refunded_amount") + amount) == 1


def retry_locks(refund_id: int) -> list[LockKey]:
    """Return what :func:`retry_refund` locks."""
    return [LockKey("payment", Refund.objects.get(pk=refund_id).intent_id)]


def retry_refund(
    *, actor: Actor, refund_id: int, destination: str = "", reason: str = ""
) -> Refund:
    """Ask again for a refund that failed, to ``destination``.

    Empty is the way it was paid, ``TO_WALLET`` the payer's credit here, anything else is in the
    provider's own terms.

    Alone or in the caller's transaction (lock: payment). Raises Conflict ``refund_not_failed``,
    PaymentChargedBack, DestinationNotSupported, RefundHeld where the provider may still send it.
    Emits refund.requested. Who may do this is the caller's to know.
    """
    refund = Refund.objects.select_related("intent").get(pk=refund_id)
    _check_destination(refund.intent, destination)
    with transaction.atomic(), caused_by(refund.cause_id):
        locks.take([LockKey("payment", refund.intent_id)])
        refund.refresh_from_db()
        if refund.state != "failed":
            raise Conflict(code="refund_not_failed", detail=refund.state)
        if taken_back(refund.intent_id):
            raise PaymentChargedBack(detail=f"refund {refund_id}")
        if destination != TO_WALLET and is_held(refund):
            raise RefundHeld(detail=f"refund {refund_id}: {refund.failure}")
        now = clock.now()
        transition(
            REFUND,
            refund,
            "requested",
            actor=actor,
            reason=reason or "another destination",
            destination=destination,
            sequence=refund.sequence + 1,
            attempts=0,
            provider_ref="",
            failure="",
            next_attempt_at=now,
            settled_at=None,
        )
        events.emit(_event(RefundRequested, refund), actor=actor)
    return refund


def redirect_refund(*, actor: Actor, refund_id: int, destination: str, reason: str) -> Refund:
    """Staff send a failed refund again that is no order's (:func:`retry_refund`); audited.

    Support or finance; the refund of an order is redirected by ``orders``, which keeps its state.
    """
    refund = get_refund_for(actor, refund_id)
    if not actor.has_role("support", "finance"):
        raise Forbidden()
    if refund.subject_kind == "order_refund":
        raise Conflict(code="refund_of_an_order", detail=str(refund.subject_id))
    with transaction.atomic():
        sent = retry_refund(
            actor=actor, refund_id=refund_id, destination=destination.strip(), reason=reason
        )
        audit.record(
            actor=actor,
            action="refund.send_again",
            subject_kind="payment_refund",
            subject_id=refund_id,
            reason=reason,
            detail={"destination": destination.strip()},
        )
    return sent


def submit_refund(*, actor: Actor, refund_id: int) -> Refund:
    """Send a requested refund to its provider; repeatable, and safe to run twice at once.

    Not inside a transaction. Does nothing before the row's ``next_attempt_at``, which each try
    moves on; so a provider that is away is asked again later, and so is one that waits for money
    which was passed on, or for the end of what the payer's bank takes back. Any other refusal makes
    the refund failed and emits refund.failed.
    """
    refund = Refund.objects.select_related("intent").get(pk=refund_id)
    now = clock.now()
    claimed = Refund.objects.filter(
        pk=refund_id,
        state="requested",
        attempts=refund.attempts,
        sequence=refund.sequence,
        next_attempt_at__lte=now,
    ).update(attempts=F("attempts") + 1, next_attempt_at=now + try_delay(refund.attempts))
    if not claimed:
        refund.refresh_from_db()
        return refund
    with caused_by(refund.cause_id):
        _submit(actor, refund)
    refund.refresh_from_db()
    return refund


def _submit(actor: Actor, refund: Refund) -> None:
    if taken_back(refund.intent_id):
        logger.warning("refund %s waits: the payer's bank is taking the payment back", refund.pk)
        return
    carrier = _carrier(refund)
    try:
        state = carrier.refund(_order(refund))
    except ProviderUnreachable as error:
        logger.warning("refund %s waits for its provider: %s", refund.pk, error)
        return
    except ProviderRefused as refusal:
        if refusal.reason in carrier.capabilities.short_of_money and _comes_back(refund):
            logger.warning("refund %s waits for what was passed on: %s", refund.pk, refusal)
            return
        settle_refund(
            actor=actor,
            refund_id=refund.pk,
            sequence=refund.sequence,
            succeeded=False,
            provider_ref="",
            failure=refusal.reason,
        )
        return
    _act_on(actor, refund, state)


def _comes_back(refund: Refund) -> bool:
    """Tell whether money for it is still to come back from a merchant, who is asked beside it."""
    intent = refund.intent
    parts = Payout.objects.filter(provider=intent.provider, payment_ref=intent.provider_ref)
    in_time = clock.now() < refund.created_at + PATIENCE
    return in_time and parts.exclude(state="failed").exists()


def covering_locks(intent: Intent) -> list[LockKey]:
    """Return what :func:`cover` locks besides the payment."""
    unsent = Refund.objects.filter(intent=intent, state__in=UNSENT)
    return [key for one in unsent for key in events.locks_for(_event(RefundSucceeded, one))]


def cover(*, actor: Actor, intent: Intent, by: str) -> None:
    """End every unsent refund of a payment: the payer has the money, their bank took it.

    Inside the transaction that books a lost chargeback (``by``), which holds
    :func:`covering_locks`; posts nothing, since that has posted it. Emits refund.succeeded.
    """
    for refund in Refund.objects.filter(intent=intent, state__in=UNSENT).order_by("id"):
        write_final_word(REFUND, refund, "covered", actor=actor, provider_ref=by, failure="")
        events.emit(_event(RefundSucceeded, refund), actor=actor)


def poll_refund(*, actor: Actor, refund_id: int) -> Refund:
    """Ask the provider how a submitted refund stands; not inside a transaction."""
    refund = Refund.objects.select_related("intent").get(pk=refund_id)
    if refund.state != "submitted":
        return refund
    Refund.objects.filter(pk=refund_id, state="submitted").update(
        attempts=F("attempts") + 1, next_attempt_at=clock.now() + check_delay(refund.attempts)
    )
    with caused_by(refund.cause_id):
        state = _carrier(refund).query_refund(_order(refund))
        _act_on(actor, refund, state)
    refund.refresh_from_db()
    return refund


def _act_on(actor: Actor, refund: Refund, state: ProviderState) -> None:
    if state.status != Status.PENDING:
        succeeded = state.status == Status.SUCCEEDED
        outcome = settle_refund(
            actor=actor,
            refund_id=refund.pk,
            sequence=refund.sequence,
            succeeded=succeeded,
            provider_ref=state.provider_ref,
            money=state.money,
            failure=state.failure,
        )
        kind = Kind.REFUND_SUCCEEDED if succeeded else Kind.REFUND_FAILED
        reference = _order(refund).reference
        keep_answer(_carrier(refund).name, kind, reference, state, outcome, refund.intent)
        return
    with transaction.atomic():
        locks.take([LockKey("payment", refund.intent_id)])
        fresh = Refund.objects.get(pk=refund.pk)
        if fresh.state == "requested" and fresh.sequence == refund.sequence:
            write_submitted(REFUND, fresh, actor=actor, state=state)


def settle_refund(
    *,
    actor: Actor,
    refund_id: int,
    sequence: int,
    succeeded: bool,
    provider_ref: str,
    money: Money | None = None,
    failure: str = "",
    message_id: int | None = None,
) -> Outcome:
    """Write the provider's final word on a refund; once, however often it is told. Outermost.

    ``sequence`` is the request it speaks of; a word on an earlier one is stale. Success posts
    ``refund:{id}:sent`` (clearing -R, provider +R) and emits refund.succeeded; failure keeps the
    amount reserved (it is still owed) and emits refund.failed. Locks: payment, and those that the
    listeners of either event declare. A success after a failure is one where the provider had kept
    the money, else a contradiction.
    """
    refund = Refund.objects.select_related("intent").get(pk=refund_id)
    intent = refund.intent
    adapter = _carrier(refund)
    event = (
        _event(RefundSucceeded, refund)
        if succeeded
        else _event(RefundFailed, refund, reason=failure)
    )
    target = provider_account(adapter, intent.payer_id, refund.currency)
    clearing = clearing_account(refund.currency)
    keys = [
        LockKey("payment", intent.pk),
        *events.locks_for(event),
        *ledger.lock_keys([target, clearing]),
    ]
    with transaction.atomic(), caused_by(refund.cause_id):
        locks.take(keys)
        refund.refresh_from_db()
        outcome = _judge(refund, sequence=sequence, succeeded=succeeded, money=money)
        if outcome is Outcome.SETTLED:
            write_final_word(
                REFUND,
                refund,
                "succeeded" if succeeded else "failed",
                actor=actor,
                provider_ref=provider_ref,
                failure=failure,
            )
            if succeeded:
                ledger.post(
                    key=f"refund:{refund.pk}:sent",
                    kind="refund.succeeded",
                    subject_kind="refund",
                    subject_id=refund.pk,
                    entries=[Entry(clearing.pk, -refund.amount), Entry(target.pk, refund.amount)],
                    currency=refund.currency,
                    actor=actor,
                    memo=provider_ref,
                )
            events.emit(event, actor=actor)
        note_outcome(message_id, outcome)
    if outcome is Outcome.SETTLED and not succeeded:
        logger.error("refund %s failed and needs another destination: %s", refund_id, failure)
    return outcome


def _judge(refund: Refund, *, sequence: int, succeeded: bool, money: Money | None) -> Outcome:
    if refund.state == "covered":
        # It did go out, and the bank took it besides: money left twice.
        return Outcome.CONTRADICTION if succeeded else Outcome.STALE
    final = refund.state in ("succeeded", "failed")
    if succeeded and refund.state == "failed" and is_held(refund):
        final = False  # it was sent on there, by hand
    if final and sequence == refund.sequence:
        same = succeeded == (refund.state == "succeeded")
        return Outcome.ALREADY_SETTLED if same else Outcome.CONTRADICTION
    if sequence != refund.sequence:
        # An earlier request was told failed; if it did go out after all, money left twice.
        return Outcome.CONTRADICTION if succeeded else Outcome.STALE
    if succeeded and money is not None and money != Money(refund.amount, refund.currency):
        return Outcome.AMOUNT_MISMATCH
    return Outcome.SETTLED


def _check_destination(intent: Intent, destination: str) -> None:
    can = destinations_for(intent)
    if destination and not (can.wallet if destination == TO_WALLET else can.elsewhere):
        raise DestinationNotSupported(detail=intent.provider)
    check_destination(destination)


def _carrier(refund: Refund) -> Provider:
    """Return who carries the money: our own wallet where that is the destination."""
    name = "wallet" if refund.destination == TO_WALLET else refund.intent.provider
    return providers.get(name)


def _order(refund: Refund) -> RefundOrder:
    intent = refund.intent
    return RefundOrder(
        reference=str(Reference("refund", refund.pk, refund.sequence)),
        payment_ref=intent.provider_ref,
        money=Money(refund.amount, refund.currency),
        whole=Money(intent.captured_amount, intent.currency),
        reason=refund.reason,
        destination=refund.destination,
        provider_ref=refund.provider_ref,
    )


def _event(kind: type[E], refund: Refund, **more: str) -> E:
    return kind(
        refund_id=refund.pk,
        intent_id=refund.intent_id,
        subject_kind=refund.subject_kind,
        subject_id=refund.subject_id,
        amount=refund.amount,
        currency=refund.currency,
        **more,
    )
