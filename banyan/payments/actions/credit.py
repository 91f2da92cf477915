"""Closed-loop credit: putting it into a wallet."""

from __future__ import annotations

from django.db import transaction

from banyan.kernel import locks
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.kernel.problems import Forbidden, Invalid
from banyan.ledger import actions as ledger
from banyan.ledger.models import Journal
from banyan.ledger.rules import Entry


def issue_credit(*, actor: Actor, account_id: int, amount: Money, key: str, reason: str) -> Journal:
    """Put credit into a member's wallet; once per ``key``. For finance staff and our own jobs.

    Posts ``credit:{key}`` (credit_issued -X, wallet +X). Raises Forbidden, Invalid. Alone or in
    the caller's transaction (lock: wallet). The journal, with actor and reason, is the record.
    """
    if actor.kind != "system" and not actor.has_role("finance"):
        raise Forbidden()
    if amount.amount <= 0:
        raise Invalid(code="credit_not_positive")
    wallet = ledger.account(
        kind="wallet", owner_kind="account", owner_id=account_id, currency=amount.currency
    )
    issued = ledger.account(kind="credit_issued", owner_kind="platform", currency=amount.currency)
    with transaction.atomic():
        locks.take(ledger.lock_keys([wallet, issued]))
        return ledger.post(
            key=f"credit:{key}",
            kind="wallet.credit",
            subject_kind="account",
            subject_id=account_id,
            entries=[Entry(issued.pk, -amount.amount), Entry(wallet.pk, amount.amount)],
            currency=amount.currency,
            actor=actor,
            memo=reason,
        )
