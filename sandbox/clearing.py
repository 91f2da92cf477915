"""The clearing clock: what is pending becomes final, what is overdue expires."""

from __future__ import annotations

import logging
import threading

from sandbox.moments import now_ms
from sandbox.payments import Payments
from sandbox.payouts import Payouts
from sandbox.refunds import Refunds
from sandbox.store import Store

log = logging.getLogger("sandbox.clearing")

IDLE_S = 1.0
#: How long the first answer to an Idempotency-Key is remembered.
KEY_LIFETIME_MS = 7 * 86_400_000


class Clearing:
    """One thread that settles refunds and payouts and expires payments on time."""

    def __init__(
        self, *, store: Store, payments: Payments, refunds: Refunds, payouts: Payouts
    ) -> None:
        """Prepare; nothing happens before start()."""
        self._store = store
        self._payments = payments
        self._refunds = refunds
        self._payouts = payouts
        self._news = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="clearing", daemon=True)

    def start(self) -> None:
        """Forget old keys, then begin."""
        with self._store.transaction() as work:
            work.change(
                "DELETE FROM first_answer WHERE created_ms < ?", (now_ms() - KEY_LIFETIME_MS,)
            )
        self._thread.start()

    def stop(self) -> None:
        """Finish the round under way."""
        self._stopping = True
        self._news.set()
        self._thread.join(timeout=5)

    def wake(self) -> None:
        """Say that something new is pending."""
        self._news.set()

    def _run(self) -> None:
        while not self._stopping:
            self._news.clear()
            try:
                pause = self._round()
            except Exception:
                log.exception("a clearing round failed")
                pause = IDLE_S
            if pause > 0:
                self._news.wait(pause)

    def _round(self) -> float:
        """Settle what is due and return the seconds until there is more to do."""
        at = now_ms()
        with self._store.reading() as work:
            row = work.one(
                "SELECT MIN(COALESCE((SELECT MIN(settle_ms) FROM refund"
                " WHERE status = 'pending'), :far), COALESCE((SELECT MIN(settle_ms) FROM payout"
                " WHERE status = 'pending'), :far), COALESCE((SELECT MIN(expires_ms) FROM payment"
                " WHERE status = 'open'), :far)) AS due",
                {"far": at + int(IDLE_S * 1000)},
            )
        due: int = at if row is None else row["due"]
        if due > at:
            return (due - at) / 1000
        with self._store.transaction() as work:
            self._refunds.settle(work, at=at)
            self._payouts.settle(work, at=at)
            self._payments.expire(work, at=at)
        return 0
