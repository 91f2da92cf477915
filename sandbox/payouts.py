"""Payouts: money to a sandbox account. The account ``fail`` never takes it."""

from __future__ import annotations

import sqlite3

from sandbox.behaviour import behaviour_of
from sandbox.fields import Fields
from sandbox.identifiers import new_id
from sandbox.outbox import Outbox
from sandbox.refusals import invalid, not_found
from sandbox.shapes import payout_shape
from sandbox.store import Transaction

REFUSING_ACCOUNT = "fail"


class Payouts:
    """The desk for payouts. Every method runs inside the caller's transaction."""

    def __init__(self, *, outbox: Outbox, settle_ms: int, default_webhook_url: str | None) -> None:
        """Payouts are final ``settle_ms`` after they were asked for."""
        self._outbox = outbox
        self._settle_ms = settle_ms
        self._default_webhook_url = default_webhook_url

    def create(self, work: Transaction, fields: Fields, *, at: int) -> sqlite3.Row:
        """Take the order to pay out."""
        amount, currency = fields.amount(), fields.currency()
        reference = fields.text("reference", longest=200)
        webhook_url = fields.url("webhook_url", required=False) or self._default_webhook_url
        destination = fields.nested("destination")
        kind = destination.text("kind", longest=20)
        account = destination.text("account", longest=200)
        destination.done()
        fields.done()
        if kind != "sandbox":
            raise invalid("destination.kind", "must be 'sandbox'")
        self._outbox.check_target(webhook_url)
        payout_id = new_id("po")
        work.insert(
            "payout",
            id=payout_id,
            status="pending",
            amount=amount,
            currency=currency,
            reference=reference,
            account=account,
            webhook_url=webhook_url,
            created_ms=at,
            settle_ms=at + self._settle_ms,
        )
        return self.get(work, payout_id)

    def get(self, work: Transaction, payout_id: str) -> sqlite3.Row:
        """Return one payout or refuse with 404."""
        row = work.one("SELECT * FROM payout WHERE id = ?", (payout_id,))
        if row is None:
            raise not_found("payout", payout_id)
        return row

    def find(self, work: Transaction, reference: str) -> list[sqlite3.Row]:
        """Return the payouts of one merchant reference, newest first."""
        return work.all(
            "SELECT * FROM payout WHERE reference = ? ORDER BY seq DESC LIMIT 100", (reference,)
        )

    def settle(self, work: Transaction, *, at: int) -> int:
        """Make the payouts final whose time has come (at most 200); return how many."""
        rows = work.all(
            "SELECT * FROM payout WHERE status = 'pending' AND settle_ms <= ?"
            " ORDER BY settle_ms LIMIT 200",
            (at,),
        )
        for row in rows:
            failed = row["account"] == REFUSING_ACCOUNT
            status, code = ("failed", "account_closed") if failed else ("paid", None)
            work.change(
                "UPDATE payout SET status = ?, failure_code = ?, settled_ms = ? WHERE id = ?",
                (status, code, at, row["id"]),
            )
            self._outbox.append(
                work,
                at=at,
                kind=f"payout.{status}",
                shape=payout_shape(self.get(work, row["id"])),
                url=row["webhook_url"],
                behaviour=behaviour_of(work),
            )
        return len(rows)
