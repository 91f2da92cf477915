"""Payments: opened by the merchant, paid, declined or cancelled by the buyer, refundable."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Event as Signal
from types import MappingProxyType

from sandbox.behaviour import Behaviour, behaviour_of
from sandbox.fields import Fields
from sandbox.identifiers import new_id
from sandbox.outbox import Outbox
from sandbox.refusals import Refusal, invalid, not_found
from sandbox.shapes import payment_shape
from sandbox.store import Transaction

LATE_MS = 20_000
DEFAULT_EXPIRY_S = 1_800
MAX_EXPIRY_S = 86_400

#: What the buyer can choose on the pay page, and what it does to the webhook.
OUTCOMES: Mapping[str, Callable[[Behaviour], Behaviour]] = MappingProxyType(
    {
        "success": lambda usual: usual,
        "late": lambda usual: replace(usual, webhook_delay_ms=LATE_MS),
        "never": lambda usual: replace(usual, drop=True),
        "twice": lambda usual: replace(usual, duplicate=max(1, usual.duplicate)),
        "before_redirect": lambda usual: replace(
            usual, webhook_delay_ms=0, drop=False, reorder=False
        ),
    }
)
DECLINE = "insufficient_funds"


class Payments:
    """The desk for payments. Every method runs inside the caller's transaction."""

    def __init__(self, *, outbox: Outbox, default_webhook_url: str | None) -> None:
        """Write events to ``outbox``."""
        self._outbox = outbox
        self._default_webhook_url = default_webhook_url

    def create(self, work: Transaction, fields: Fields, *, at: int, base: str) -> sqlite3.Row:
        """Open a payment; its pay page is below ``base``."""
        amount, currency = fields.amount(), fields.currency()
        reference = fields.text("reference", longest=200)
        return_url = fields.url("return_url", required=True)
        webhook_url = fields.url("webhook_url", required=False) or self._default_webhook_url
        description = fields.text("description", longest=500, default="")
        locale = fields.text("locale", longest=35, default="en")
        metadata = fields.labels("metadata")
        lifetime = fields.integer("expires_in", low=1, high=MAX_EXPIRY_S, default=DEFAULT_EXPIRY_S)
        fields.done()
        self._outbox.check_target(webhook_url)
        payment_id = new_id("pay")
        work.insert(
            "payment",
            id=payment_id,
            status="open",
            amount=amount,
            currency=currency,
            reference=reference,
            return_url=return_url,
            webhook_url=webhook_url,
            pay_url=f"{base}/pay/{payment_id}",
            description=description,
            locale=locale,
            metadata=metadata,
            created_ms=at,
            expires_ms=at + lifetime * 1000,
        )
        return self._row(work, payment_id)

    def get(self, work: Transaction, payment_id: str, *, at: int) -> sqlite3.Row:
        """Return a payment as it stands now: an overdue one is cancelled first."""
        row = self._row(work, payment_id)
        if row["status"] == "open" and row["expires_ms"] <= at:
            return self._cancel(work, payment_id, reason="expired", at=at)
        return row

    def find(self, work: Transaction, reference: str) -> list[sqlite3.Row]:
        """Return the payments of one merchant reference, newest first."""
        return work.all(
            "SELECT * FROM payment WHERE reference = ? ORDER BY seq DESC LIMIT 100", (reference,)
        )

    def cancel(self, work: Transaction, payment_id: str, *, reason: str, at: int) -> sqlite3.Row:
        """Cancel an open payment; a cancelled one is returned as it is, a paid one refused."""
        row = self.get(work, payment_id, at=at)
        if row["status"] == "cancelled":
            return row
        if row["status"] == "succeeded":
            raise Refusal(
                409,
                "payment_not_open",
                "The payment has succeeded; refund it instead.",
                payment_status="succeeded",
            )
        return self._cancel(work, payment_id, reason=reason, at=at)

    def confirm(
        self, work: Transaction, payment_id: str, *, outcome: str, at: int, sent: Signal
    ) -> tuple[sqlite3.Row, bool]:
        """Let the buyer pay; a payment that is not open any more stays as it is.

        Returns the payment and whether the caller must wait for ``sent`` before it answers.
        """
        if outcome != DECLINE and outcome not in OUTCOMES:
            raise invalid("outcome", f"one of {', '.join([*OUTCOMES, DECLINE])} is required")
        row = self.get(work, payment_id, at=at)
        if row["status"] != "open":
            return row, False
        if outcome == DECLINE:
            return self._decline(work, payment_id, at=at), False
        usual = behaviour_of(work, payment_id)
        wait = outcome == "before_redirect" and row["webhook_url"] is not None
        row = self._change(
            work,
            "UPDATE payment SET status = 'succeeded', captured = amount, last_error = NULL,"
            " succeeded_ms = ? WHERE id = ? AND status = 'open' RETURNING *",
            (at, payment_id),
        )
        self._tell(
            work,
            "payment.succeeded",
            row,
            at=at,
            behaviour=OUTCOMES[outcome](usual),
            sent=sent if wait else None,
        )
        return row, wait

    def expire(self, work: Transaction, *, at: int) -> int:
        """Cancel the payments whose time has passed (at most 200); return how many."""
        rows = work.all(
            "SELECT id FROM payment WHERE status = 'open' AND expires_ms <= ? LIMIT 200", (at,)
        )
        for row in rows:
            self._cancel(work, row["id"], reason="expired", at=at)
        return len(rows)

    def _decline(self, work: Transaction, payment_id: str, *, at: int) -> sqlite3.Row:
        row = self._change(
            work,
            "UPDATE payment SET failed_attempts = failed_attempts + 1, last_error = ?"
            " WHERE id = ? AND status = 'open' RETURNING *",
            (DECLINE, payment_id),
        )
        self._tell(work, "payment.failed", row, at=at)
        return row

    def _cancel(self, work: Transaction, payment_id: str, *, reason: str, at: int) -> sqlite3.Row:
        row = self._change(
            work,
            "UPDATE payment SET status = 'cancelled', cancel_reason = ?, cancelled_ms = ?"
            " WHERE id = ? AND status = 'open' RETURNING *",
            (reason, at, payment_id),
        )
        self._tell(work, "payment.cancelled", row, at=at)
        return row

    def _tell(
        self,
        work: Transaction,
        kind: str,
        row: sqlite3.Row,
        *,
        at: int,
        behaviour: Behaviour | None = None,
        sent: Signal | None = None,
    ) -> None:
        self._outbox.append(
            work,
            at=at,
            kind=kind,
            shape=payment_shape(row),
            url=row["webhook_url"],
            behaviour=behaviour or behaviour_of(work, row["id"]),
            sent=sent,
        )

    def _row(self, work: Transaction, payment_id: str) -> sqlite3.Row:
        row = work.one("SELECT * FROM payment WHERE id = ?", (payment_id,))
        if row is None:
            raise not_found("payment", payment_id)
        return row

    def _change(self, work: Transaction, sql: str, values: tuple[object, ...]) -> sqlite3.Row:
        row = work.one(sql, values)
        if row is None:
            raise Refusal(409, "payment_not_open", "The payment is not open any more.")
        return row
