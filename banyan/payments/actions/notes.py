"""What is written beside the states: the end of an attempt, the outcome of a message."""

from __future__ import annotations

import json
import logging

from django.db import connection

from banyan.kernel import clock

from ..models import Attempt, Intent, ProviderMessage
from ..providers.base import Message
from ..rules import NEEDS_A_PERSON, Outcome

logger = logging.getLogger(__name__)

_KEEP = """
INSERT INTO payments_providermessage
  (provider, message_id, kind, reference, provider_ref, payload, intent_id, outcome, received_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, '', %s)
ON CONFLICT (provider, message_id)
  DO UPDATE SET repeats = payments_providermessage.repeats + 1
RETURNING id, repeats
"""


def close_attempt(intent: Intent, provider_ref: str, *, outcome: str, failure: str = "") -> bool:
    """Write how an open attempt ended; False when there is no such open attempt.

    An attempt that had ended otherwise and is captured nevertheless is corrected.
    """
    attempts = Attempt.objects.filter(intent=intent, provider_ref=provider_ref)
    if outcome != "captured":
        attempts = attempts.filter(outcome="")
    return bool(attempts.update(outcome=outcome, failure=failure[:200], ended_at=clock.now()))


def note_outcome(message_id: int | None, outcome: Outcome) -> None:
    """Write what became of a message, unless that is known already."""
    if message_id is None:
        return
    ProviderMessage.objects.filter(pk=message_id, handled_at=None).update(
        outcome=outcome, handled_at=clock.now()
    )
    if outcome in NEEDS_A_PERSON:
        logger.error("provider message %s needs a person: %s", message_id, outcome)


def store_message(provider: str, message: Message, intent: Intent | None) -> ProviderMessage:
    """Keep a message, once per provider's own id; a repetition is counted on the row there is.

    One statement. Committed before anything is done with it, so that a failure leaves evidence.
    """
    row = ProviderMessage(
        provider=provider,
        message_id=message.message_id[:160],
        kind=message.kind,
        reference=message.reference[:200],
        provider_ref=message.provider_ref[:80],
        payload=payload_of(message),
        intent=intent,
        received_at=clock.now(),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            _KEEP,
            [
                row.provider,
                row.message_id,
                row.kind,
                row.reference,
                row.provider_ref,
                json.dumps(row.payload),
                row.intent_id,
                row.received_at,
            ],
        )
        made = cursor.fetchone()
    if made is None or made[1]:
        kept = ProviderMessage.objects.select_related("intent")
        return kept.get(provider=provider, message_id=row.message_id)
    row.pk = made[0]
    row._state.adding = False
    return row


def payload_of(message: Message) -> dict[str, object]:
    """Return a message as JSON, from which it can be handled again."""
    return {
        "amount": message.money.amount if message.money else None,
        "currency": message.money.currency if message.money else None,
        "at": message.at.isoformat() if message.at else None,
        "failure": message.failure,
        "raw": dict(message.raw),
    }
