"""Refunds: reserved when asked for, final a little later. Never above what was captured."""

from __future__ import annotations

import sqlite3

from sandbox.behaviour import behaviour_of
from sandbox.fields import Fields
from sandbox.identifiers import new_id
from sandbox.outbox import Outbox
from sandbox.refusals import Refusal, not_found
from sandbox.shapes import refund_shape
from sandbox.store import Transaction


class Refunds:
    """The desk for refunds. Every method runs inside the caller's transaction."""

    def __init__(self, *, outbox: Outbox, settle_ms: int) -> None:
        """Refunds are final ``settle_ms`` after they were asked for."""
        self._outbox = outbox
        self._settle_ms = settle_ms

    def create(self, work: Transaction, fields: Fields, *, at: int) -> sqlite3.Row:
        """Reserve an amount for a refund.

        Raises:
            Refusal: 404 unknown payment, 409 not captured or more than is left.
        """
        payment_id = fields.text("payment", longest=64)
        amount = fields.amount()
        reference = fields.text("reference", longest=200)
        reason = fields.text("reason", longest=500, default="")
        fields.done()
        payment = work.one("SELECT * FROM payment WHERE id = ?", (payment_id,))
        if payment is None:
            raise not_found("payment", payment_id)
        if payment["status"] != "succeeded":
            raise Refusal(
                409,
                "payment_not_captured",
                "Only a succeeded payment can be refunded.",
                payment_status=payment["status"],
            )
        # The condition is in the statement: two refunds at once cannot both see the old sum.
        reserved = work.change(
            "UPDATE payment SET refunding = refunding + ?"
            " WHERE id = ? AND refunded + refunding + ? <= captured",
            (amount, payment_id, amount),
        )
        if not reserved:
            left = payment["captured"] - payment["refunded"] - payment["refunding"]
            raise Refusal(
                409,
                "refund_exceeds_captured",
                f"At most {left} can still be refunded.",
                field="amount",
                refundable=left,
            )
        refund_id = new_id("re")
        work.insert(
            "refund",
            id=refund_id,
            payment=payment_id,
            status="pending",
            amount=amount,
            currency=payment["currency"],
            reference=reference,
            reason=reason,
            will_fail=behaviour_of(work, payment_id).fail_refunds,
            created_ms=at,
            settle_ms=at + self._settle_ms,
        )
        return self.get(work, refund_id)

    def get(self, work: Transaction, refund_id: str) -> sqlite3.Row:
        """Return one refund or refuse with 404."""
        row = work.one("SELECT * FROM refund WHERE id = ?", (refund_id,))
        if row is None:
            raise not_found("refund", refund_id)
        return row

    def find(self, work: Transaction, *, column: str, value: str) -> list[sqlite3.Row]:
        """Return refunds by ``reference`` or ``payment``, newest first."""
        if column not in {"reference", "payment"}:
            raise ValueError(column)
        return work.all(
            f"SELECT * FROM refund WHERE {column} = ? ORDER BY seq DESC LIMIT 100",
            (value,),
        )

    def settle(self, work: Transaction, *, at: int) -> int:
        """Make the refunds final whose time has come (at most 200); return how many."""
        rows = work.all(
            "SELECT * FROM refund WHERE status = 'pending' AND settle_ms <= ?"
            " ORDER BY settle_ms LIMIT 200",
            (at,),
        )
        for row in rows:
            self._finish(work, row, at=at)
        return len(rows)

    def _finish(self, work: Transaction, refund: sqlite3.Row, *, at: int) -> None:
        failed = bool(refund["will_fail"])
        status, code = ("failed", "destination_refused") if failed else ("succeeded", None)
        work.change(
            "UPDATE refund SET status = ?, failure_code = ?, settled_ms = ? WHERE id = ?",
            (status, code, at, refund["id"]),
        )
        work.change(
            "UPDATE payment SET refunding = refunding - ?, refunded = refunded + ? WHERE id = ?",
            (refund["amount"], 0 if failed else refund["amount"], refund["payment"]),
        )
        payment = work.all("SELECT * FROM payment WHERE id = ?", (refund["payment"],))[0]
        self._outbox.append(
            work,
            at=at,
            kind=f"refund.{status}",
            shape=refund_shape(self.get(work, refund["id"])),
            url=payment["webhook_url"],
            behaviour=behaviour_of(work, payment["id"]),
        )
