"""Asking a provider how a payment stands, and ending what is over."""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import QuerySet

from banyan.kernel import clock, events, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.locks import LockKey
from banyan.kernel.remembered import get, reload
from banyan.kernel.states import transition

from .. import providers
from ..events import PaymentFailed
from ..models import Attempt, Intent
from ..problems import ProviderRefused, ProviderUnknown, ProviderUnreachable
from ..providers.base import Kind, Message, Provider, ProviderState, Status
from ..reading import open_attempts
from ..rules import OPEN, Outcome, check_delay
from ..states import INTENT
from .capturing import Paid, capture_told, is_booked
from .intents import charge_of
from .notes import close_attempt, new_message, note_outcome, store_message

logger = logging.getLogger(__name__)

_AS_MESSAGE = {
    Status.SUCCEEDED: Kind.PAYMENT_SUCCEEDED,
    Status.CANCELLED: Kind.PAYMENT_CANCELLED,
    Status.FAILED: Kind.PAYMENT_FAILED,
}


def sync(*, actor: Actor, intent_id: int) -> Intent:
    """Ask the provider how the payment stands and act on it; return the intent as it is then.

    For the browser's return and the regular check; not inside a transaction. A settled payment
    costs no call. Ends in :func:`capture`, or in a closed attempt after which :func:`start` opens
    a new one. Raises ProviderUnreachable, and what capture raises.
    """
    return sync_known(actor=actor, intent=get(Intent, intent_id))


def sync_known(*, actor: Actor, intent: Intent) -> Intent:
    """Do what :func:`sync` does, for an intent that was read already; it is brought up to date."""
    adapter = providers.get(intent.provider)
    with caused_by(intent.cause_id):
        asked = [attempt for attempt in open_attempts(intent.pk) if attempt.provider_ref]
        for attempt in asked:
            state = adapter.query(charge_of(intent, attempt))
            _act_on(actor, intent, adapter, attempt, state)
    if not asked:
        reload(intent)  # somebody may have ended its last attempt since it was read
    return intent


def expire_intent(*, actor: Actor, intent_id: int) -> Intent:
    """End a payment whose time has passed; first at the provider, so that a payment in time wins.

    Repeatable; not inside a transaction. When the provider is away, refuses, or is not enabled any
    more, the intent expires all the same (it must not hold anything for ever) and is closed there
    by a later check.
    """
    intent = Intent.objects.get(pk=intent_id)
    if intent.state not in OPEN or clock.now() < intent.expires_at:
        return intent
    with caused_by(intent.cause_id):
        try:
            _close_at_provider(actor, intent)
        except (ProviderUnreachable, ProviderRefused, ProviderUnknown) as error:
            logger.warning("intent %s expires unasked: %s", intent.pk, error)
        with transaction.atomic():
            locks.take([LockKey("payment", intent.pk)])
            intent.refresh_from_db()
            if intent.state in OPEN:
                left = _open_attempts(intent).exists()
                transition(
                    INTENT,
                    intent,
                    "expired",
                    actor=actor,
                    # Soon, and not after the long pause of who has waited: it can still be paid.
                    next_check_at=clock.now() + check_delay(0) if left else None,
                    checks=0,
                )
    return intent


def check_intent(*, actor: Actor, intent_id: int) -> Intent:
    """Do what is due for one payment: ask, expire, or close what is left open at the provider."""
    intent = Intent.objects.get(pk=intent_id)
    if intent.state not in OPEN:
        with caused_by(intent.cause_id):
            _close_at_provider(actor, intent)
        if not _open_attempts(intent).exists():
            Intent.objects.filter(pk=intent.pk).exclude(state__in=OPEN).update(next_check_at=None)
        return intent
    if clock.now() >= intent.expires_at:
        return expire_intent(actor=actor, intent_id=intent.pk)
    return sync(actor=actor, intent_id=intent.pk)


