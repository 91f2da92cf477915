"""The gateway as a whole: its store, its desks, and the threads that work for them."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable

from sandbox.clearing import Clearing
from sandbox.delivery import Dispatcher
from sandbox.outbox import Outbox
from sandbox.payments import Payments
from sandbox.payouts import Payouts
from sandbox.refunds import Refunds
from sandbox.settings import SECRET_PREFIX, Settings
from sandbox.signing import Signer
from sandbox.store import Store


class Gateway:
    """Everything but the HTTP server."""

    def __init__(self, settings: Settings) -> None:
        """Open the state file; keys that were not given are made once and kept in it."""
        self.store = Store(settings.state)
        self.secret = settings.secret or self._kept_key("webhook_secret", _new_secret)
        self.api_key = settings.api_key or self._kept_key("api_key", _new_api_key)
        self.dispatcher = Dispatcher(
            store=self.store,
            signer=Signer(self.secret),
            hosts=settings.webhook_hosts,
            senders=settings.senders,
        )
        self.outbox = Outbox(self.dispatcher)
        self.payments = Payments(outbox=self.outbox, default_webhook_url=settings.webhook_url)
        self.refunds = Refunds(outbox=self.outbox, settle_ms=settings.settle_ms)
        self.payouts = Payouts(
            outbox=self.outbox,
            settle_ms=settings.settle_ms,
            default_webhook_url=settings.webhook_url,
        )
        self.clearing = Clearing(
            store=self.store,
            payments=self.payments,
            refunds=self.refunds,
            payouts=self.payouts,
        )

    def start(self) -> None:
        """Resume owed webhooks and pending settlements."""
        self.dispatcher.start()
        self.clearing.start()

    def stop(self) -> None:
        """Stop the threads and close the state file."""
        self.clearing.stop()
        self.dispatcher.stop()
        self.store.close()

    def _kept_key(self, name: str, make: Callable[[], str]) -> str:
        with self.store.transaction() as work:
            row = work.one("SELECT value FROM key_ring WHERE name = ?", (name,))
            if row is not None:
                return str(row["value"])
            value = make()
            work.insert("key_ring", name=name, value=value)
            return value


def _new_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def _new_api_key() -> str:
    return f"sk_sandbox_{secrets.token_hex(16)}"
