"""Messages of providers: verified, kept once, acted on once."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping

from django.db import transaction

from banyan.kernel import audit, clock
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.money import Money
from banyan.kernel.problems import Conflict

from .. import providers
from ..access import get_message_for
from ..models import Intent, Payout, ProviderMessage
from ..problems import ProviderRefused
from ..providers.base import Kind, Message
from ..reading import intent_of_provider
from ..rules import NEEDS_A_PERSON, Outcome, Reference
from .capturing import NotOurs, Paid, capture_told
from .chargebacks import hear_chargeback
from .inquiry import decline, end_attempt
from .notes import new_message, note_outcome, store_message
from .payouts import settle_payout
from .refunds import settle_refund

logger = logging.getLogger(__name__)
_BIGGEST_ID = 2**63 - 1


def receive_webhook(*, provider: str, headers: Mapping[str, str], body: bytes) -> None:
    """Verify a provider's message, keep it, and act on it. Must be outermost.

    However often and in whatever order messages come, each has its effect once. A message about
    something unknown is kept for a person to look at. Raises ForgedMessage or UnreadableMessage
    (nothing is kept), ProviderUnknown, and Busy (kept; it is handled when it is sent again, or by
    the regular sweep).
    """
    adapter = providers.get(provider)
    for message in adapter.parse_webhook(headers, body):
        if _booked(adapter.name, message):
            continue
        row = store_message(adapter.name, message, _intent_of(adapter.name, message))
        if row.handled_at is None:
            _handle(row)


def _booked(provider: str, message: Message) -> bool:
    """Book a payment that has arrived, and keep what told of it: one transaction.

    Where that fails the message is kept alone. False for all other messages: nothing happened.
    """
    reference = Reference.parse(message.reference)
    if message.kind != Kind.PAYMENT_SUCCEEDED or message.money is None:
        return False
    if reference is None or reference.kind != "pay" or reference.id > _BIGGEST_ID:
        return False
    named = Intent(pk=reference.id, provider=provider)
    row = new_message(provider, message, named)
    at = message.at or clock.now()
    paid = Paid(provider_ref=row.provider_ref, money=message.money, at=at)
    try:
        capture_told(actor=Actor.provider(provider), intent=named, paid=paid, message=row)
    except NotOurs:
        return False
    return True


def handle_stored(*, message_id: int) -> None:
    """Act on a kept message, unless that was done. Must be outermost; repeatable."""
    row = ProviderMessage.objects.select_related("intent").get(pk=message_id)
    if row.handled_at is None:
        _handle(row)


def look_at_message(*, actor: Actor, message_id: int, reason: str) -> ProviderMessage:
    """Staff say that a message which needed a person was looked into; once, audited.

    Support or finance. ``reason`` says what came of it; nothing else changes. Raises Conflict
    ``message_needs_nobody`` for any other message.
    """
    message = get_message_for(actor, message_id)
    with transaction.atomic():
        waiting = ProviderMessage.objects.filter(
            pk=message_id, outcome__in=NEEDS_A_PERSON, looked_at=None
        )
        if not waiting.update(looked_at=clock.now()):
            raise Conflict(code="message_needs_nobody", detail=message.outcome)
        audit.record(
            actor=actor,
            action="payments.look_at",
            subject_kind="provider_message",
            subject_id=message_id,
            subject_label=message.provider_ref,
            reason=reason,
        )
    message.refresh_from_db()
    return message


def _handle(row: ProviderMessage) -> None:
    """Act on a message; each verb notes the outcome together with its own effect."""
    actor = Actor.provider(row.provider)
    handlers = {
        "payment": _handle_payment,
        "refund": _handle_refund,
        "payout": _handle_payout,
        "chargeback": _handle_chargeback,
    }
    handler = handlers.get(row.kind.partition(".")[0])
    with caused_by(row.intent.cause_id if row.intent else None):
        if handler is None:
            note_outcome(row.pk, Outcome.IGNORED)
        else:
            handler(actor, row)


def _intent_of(provider: str, message: Message) -> Intent | None:
    """Return the payment that a message is about, by our reference, else by the provider's."""
    about = message.kind.partition(".")[0]
    reference = Reference.parse(message.reference)
    ours = Intent.objects.filter(provider=provider)
    if reference is not None and about in ("payment", "other") and reference.kind == "pay":
        return intent_of_provider.first(provider, reference.id)
    if reference is not None and (about, reference.kind) == ("refund", "refund"):
        return ours.filter(refunds__id=reference.id).first()
    if reference is None and about == "payment" and message.provider_ref:
        return ours.filter(attempts__provider_ref=message.provider_ref).first()
    return None


def _handle_payment(actor: Actor, row: ProviderMessage) -> None:
    intent = row.intent
    failure = row.payload["failure"]
    if intent is None:
        note_outcome(row.pk, Outcome.UNKNOWN_REFERENCE)
    elif row.kind == Kind.PAYMENT_SUCCEEDED:
        money = _money(row)
        if money is None:
            note_outcome(row.pk, Outcome.AMOUNT_MISMATCH)
            return
        paid = Paid(provider_ref=row.provider_ref, money=money, at=_at(row))
        capture_told(actor=actor, intent=intent, paid=paid, message=row)
    elif row.kind == Kind.PAYMENT_FAILED:
        decline(actor=actor, intent_id=intent.pk, failure=failure, message_id=row.pk)
    else:
        end_attempt(
            actor=actor,
            intent_id=intent.pk,
            provider_ref=row.provider_ref,
            outcome="cancelled",
            failure=failure,
            message_id=row.pk,
        )


def _handle_refund(actor: Actor, row: ProviderMessage) -> None:
    reference = Reference.parse(row.reference)
    if reference is None or row.intent is None:
        note_outcome(row.pk, Outcome.UNKNOWN_REFERENCE)
        return
    settle_refund(
        actor=actor,
        refund_id=reference.id,
        sequence=reference.number,
        succeeded=row.kind == Kind.REFUND_SUCCEEDED,
        provider_ref=row.provider_ref,
        money=_money(row),
        failure=row.payload["failure"],
        message_id=row.pk,
    )


def _handle_payout(actor: Actor, row: ProviderMessage) -> None:
    reference = Reference.parse(row.reference)
    ours = reference is not None and reference.kind == "payout"
    known = Payout.objects.filter(pk=reference.id if reference else 0, provider=row.provider)
    if reference is None or not ours or not known.exists():
        note_outcome(row.pk, Outcome.UNKNOWN_REFERENCE)
        return
    settle_payout(
        actor=actor,
        payout_id=reference.id,
        succeeded=row.kind == Kind.PAYOUT_PAID,
        provider_ref=row.provider_ref,
        money=_money(row),
        failure=row.payload["failure"],
        message_id=row.pk,
    )


def _handle_chargeback(actor: Actor, row: ProviderMessage) -> None:
    """Ask what happened. Where nobody answers it is told again, or the regular check asks."""
    try:
        hear_chargeback(
            actor=actor, provider=row.provider, provider_ref=row.provider_ref, message_id=row.pk
        )
    except ProviderRefused as refusal:
        logger.error("message %s: the provider tells nothing of it: %s", row.pk, refusal)
        note_outcome(row.pk, Outcome.UNKNOWN_REFERENCE)


def _money(row: ProviderMessage) -> Money | None:
    amount, currency = row.payload["amount"], row.payload["currency"]
    return None if amount is None else Money(amount, currency)


def _at(row: ProviderMessage) -> dt.datetime:
    text = row.payload["at"]
    return dt.datetime.fromisoformat(text) if text else clock.now()
