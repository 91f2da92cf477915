"""Reads of the ledger: balances, statements, the journals of a story."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from banyan.kernel.money import Money

from .models import Account, Journal, Posting, Snapshot


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One posting of an account as its owner sees it; ``balance`` is what stood after it."""

    posting_id: int
    journal_id: int
    at: dt.datetime
    kind: str
    memo: str
    subject_kind: str
    subject_id: int
    amount: Money
    balance: Money


@dataclass(frozen=True, slots=True)
class MonthSums:
    """A calendar month (UTC) of an account: ``month`` is its first day.

    ``opening`` + ``change`` = ``closing``; ``lines`` is how many postings made the change.
    """

    month: dt.date
    lines: int
    opening: Money
    change: Money
    closing: Money


def find_account(*, kind: str, owner_kind: str, owner_id: int, currency: str) -> Account | None:
    """Return the account if it exists already. One query."""
    return Account.objects.filter(
        kind=kind, owner_kind=owner_kind, owner_id=owner_id, label="", currency=currency
    ).first()


def accounts_of(*, owner_kind: str, owner_id: int) -> list[Account]:
    """Return every account of an owner, by kind and currency. One query."""
    accounts = Account.objects.filter(owner_kind=owner_kind, owner_id=owner_id)
    return list(accounts.order_by("kind", "currency", "label"))


def balance(account: Account) -> Money:
    """Return what stands on ``account`` now: its row, or snapshot and later postings if hot."""
    if account.discipline != "hot":
        amount = Account.objects.values_list("balance", flat=True).get(pk=account.pk)
        return Money(amount, account.currency)
    latest = Snapshot.objects.filter(account=account).order_by("-up_to").first()
    later = Posting.objects.filter(account=account, pk__gt=latest.up_to if latest else 0)
    total = later.aggregate(total=Sum("amount"))["total"] or 0
    return Money((latest.balance if latest else 0) + int(total), account.currency)


def statement(
    account: Account, *, before: int | None = None, limit: int = 50
) -> list[StatementLine]:
    """Return the newest ``limit`` lines, newest first, older than posting ``before``.

    Two queries, three from the second page on. Balances may be below zero and are shown so.
    """
    standing = balance(account).amount
    postings = Posting.objects.filter(account=account).select_related("journal").order_by("-pk")
    if before is not None:
        newer = Posting.objects.filter(account=account, pk__gte=before)
        standing -= int(newer.aggregate(total=Sum("amount"))["total"] or 0)
        postings = postings.filter(pk__lt=before)
    lines = []
    for posting in postings[:limit]:
        lines.append(_line(posting, standing))
        standing -= posting.amount
    return lines


def _line(posting: Posting, standing: int) -> StatementLine:
    journal = posting.journal
    return StatementLine(
        posting_id=posting.pk,
        journal_id=posting.journal_id,
        at=journal.occurred_at,
        kind=journal.kind,
        memo=journal.memo,
        subject_kind=journal.subject_kind,
        subject_id=journal.subject_id,
        amount=Money(posting.amount, posting.currency),
        balance=Money(standing, posting.currency),
    )


def months_of(account: Account) -> list[MonthSums]:
    """Return the months in which something was booked on ``account``, newest first. One query."""
    rows = (
        Posting.objects.filter(account=account)
        .annotate(month=TruncMonth("journal__occurred_at", tzinfo=dt.UTC))
        .values_list("month")
        .annotate(lines=Count("pk"), change=Sum("amount"))
        .order_by("month")
    )
    found, standing = [], 0
    for month, lines, change in rows:
        opening, standing = standing, standing + int(change)
        found.append(
            MonthSums(
                month=month.date(),
                lines=lines,
                opening=Money(opening, account.currency),
                change=Money(int(change), account.currency),
                closing=Money(standing, account.currency),
            )
        )
    return found[::-1]


def statement_between(
    account: Account,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    *,
    skip: int = 0,
    limit: int | None = None,
) -> list[StatementLine]:
    """Return the lines of [since, until) in the order things happened, with running balances.

    All of them, or ``limit`` after the first ``skip``. A query, and one more each for what stands
    before ``since`` and for what is skipped.
    """
    postings = Posting.objects.filter(account=account)
    standing = 0
    if since is not None:
        before = postings.filter(journal__occurred_at__lt=since)
        standing = int(before.aggregate(total=Sum("amount"))["total"] or 0)
        postings = postings.filter(journal__occurred_at__gte=since)
    if until is not None:
        postings = postings.filter(journal__occurred_at__lt=until)
    rows = postings.select_related("journal").order_by("journal__occurred_at", "pk")
    if skip:
        standing += int(rows[:skip].aggregate(total=Sum("amount"))["total"] or 0)
    lines = []
    for posting in rows[skip : None if limit is None else skip + limit]:
        standing += posting.amount
        lines.append(_line(posting, standing))
    return lines


def statement_of(
    account: Account, month: dt.date | None = None, *, skip: int = 0, limit: int | None = None
) -> list[StatementLine]:
    """Return lines of the month (UTC) that a day is in; of all months without.

    As :func:`statement_between` has them.
    """
    if month is None:
        return statement_between(account, skip=skip, limit=limit)
    since = dt.datetime(month.year, month.month, 1, tzinfo=dt.UTC)
    following = (since + dt.timedelta(days=31)).replace(day=1)
    return statement_between(account, since, following, skip=skip, limit=limit)


def posted(accounts: Iterable[Account], journals: Q) -> dict[int, int]:
    """Return what the journals that meet a condition posted onto accounts, by account id.

    ``journals`` is of the fields of a posting, as ``Q(journal__kind="order.paid")``; in minor
    units, zero for an account without any. One query.
    """
    sums = {account.pk: 0 for account in accounts}
    rows = Posting.objects.filter(journals, account_id__in=list(sums))
    sums |= {pk: int(total) for pk, total in rows.values_list("account").annotate(Sum("amount"))}
    return sums


def journals_of(*, subject_kind: str, subject_ids: Iterable[int]) -> QuerySet[Journal]:
    """Return the journals about these subjects with their postings, oldest first. Two queries."""
    journals = Journal.objects.filter(subject_kind=subject_kind, subject_id__in=list(subject_ids))
    return journals.prefetch_related("posting_set__account").order_by("pk")
