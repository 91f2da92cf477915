"""What is written beside the states: the end of an attempt, the outcome of a message."""

from __future__ import annotations

import json
import logging

from banyan.kernel import clock
from banyan.kernel.remembered import run

from ..models import Intent, ProviderMessage
from ..providers.base import Kind, Message, ProviderState
from ..rules import NEEDS_A_PERSON, Outcome

logger = logging.getLogger(__name__)

_KEEP = """
INSERT INTO payments_providermessage AS kept
  (provider, message_id, kind, reference, provider_ref, payload, intent_id, outcome, received_at,
   handled_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (provider, message_id) DO UPDATE SET
  repeats = kept.repeats + 1,
  outcome = CASE WHEN kept.handled_at IS NULL THEN excluded.outcome ELSE kept.outcome END,
  handled_at = coalesce(kept.handled_at, excluded.handled_at)
RETURNING id, repeats, outcome, handled_at
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
    ended = run(
        _END if outcome == "captured" else f"{_END} AND outcome = ''",
        [outcome, failure[:200], clock.now(), intent.pk, provider_ref],
    )
    return bool(ended.rowcount)


def capture_attempt(intent: Intent, provider_ref: str) -> bool:
    """Write that an attempt brought the money; tell whether another one is still open.

    One statement. An attempt that had ended otherwise is corrected.
    """
    given = ["captured", "", clock.now(), intent.pk, provider_ref, intent.pk]
    return bool(run(_CAPTURED, given).fetchone()[0])


def note_outcome(message_id: int | None, outcome: Outcome) -> None:
    """Write what became of a message, unless that is known already."""
    if message_id is None:
        return
    run(_NOTE, [str(outcome), clock.now(), message_id])
    _alert(message_id, outcome)


def note_told(message: ProviderMessage | None, outcome: Outcome) -> None:
    """Write what became of a message; one that is not kept yet is kept by the same statement."""
    if message is None or message.pk is not None:
        note_outcome(message.pk if message else None, outcome)
        return
    message.outcome, message.handled_at = str(outcome), clock.now()
    _keep(message)
    _alert(message.pk, outcome)


def _alert(message_id: int, outcome: Outcome) -> None:
    if outcome in NEEDS_A_PERSON:
        logger.error("provider message %s needs a person: %s", message_id, outcome)


def new_message(provider: str, message: Message, intent: Intent | None) -> ProviderMessage:
    """Return the row of a message that is still to be kept."""
    return ProviderMessage(
        provider=provider,
        message_id=message.message_id[:160],
        kind=message.kind,
        reference=message.reference[:200],
        provider_ref=message.provider_ref[:80],
        payload=payload_of(message),
        intent=intent,
        received_at=clock.now(),
    )


def keep_message(message: ProviderMessage) -> None:
    """Keep a message that is not kept yet, with nothing decided: evidence of what failed.

    A repetition is counted on the row there is, whose outcome ``message`` then has.
    """
    if message.pk is None:
        message.outcome, message.handled_at = "", None
        _keep(message)


def store_message(provider: str, message: Message, intent: Intent | None) -> ProviderMessage:
    """Keep a message, once per provider's own id; a repetition is counted on the row there is.

    One statement. Committed before anything is done with it, so that a failure leaves evidence.
    """
    row = new_message(provider, message, intent)
    if _keep(row):
        kept = ProviderMessage.objects.select_related("intent")
        return kept.get(provider=provider, message_id=row.message_id)
    return row


def keep_answer(
    provider: str,
    kind: Kind,
    reference: str,
    state: ProviderState,
    outcome: Outcome,
    intent: Intent | None = None,
) -> None:
    """Keep an answer that needs a person as a message, once: no other tells of it."""
    if outcome not in NEEDS_A_PERSON:
        return
    message = Message(
        message_id=f"asked:{reference}:{state.status}",
        kind=kind,
        reference=reference,
        provider_ref=state.provider_ref,
        money=state.money,
        at=state.at,
        failure=state.failure,
    )
    row = store_message(provider, message, intent)
    if row.handled_at is None:
        note_outcome(row.pk, outcome)


def _keep(row: ProviderMessage) -> bool:
    """Write a message, or count its repetition; one statement. Tell whether it was a repetition."""
    kept = run(
        _KEEP,
        [
            row.provider,
            row.message_id,
            row.kind,
            row.reference,
            row.provider_ref,
            json.dumps(row.payload),
            row.intent_id,
            row.outcome,
            row.received_at,
            row.handled_at,
        ],
    )
    row.pk, row.repeats, row.outcome, row.handled_at = kept.fetchone()
    row._state.adding = False
    return bool(row.repeats)


def payload_of(message: Message) -> dict[str, object]:
    """Return a message as JSON, from which it can be handled again."""
    return {
        "amount": message.money.amount if message.money else None,
        "currency": message.money.currency if message.money else None,
        "at": message.at.isoformat() if message.at else None,
        "failure": message.failure,
        "payer": message.payer,
        "raw": dict(message.raw),
    }
