"""What the platform owes a shop, and the statement of it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router
from pydantic import Field, StringConstraints

from banyan.catalog.access import MANAGERS, get_shop_for_staff
from banyan.earnings import queries
from banyan.kernel.problems import NotFound
from banyan.ledger.queries import MonthSums

from .gate import READ, actor
from .schemas import Answer, Currency, Id, IdOut, Moment, Money

router = Router(tags=["money"])
Month = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
Skip = Annotated[int, Field(ge=0, le=10**9)]
LINES = 500
CURRENCY: Any = Query(None, description="Of which account; the first one without.")  # type: ignore[type-arg]  # ninja leaves it open
MONTH: Any = Query(None, description="`2026-07`, counted in UTC; the latest without.")  # type: ignore[type-arg]  # ninja leaves it open
SKIP: Any = Query(0, description="How many lines of the month to leave out; 500 are answered.")  # type: ignore[type-arg]  # ninja leaves it open


class ShopMoneyAnswer(Answer):
    """What the platform owes the shop in one currency: ``owed`` = ``waiting`` + ``over``.

    ``waiting`` is of orders that are not over: not received, asked back, or in the hands of the
    payer's bank. ``passed_on`` went on to the shop's own account and is not in ``owed``.
    """

    currency: str
    owed: Money
    waiting: Money
    over: Money
    passed_on: Money


class ShopLineAnswer(Answer):
    """One line; ``kind`` is the kind of its journal, ``balance`` what stood after it.

    ``order_id`` is null for what is about no order, like a payment that was asked for.
    """

    id: IdOut
    at: Moment
    kind: str
    order_id: IdOut | None
    order_number: str
    amount: Money
    balance: Money


class ShopStatementAnswer(Answer):
    """A month of the statement: ``opening`` + ``change`` = ``closing``.

    ``months`` are those that have lines, newest first; ``next`` is the ``skip`` of the further
    lines, null at the end.
    """

    currency: str
    month: str
    opening: Money
    change: Money
    closing: Money
    lines: list[ShopLineAnswer]
    next: int | None
    months: list[str]


@router.get("/shops/{shop_id}/money", auth=READ, response=list[ShopMoneyAnswer])
def read_shop_money(request: HttpRequest, shop_id: Path[Id]) -> Any:
    """Return what the platform owes the shop, per currency. For its managers."""
    get_shop_for_staff(actor(request), shop_id, MANAGERS)
    return [
        ShopMoneyAnswer(
            currency=one.currency,
            owed=Money.of(one.owed),
            waiting=Money.of(one.waiting),
            over=Money.of(one.over),
            passed_on=Money.of(one.passed_on),
        )
        for one in queries.shop_standings(shop_id)
    ]


@router.get("/shops/{shop_id}/money/statement", auth=READ, response=ShopStatementAnswer)
def read_shop_statement(
    request: HttpRequest,
    shop_id: Path[Id],
    currency: Currency | None = CURRENCY,
    month: Month | None = MONTH,
    skip: Skip = SKIP,
) -> Any:
    """Return a month of the shop's statement; 404 for one without a line. For its managers."""
    get_shop_for_staff(actor(request), shop_id, MANAGERS)
    books = {code: sums for code, sums in queries.shop_statement_months(shop_id).items() if sums}
    months = books.get(currency or next(iter(books), ""), [])
    found = [sums for sums in months if month is None or _name(sums.month) == month]
    if not found:
        raise NotFound()
    return _statement(shop_id, found[0], months, skip)


def _name(month: dt.date) -> str:
    return f"{month:%Y-%m}"


def _statement(
    shop_id: int, sums: MonthSums, months: list[MonthSums], skip: int
) -> ShopStatementAnswer:
    currency, end = sums.change.currency, skip + LINES
    lines = queries.shop_statement(
        shop_id=shop_id, currency=currency, month=sums.month, skip=skip, limit=LINES
    )
    behind = queries.orders_behind(lines, shop_id)
    answers = []
    for line in lines:
        order = behind.get((line.subject_kind, line.subject_id))
        answers.append(
            ShopLineAnswer(
                id=line.posting_id,
                at=line.at,
                kind=line.kind,
                order_id=order.pk if order else None,
                order_number=order.number if order else "",
                amount=Money.of(line.amount),
                balance=Money.of(line.balance),
            )
        )
    return ShopStatementAnswer(
        currency=currency,
        month=_name(sums.month),
        opening=Money.of(sums.opening),
        change=Money.of(sums.change),
        closing=Money.of(sums.closing),
        lines=answers,
        next=end if end < sums.lines else None,
        months=[_name(each.month) for each in months],
    )
