"""Messages of providers: verified, kept once, acted on once."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping

from banyan.kernel import clock
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.money import Money

from .. import providers
from ..models import Attempt, Intent, Payout, ProviderMessage, Refund
from ..providers.base import Kind, Message
from ..rules import Outcome, Reference
from .capturing import Paid, capture
from .inquiry import decline, end_attempt
from .notes import note_outcome, store_message
from .payouts import settle_payout
from .refunds import settle_refund

logger = logging.getLogger(__name__)


def receive_webhook(*, provider: str, headers: Mapping[str, str], body: bytes) -> None:
    """Verify a provider's message, keep it, and act on it. Must be outermost.

    However often and in whatever order messages come, each has its effect once. A message about
    something unknown is kept for a person to look at. Raises ForgedMessage or UnreadableMessage
    (nothing is kept), ProviderUnknown, and Busy (kept; it is handled when it is sent again, or by
    the regular sweep).
    """
    adapter = providers.get(provider)
    for message in adapter.parse_webhook(headers, body):
        row = store_message(adapter.name, message, _intent_of(adapter.name, message))
        if row.handled_at is None:
            handle_stored(message_id=row.pk)


def handle_stored(*, message_id: int) -> None:
    """Act on a kept message, unless that was done. Must be outermost; repeatable."""
    row = ProviderMessage.objects.select_related("intent").get(pk=message_id)
    if row.handled_at is not None:
        return
    actor = Actor.provider(row.provider)
    with caused_by(row.intent.cause_id if row.intent else None):
        if row.kind.startswith("payment."):
            outcome = _handle_payment(actor, row)
        elif row.kind.startswith("refund."):
            outcome = _handle_refund(actor, row)
        elif row.kind.startswith("payout."):
            outcome = _handle_payout(actor, row)
        else:
            outcome = Outcome.IGNORED
    # The verbs note it with their own effect; this is for those that had none.
    note_outcome(row.pk, outcome)


def _intent_of(provider: str, message: Message) -> Intent | None:
    """Return the payment that a message is about, by our reference, else by the provider's."""
    reference = Reference.parse(message.reference)
    if reference and reference.kind == "pay":
        return Intent.objects.filter(pk=reference.id, provider=provider).first()
    if reference and reference.kind == "refund":
        return Intent.objects.filter(refunds__id=reference.id, provider=provider).first()
    if reference or not message.provider_ref:
        return None
    attempt = (
        Attempt.objects.filter(provider_ref=message.provider_ref, intent__provider=provider)
        .select_related("intent")
        .first()
    )
    return attempt.intent if attempt else None


def _handle_payment(actor: Actor, row: ProviderMessage) -> Outcome:
    intent = row.intent
    if intent is None:
        return Outcome.UNKNOWN_REFERENCE
    if row.kind == Kind.PAYMENT_SUCCEEDED:
        money = _money(row)
        if money is None:
            return Outcome.AMOUNT_MISMATCH
        paid = Paid(provider_ref=row.provider_ref, money=money, at=_at(row))
        return capture(actor=actor, intent_id=intent.pk, paid=paid, message_id=row.pk)
    failure = row.payload["failure"]
    if row.kind == Kind.PAYMENT_FAILED:
        return decline(actor=actor, intent_id=intent.pk, failure=failure, message_id=row.pk)
    return end_attempt(
        actor=actor,
        intent_id=intent.pk,
        provider_ref=row.provider_ref,
        outcome="cancelled",
        failure=failure,
        message_id=row.pk,
    )


def _handle_refund(actor: Actor, row: ProviderMessage) -> Outcome:
    reference = Reference.parse(row.reference)
    refund = Refund.objects.filter(pk=reference.id).first() if reference else None
    if reference is None or refund is None or row.intent is None:
        return Outcome.UNKNOWN_REFERENCE
    return settle_refund(
        actor=actor,
        refund_id=refund.pk,
        sequence=reference.number,
        succeeded=row.kind == Kind.REFUND_SUCCEEDED,
        provider_ref=row.provider_ref,
        money=_money(row),
        failure=row.payload["failure"],
        message_id=row.pk,
    )


def _handle_payout(actor: Actor, row: ProviderMessage) -> Outcome:
    reference = Reference.parse(row.reference)
    if reference is None or reference.kind != "payout":
        return Outcome.UNKNOWN_REFERENCE
    payout = Payout.objects.filter(pk=reference.id, provider=row.provider).first()
    if payout is None:
        return Outcome.UNKNOWN_REFERENCE
    return settle_payout(
        actor=actor,
        payout_id=payout.pk,
        succeeded=row.kind == Kind.PAYOUT_PAID,
        provider_ref=row.provider_ref,
        money=_money(row),
        failure=row.payload["failure"],
        message_id=row.pk,
    )


def _money(row: ProviderMessage) -> Money | None:
    amount, currency = row.payload["amount"], row.payload["currency"]
    return None if amount is None else Money(amount, currency)


def _at(row: ProviderMessage) -> dt.datetime:
    text = row.payload["at"]
    return dt.datetime.fromisoformat(text) if text else clock.now()
