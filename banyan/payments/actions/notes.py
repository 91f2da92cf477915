"""What is written beside the states: the end of an attempt, the outcome of a message."""

from __future__ import annotations

import json
import logging

from django.db import connection

from banyan.kernel import clock

from ..models import Intent, ProviderMessage
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

_END = """
UPDATE payments_attempt SET outcome = %s, failure = %s, ended_at = %s
WHERE intent_id = %s AND provider_ref = %s
"""

_CAPTURED = f"""
WITH ended AS ({_END} RETURNING id)
SELECT EXISTS (SELECT FROM payments_attempt WHERE intent_id = %s AND outcome = ''
                 AND id NOT IN (SELECT id FROM ended))
"""  # noqa: S608 - our own text

_NOTE = """
UPDATE payments_providermessage SET outcome = %s, handled_at = %s
WHERE id = %s AND handled_at IS NULL
"""


def close_attempt(intent: Intent, provider_ref: str, *, outcome: str, failure: str = "") -> bool:
    """Write how an open attempt ended; False when there is no such open attempt.

    An attempt that had ended otherwise and is captured nevertheless is corrected.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _END if outcome == "captured" else f"{_END} AND outcome = ''",
            [outcome, failure[:200], clock.now(), intent.pk, provider_ref],
        )
        return bool(cursor.rowcount)


def capture_attempt(intent: Intent, provider_ref: str) -> bool:
    """Write that an attempt brought the money; tell whether another one is still open.

    One statement. An attempt that had ended otherwise is corrected.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CAPTURED, ["captured", "", clock.now(), intent.pk, provider_ref, intent.pk])
        return bool(cursor.fetchone()[0])


def note_outcome(message_id: int | None, outcome: Outcome) -> None:
    """Write what became of a message, unless that is known already."""
    if message_id is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [str(outcome), clock.now(), message_id])
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
