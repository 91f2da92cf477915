"""The merchant's money: what the platform owes a shop, its statement, and what lines are about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from banyan.kernel.money import Money
from banyan.ledger import queries as ledger
from banyan.ledger.models import Account
from banyan.ledger.queries import MonthSums, StatementLine
from banyan.orders.models import Order, OrderRefund, Return
from banyan.orders.ports import argued_about
from banyan.orders.states import OPEN_RETURN
from banyan.payments.models import Payout, PayoutReturn
from banyan.payments.queries import open_chargebacks

from ..models import Commission
from ..settling import SUBJECT as SPLIT

BOOK = "shop_payable"
PASSED_ON = ("payout.requested", "payout.failed", "payout.returned")
"""Kinds of journals by which money goes on to a shop's own account, and comes back."""

Subject = tuple[str, int]


@dataclass(frozen=True, slots=True)
class ShopStanding:
    """What the platform owes a shop in one currency, exactly what stands on its account.

    ``waiting`` of it is of orders that are not over: paid and not received, or with an open request
    for a refund, return, dispute or chargeback. ``over`` is all the rest: of orders that are over
    and of payments that the shop asked for. ``passed_on`` went on to the shop's own account and is
    not in ``owed``. Each may be below zero.
    """

    currency: str
    owed: Money
    waiting: Money
    over: Money
    passed_on: Money


def _books(shop_id: int) -> list[Account]:
    books = ledger.accounts_of(owner_kind="shop", owner_id=shop_id)
    return [book for book in books if book.kind == BOOK]


def shop_standings(shop_id: int) -> list[ShopStanding]:
    """Return what the shop is owed per currency, by currency. Three queries."""
    books = _books(shop_id)
    if not books:
        return []
    waiting = ledger.posted(books, _about(_not_over(shop_id)))
    passed_on = ledger.posted(books, Q(journal__kind__in=PASSED_ON))
    return [
        ShopStanding(
            currency=book.currency,
            owed=Money(book.balance, book.currency),
            waiting=Money(waiting[book.pk], book.currency),
            over=Money(book.balance - waiting[book.pk], book.currency),
            passed_on=Money(-passed_on[book.pk], book.currency),
        )
        for book in books
    ]


def _not_over(shop_id: int) -> QuerySet[Order]:
    asked = OrderRefund.objects.filter(order_id=OuterRef("pk"), state="requested")
    coming = Return.objects.filter(order_id=OuterRef("pk"), state__in=OPEN_RETURN)
    bank = open_chargebacks().filter(intent_id=OuterRef("checkout__intent_id"))
    under_way = Q(state__in=["paid", "shipped"]) | Exists(asked) | Exists(coming) | Exists(bank)
    return Order.objects.filter(under_way | argued_about(), shop_id=shop_id)


def _about(orders: QuerySet[Order]) -> Q:
    """Return the condition of postings that are about orders."""
    ids = orders.values("pk")
    parts = Payout.objects.filter(subject_kind=SPLIT, subject_id__in=ids)
    subjects: dict[str, QuerySet[Any]] = {
        "order": orders,
        "order_refund": OrderRefund.objects.filter(order_id__in=ids),
        "commission": Commission.objects.filter(order_id__in=ids),
        "payout": parts,
        "payout_return": PayoutReturn.objects.filter(payout__in=parts),
    }
    found = Q()
    for kind, rows in subjects.items():
        found |= Q(journal__subject_kind=kind, journal__subject_id__in=rows.values("pk"))
    return found


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
