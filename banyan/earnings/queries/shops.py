"""The merchant's money: what the platform owes a shop, its statement, and what lines are about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet, Sum

from banyan.kernel.money import Money
from banyan.ledger import queries as ledger
from banyan.ledger.models import Account
from banyan.ledger.queries import MonthSums, StatementLine
from banyan.orders.models import Order, OrderRefund
from banyan.payments.models import Payout, PayoutReturn

from ..models import Commission, PayoutItem
from ..owing import BOOK, SPLIT, about, not_over, payable

PASSED_ON = ("payout.requested", "payout.failed", "payout.returned")
"""Kinds of journals by which money goes on to a shop's own account, and comes back."""

Subject = tuple[str, int]


@dataclass(frozen=True, slots=True)
class ShopStanding:
    """What the platform owes a shop in one currency, exactly what stands on its account.

    ``waiting`` of it is of orders that are not over: paid and not received, or with an open request
    for a refund, return, dispute or chargeback. ``over`` is all the rest: of orders that are over
    and of payments that the shop asked for. ``payable`` of that can be paid out in a batch now,
    never below zero. ``passed_on`` went on to the shop's own account, ``in_transit`` is on its way
    in a batch, ``paid_out`` was paid by one, ever: none of them is in ``owed``. Each other may be
    below zero.
    """

    currency: str
    owed: Money
    waiting: Money
    over: Money
    payable: Money
    passed_on: Money
    in_transit: Money
    paid_out: Money


@dataclass(frozen=True, slots=True)
class ShopPayout:
    """What was, or is to be, paid out to a shop in a batch.

    ``state``: submitted, paid, failed or returned; what failed or was returned is owed as before.
    ``place`` is the last four signs of the account that it goes to by hand, ``ref`` the bank's or
    the provider's reference, ``ended_at`` when it was said how it went.
    """

    id: int
    money: Money
    state: str
    place: str
    ref: str
    sent_at: dt.datetime
    ended_at: dt.datetime | None


def _books(shop_id: int) -> list[Account]:
    books = ledger.accounts_of(owner_kind="shop", owner_id=shop_id)
    return [book for book in books if book.kind == BOOK]


def shop_standings(shop_id: int) -> list[ShopStanding]:
    """Return what the shop is owed per currency, by currency. At most eight queries."""
    books = _books(shop_id)
    if not books:
        return []
    waiting = ledger.posted(books, about(not_over([shop_id])))
    passed_on = ledger.posted(books, Q(journal__kind__in=PASSED_ON))
    can_be_paid = payable(books)
    items = PayoutItem.objects.filter(shop_id=shop_id, state__in=["submitted", "paid"])
    sums = items.order_by().values_list("currency", "state").annotate(n=Sum("amount"))
    paid = {(currency, state): int(n) for currency, state, n in sums}
    return [
        ShopStanding(
            currency=book.currency,
            owed=Money(book.balance, book.currency),
            waiting=Money(waiting[book.pk], book.currency),
            over=Money(book.balance - waiting[book.pk], book.currency),
            payable=Money(can_be_paid[book.pk], book.currency),
            passed_on=Money(-passed_on[book.pk], book.currency),
            in_transit=Money(paid.get((book.currency, "submitted"), 0), book.currency),
            paid_out=Money(paid.get((book.currency, "paid"), 0), book.currency),
        )
        for book in books
    ]


def shop_payouts(shop_id: int, *, before: int | None = None, limit: int = 50) -> list[ShopPayout]:
    """Return what was paid out to the shop in batches, newest first, older than ``before``.

    Two queries.
    """
    items = PayoutItem.objects.filter(shop_id=shop_id, payout_id__isnull=False)
    if before is not None:
        items = items.filter(pk__lt=before)
    found = list(items.select_related("batch").order_by("-pk")[:limit])
    payouts = Payout.objects.in_bulk([item.payout_id for item in found if item.payout_id])
    return [_shown(item, payouts[item.payout_id]) for item in found if item.payout_id]


def _shown(item: PayoutItem, payout: Payout) -> ShopPayout:
    return ShopPayout(
        id=item.pk,
        money=Money(item.amount, item.currency),
        state=item.state,
        place=item.place,
        ref=payout.provider_ref,
        sent_at=item.batch.submitted_at or payout.created_at,
        ended_at=payout.settled_at,
    )


def shop_statement_months(shop_id: int) -> dict[str, list[MonthSums]]:
    """Return per currency, by currency, the months (UTC) of the shop's statement, newest first.

    One query, and one per currency with an account.
    """
    return {book.currency: ledger.months_of(book) for book in _books(shop_id)}


def shop_statement(
    *,
    shop_id: int,
    currency: str,
    month: dt.date | None = None,
    skip: int = 0,
    limit: int | None = None,
) -> list[StatementLine]:
    """Return the lines of what the shop is owed as they came, with running balances.

    ``month`` is any day of the one month (UTC) that is wanted; all of them without. All lines, or
    ``limit`` after the first ``skip``. At most four queries.
    """
    book = ledger.find_account(kind=BOOK, owner_kind="shop", owner_id=shop_id, currency=currency)
    return [] if book is None else ledger.statement_of(book, month, skip=skip, limit=limit)


def orders_behind(lines: Iterable[StatementLine], shop_id: int) -> dict[Subject, Order]:
    """Return the shop's orders that statement lines are about, by the lines' subjects.

    What is about no order, like a payment that the shop asked for, is not there. Five queries at
    most, whatever the number of lines.
    """
    wanted: dict[str, set[int]] = {}
    for line in lines:
        wanted.setdefault(line.subject_kind, set()).add(line.subject_id)
    found: dict[Subject, int] = {("order", pk): pk for pk in wanted.get("order", ())}
    back = PayoutReturn.objects.filter(payout__subject_kind=SPLIT)
    readings: list[tuple[str, QuerySet[Any], str]] = [
        ("order_refund", OrderRefund.objects.all(), "order_id"),
        ("commission", Commission.objects.all(), "order_id"),
        ("payout", Payout.objects.filter(subject_kind=SPLIT), "subject_id"),
        ("payout_return", back, "payout__subject_id"),
    ]
    for kind, rows, field in readings:
        if ids := wanted.get(kind):
            pairs = rows.filter(pk__in=ids).values_list("pk", field)
            found |= {(kind, pk): order_id for pk, order_id in pairs}
    orders = Order.objects.filter(shop_id=shop_id).in_bulk(set(found.values()))
    return {subject: orders[pk] for subject, pk in found.items() if pk in orders}
