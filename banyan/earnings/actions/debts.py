"""What a member or a shop owes the platform: it was paid, or it is let go.

A refund, a dispute or a chargeback that comes after a payout takes an account below zero. Later
earnings are set against that; who has none left settles it so, and could never leave otherwise.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from banyan.kernel import audit, locks
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money, format_money
from banyan.kernel.problems import Invalid
from banyan.ledger import actions as ledger
from banyan.ledger.actions import Book
from banyan.ledger.models import Account, Journal
from banyan.ledger.rules import Entry
from banyan.payments.actions import check_bank_ref
from banyan.payments.providers import HAND

from ..access import get_balance_for
from ..problems import NothingOwed
from ..telling import tell_of_debt

PAID, LET_GO = "debt.paid", "debt.let_go"


def receive_debt(
    *, actor: Actor, book_id: int, amount: int, bank_ref: str, reason: str, key: str
) -> Account:
    """Finance has received ``amount`` minor units of a debt on the platform's bank account.

    Posts debt.paid: gateway (``hand``) -A, the account +A. Locks the account; the debtor is told.
    Repeatable under ``key``, audited. Raises NotFound, Invalid (``amount`` that is not positive or
    more than is owed, ``bank_ref``), Conflict ``nothing_owed``.
    """
    book = get_balance_for(actor, book_id)
    ref = check_bank_ref(bank_ref)
    if amount <= 0:
        raise Invalid(fields={"amount": _("Enter an amount above zero.")})
    bank = ledger.account(kind="gateway", owner_kind="provider", label=HAND, currency=book.currency)
    return _settle(actor, book, bank, PAID, amount=amount, memo=ref, reason=reason, key=key)


def let_debt_go(*, actor: Actor, book_id: int, reason: str, key: str) -> Account:
    """Let go of all that a member or a shop owes: the platform bears it.

    Posts debt.let_go: adjustments -D, the account +D. Otherwise as :func:`receive_debt`.
    """
    book = get_balance_for(actor, book_id)
    borne = ledger.account(kind="adjustments", owner_kind="platform", currency=book.currency)
    return _settle(actor, book, borne, LET_GO, amount=None, memo="", reason=reason, key=key)


def _settle(
    actor: Actor,
    book: Account,
    against: Book,
    kind: str,
    *,
    amount: int | None,
    memo: str,
    reason: str,
    key: str,
) -> Account:
    key = f"{kind}:{book.pk}:{key}"
    with transaction.atomic():
        locks.take(ledger.lock_keys([book]))
        book.refresh_from_db()
        if Journal.objects.filter(key=key).exists():
            return book
        owed = -book.balance
        if owed <= 0:
            raise NothingOwed()
        if amount is not None and amount > owed:
            told = _("That is more than is owed: %(money)s.")
            raise Invalid(
                fields={"amount": told % {"money": format_money(Money(owed, book.currency))}}
            )
        settled = owed if amount is None else amount
        ledger.post(
            actor=actor,
            key=key,
            kind=kind,
            subject_kind=book.owner_kind,
            subject_id=book.owner_id,
            currency=book.currency,
            memo=memo,
            entries=[Entry(against.pk, -settled), Entry(book.pk, settled)],
        )
        money = Money(settled, book.currency)
        audit.record(
            actor=actor,
            action=kind,
            subject_kind=book.owner_kind,
            subject_id=book.owner_id,
            reason=reason,
            detail={"amount": money.amount, "currency": money.currency, "ref": memo},
        )
        tell_of_debt(book, kind, money, key)
    book.refresh_from_db()
    return book
