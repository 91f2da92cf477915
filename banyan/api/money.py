"""What the platform owes a shop, the statement of it, what was paid out, and where it goes."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router, Status
from pydantic import Field, StringConstraints

from banyan.catalog.access import MANAGERS, get_shop_for_staff
from banyan.earnings import actions as earnings
from banyan.earnings import queries
from banyan.kernel.problems import NotFound
from banyan.ledger.queries import MonthSums

from .earnings import PayeeAccountAnswer, PayeeAccountBody, destination_answer
from .gate import READ, WRITE, actor
from .paging import CURSOR, SIZE, Before, Limit, Page, page_of
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
    payer's bank. ``payable`` of ``over`` can be paid out now: nobody can send it back any more.
    ``passed_on`` went on to the shop's own account, ``in_transit`` is on its way to it in a payout,
    ``paid_out`` was paid by one: none of them is in ``owed``.
    """

    currency: str
    owed: Money
    waiting: Money
    over: Money
    payable: Money
    passed_on: Money
    in_transit: Money
    paid_out: Money


class ShopPayoutAnswer(Answer):
    """A payout to the shop. ``state`` is submitted, paid, failed or returned (by the bank).

    What failed or was returned is owed as before. ``account`` is the last four signs of where it
    goes by bank or wallet app, ``reference`` the bank's or the provider's.
    """

    id: IdOut
    amount: Money
    state: str
    account: str
    reference: str
    sent_at: Moment
    ended_at: Moment | None


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
            payable=Money.of(one.payable),
            passed_on=Money.of(one.passed_on),
            in_transit=Money.of(one.in_transit),
            paid_out=Money.of(one.paid_out),
        )
        for one in queries.shop_standings(shop_id)
    ]


@router.get("/shops/{shop_id}/payouts", auth=READ, response=Page[ShopPayoutAnswer])
def list_shop_payouts(
    request: HttpRequest, shop_id: Path[Id], before: Before = CURSOR, limit: Limit = SIZE
) -> Any:
    """List what was paid out to the shop, newest first. For its managers."""
    get_shop_for_staff(actor(request), shop_id, MANAGERS)
    found = queries.shop_payouts(shop_id, before=before, limit=limit + 1)
    return page_of(found, limit, lambda one: one.id, _payout)


def _payout(one: queries.ShopPayout) -> ShopPayoutAnswer:
    return ShopPayoutAnswer(
        id=one.id,
        amount=Money.of(one.money),
        state=one.state,
        account=one.place,
        reference=one.ref,
        sent_at=one.sent_at,
        ended_at=one.ended_at,
    )


@router.get("/shops/{shop_id}/payout-destination", auth=READ, response=PayeeAccountAnswer | None)
def read_shop_destination(request: HttpRequest, shop_id: Path[Id]) -> Any:
    """Return where the shop's money goes; null before an owner said it. For its managers."""
    get_shop_for_staff(actor(request), shop_id, MANAGERS)
    return destination_answer(queries.shop_destination(shop_id))


@router.put("/shops/{shop_id}/payout-destination", auth=WRITE, response=PayeeAccountAnswer)
def put_shop_destination(request: HttpRequest, shop_id: Path[Id], body: PayeeAccountBody) -> Any:
    """Say where the shop's money goes. For its owners, who are told of a change by a letter."""
    earnings.set_shop_destination(actor=actor(request), shop_id=shop_id, **body.model_dump())
    return destination_answer(queries.shop_destination(shop_id))


@router.delete("/shops/{shop_id}/payout-destination", auth=WRITE, response={204: None})
def delete_shop_destination(request: HttpRequest, shop_id: Path[Id]) -> Any:
    """Take away where the shop's money goes. For its owners; repeatable."""
    earnings.remove_shop_destination(actor=actor(request), shop_id=shop_id)
    return Status(204, None)


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
