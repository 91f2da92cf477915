"""What a member earned: the list, the sums, the statement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import F, Sum

from banyan.kernel.money import Money
from banyan.ledger import queries as ledger
from banyan.ledger.queries import MonthSums, StatementLine

from ..models import Commission, PayoutItem


@dataclass(frozen=True, slots=True)
class Standing:
    """A member's earnings in one currency.

    ``pending`` (paid, not yet received), ``held`` (return window) and ``held_fraud`` are not due
    yet; ``payable`` is what stands on the account and may be below zero after refunds;
    ``in_transit`` is on its way; ``paid`` has arrived, ever.
    """

    currency: str
    pending: Money
    held: Money
    held_fraud: Money
    payable: Money
    in_transit: Money
    paid: Money


def my_commissions(
    *,
    account_id: int,
    states: Sequence[str] = (),
    before: int | None = None,
    limit: int = 50,
) -> list[Commission]:
    """Return the member's commissions, newest first, older than ``before``. One query."""
    commissions = Commission.objects.filter(payee_id=account_id)
    if states:
        commissions = commissions.filter(state__in=states)
    if before is not None:
        commissions = commissions.filter(pk__lt=before)
    related = commissions.select_related("order__shop", "line", "link", "plan_version")
    return list(related.order_by("-pk")[:limit])


def balances(account_id: int) -> list[Standing]:
    """Return the member's sums per currency, by currency. Three queries."""
    sums: dict[str, dict[str, int]] = {}
    left = (
        Commission.objects.filter(payee_id=account_id)
        .values_list("currency", "state")
        .annotate(left=Sum(F("amount") - F("reversed_amount")))
    )
    for currency, state, amount in left:
        sums.setdefault(currency, {})[state] = int(amount)
    for account in ledger.accounts_of(owner_kind="account", owner_id=account_id):
        if account.kind == "earner_payable":
            sums.setdefault(account.currency, {})["balance"] = account.balance
    items = (
        PayoutItem.objects.filter(payee_id=account_id, state__in=["submitted", "paid"])
        .values_list("currency", "state")
        .annotate(total=Sum("amount"))
    )
    for currency, state, amount in items:
        sums.setdefault(currency, {})[f"item_{state}"] = int(amount)
    return [_standing(currency, sums[currency]) for currency in sorted(sums)]


def _standing(currency: str, sums: dict[str, int]) -> Standing:
    def of(key: str) -> Money:
        return Money(sums.get(key, 0), currency)

    return Standing(
        currency=currency,
        pending=of("pending"),
        held=of("held"),
        held_fraud=of("held_fraud"),
        payable=of("balance"),
        in_transit=of("item_submitted"),
        paid=of("item_paid"),
    )


def statement_months(account_id: int) -> dict[str, list[MonthSums]]:
    """Return per currency, by currency, the months of the member's statement, newest first.

    One query, and one per currency with an account.
    """
    books = ledger.accounts_of(owner_kind="account", owner_id=account_id)
    return {
        book.currency: ledger.months_of(book) for book in books if book.kind == "earner_payable"
    }


def statement(
    *,
    account_id: int,
    currency: str,
    month: dt.date | None = None,
    skip: int = 0,
    limit: int | None = None,
) -> list[StatementLine]:
    """Return the lines of what is payable to the member as they came, with running balances.

    ``month`` is any day of the one month (UTC) that is wanted; all of them without. A refund after
    the money became payable shows as a negative line, and the balance as negative where it is:
    later earnings are netted against it. All lines, or ``limit`` after the first ``skip``. At most
    four queries.
    """
    book = ledger.find_account(
        kind="earner_payable", owner_kind="account", owner_id=account_id, currency=currency
    )
    return [] if book is None else ledger.statement_of(book, month, skip=skip, limit=limit)


def behind(lines: Iterable[StatementLine], account_id: int) -> dict[int, Commission]:
    """Return the member's commissions that statement lines are about, by id. One query."""
    wanted = {line.subject_id for line in lines if line.subject_kind == "commission"}
    mine = Commission.objects.filter(payee_id=account_id, pk__in=wanted)
    return {each.pk: each for each in mine.select_related("order__shop", "line")}
