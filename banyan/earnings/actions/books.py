"""The ledger accounts of commissions, and the locks that posting to them needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from banyan.kernel import locks
from banyan.kernel.locks import LockKey
from banyan.ledger import actions as ledger
from banyan.ledger.actions import Book
from banyan.ledger.models import Journal

from ..models import Commission

Books = dict[tuple[str, int], Book]


def books_of(commissions: Sequence[Commission]) -> dict[str, Books]:
    """Return, per currency, the accounts of the payees and of the shops; made when missing.

    ``commissions`` come with their order. One query per currency when all accounts exist.
    """
    wanted: dict[str, set[tuple[str, int]]] = {}
    for each in commissions:
        wanted.setdefault(each.currency, set()).update(
            {
                ("shop_payable", each.order.shop_id),
                ("earner_held", each.payee_id),
                ("earner_payable", each.payee_id),
            }
        )
    return {
        currency: ledger.accounts(wanted=pairs, currency=currency)
        for currency, pairs in wanted.items()
    }


def fees_account(currency: str) -> int:
    """Return the ledger account of the platform's fees; it is hot, nobody locks it."""
    return ledger.account(kind="platform_fees", owner_kind="platform", currency=currency).pk


def lock_keys(
    commissions: Sequence[Commission], books: Mapping[str, Books] | None = None
) -> list[LockKey]:
    """Return the keys of the commissions and of every account they may move money between."""
    books = books_of(commissions) if books is None else books
    keys = [LockKey("commission", each.pk) for each in commissions]
    for accounts in books.values():
        keys += ledger.lock_keys(accounts.values())
    return keys


def read_locked(read: Callable[[], list[Commission]]) -> tuple[list[Commission], dict[str, Books]]:
    """Return the rows and their accounts under lock: read again only if it was not held yet.

    The outermost action has taken the locks that the handler declared, as a rule.
    """
    found = read()
    books = books_of(found)
    keys = lock_keys(found, books)
    if not all(locks.held(key) for key in keys):
        locks.take(keys)
        found = read()
    return found, books


def earned_key(commission: Commission) -> str:
    """Return the key of the journal that brought the commission to life."""
    return f"commission:{commission.pk}:earned"


def earned_journal(commission: Commission) -> Journal:
    """Return that journal."""
    return Journal.objects.get(key=earned_key(commission))


def fee_key(commission: Commission) -> str:
    """Return the key of the journal that took the platform's fee on a margin."""
    return f"commission:{commission.pk}:fee"