def end_attempt(
    *,
    actor: Actor,
    intent_id: int,
    provider_ref: str,
    outcome: str,
    failure: str,
    message_id: int | None = None,
) -> Outcome:
    """Write that an attempt came to nothing; the payer may start another.

    Locks payment; repeatable. Emits payment.failed when the payment was under way.
    """
    with transaction.atomic():
        locks.take([LockKey("payment", intent_id)])
        intent = Intent.objects.get(pk=intent_id)
        with caused_by(intent.cause_id):
            closed = close_attempt(intent, provider_ref, outcome=outcome, failure=failure)
            if closed and intent.state == "pending" and not _open_attempts(intent).exists():
                fail_intent(actor, intent, failure or outcome)
        result = Outcome.DECLINED if outcome == "declined" else Outcome.ATTEMPT_CLOSED
        result = result if closed else Outcome.STALE
        note_outcome(message_id, result)
    return result


def decline(
    *, actor: Actor, intent_id: int, failure: str, message_id: int | None = None
) -> Outcome:
    """Write that one try was declined while the provider's page stays open for another.

    Locks payment. Emits payment.failed; a decline that is told late changes nothing.
    """
    with transaction.atomic():
        locks.take([LockKey("payment", intent_id)])
        intent = Intent.objects.get(pk=intent_id)
        outcome = Outcome.STALE
        if intent.state == "pending":
            with caused_by(intent.cause_id):
                fail_intent(actor, intent, failure or "declined")
            outcome = Outcome.DECLINED
        note_outcome(message_id, outcome)
    return outcome


def fail_intent(actor: Actor, intent: Intent, failure: str) -> None:
    """Move a pending intent to failed and emit payment.failed; needs the payment's lock."""
    transition(INTENT, intent, "failed", actor=actor, reason=failure, failure=failure[:200])
    events.emit(
        PaymentFailed(
            intent_id=intent.pk,
            subject_kind=intent.subject_kind,
            subject_id=intent.subject_id,
            amount=intent.amount,
            currency=intent.currency,
            reason=failure,
        ),
        actor=actor,
    )


def _open_attempts(intent: Intent) -> QuerySet[Attempt]:
    return Attempt.objects.filter(intent=intent, outcome="").order_by("number")


def _close_at_provider(actor: Actor, intent: Intent) -> None:
    """Close every open attempt of the intent at the provider; a paid one ends in a capture."""
    adapter = providers.get(intent.provider)
    for attempt in _open_attempts(intent):
        if not attempt.provider_ref:
            # The provider's answer never reached us, so nobody was ever sent to pay it.
            Attempt.objects.filter(pk=attempt.pk, provider_ref="", outcome="").update(
                outcome="abandoned", ended_at=clock.now()
            )
            continue
        charge = charge_of(intent, attempt)
        try:
            state = adapter.cancel(charge)
        except ProviderRefused as refusal:
            logger.warning("intent %s cannot be cancelled: %s", intent.pk, refusal)
            state = adapter.query(charge)
        _act_on(actor, intent, adapter, attempt, state)


def _act_on(
    actor: Actor, intent: Intent, adapter: Provider, attempt: Attempt, state: ProviderState
) -> None:
    """Do what the provider's answer asks for, and bring ``intent`` up to date.

    Behind whoever is booking the payment just now: mostly its message, which came meanwhile.
    """
    if state.status == Status.PENDING:
        reload(intent)
        return
    locks.read_behind(intent, "id")
    message = Message(
        message_id=f"asked:{attempt.provider_ref}:{state.status}",
        kind=_AS_MESSAGE[state.status],
        reference=charge_of(intent, attempt).reference,
        provider_ref=attempt.provider_ref,
        money=state.money,
        at=state.at,
        failure=state.failure,
        payer=state.payer,
        raw=state.raw,
    )
    if state.status == Status.SUCCEEDED and state.money is not None:
        paid = Paid(
            provider_ref=attempt.provider_ref, money=state.money, at=state.at or clock.now()
        )
        if not is_booked(intent, paid):
            row = new_message(adapter.name, message, intent)
            capture_told(actor=actor, intent=intent, paid=paid, message=row)
            reload(intent)
        return
    row = store_message(adapter.name, message, intent)
    end_attempt(
        actor=actor,
        intent_id=intent.pk,
        provider_ref=attempt.provider_ref,
        outcome="cancelled" if state.status == Status.CANCELLED else "failed",
        failure=state.failure,
        message_id=row.pk,
    )
    reload(intent)
