"""Accounts and journals for tests, with as few words as possible."""

from __future__ import annotations

import itertools
from typing import Any

from banyan.kernel.actors import Actor
from banyan.ledger import actions
from banyan.ledger.models import Account, Journal
from banyan.ledger.rules import KINDS, Entry

TESTER = Actor.system("test")
_keys = itertools.count(1)


def account(kind: str, owner: int = 1, currency: str = "CNY") -> Account:
    """Return the account of ``kind``; the platform's and providers' have owner 0."""
    owner_kind = KINDS[kind].owner_kind
    owner_id = owner if owner_kind in {"shop", "account"} else 0
    label = "sandbox" if owner_kind == "provider" else ""
    book = actions.account(
        kind=kind, owner_kind=owner_kind, owner_id=owner_id, currency=currency, label=label
    )
    return Account.objects.get(pk=book.pk)


def post(*entries: tuple[Account, int], key: str = "", **changes: Any) -> Journal:
    """Post with a fresh key and an arbitrary subject unless told otherwise."""
    values: dict[str, Any] = {
        "key": key or f"test:{next(_keys)}",
        "kind": "test",
        "subject_kind": "order",
        "subject_id": 1,
        "currency": "CNY",
        "actor": TESTER,
        **changes,
    }
    return actions.post(entries=[Entry(a.pk, amount) for a, amount in entries], **values)
