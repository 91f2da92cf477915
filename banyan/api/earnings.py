"""What a member earned, and why."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Path, Query, Router, Status
from pydantic import Field

from banyan.earnings import actions as earnings
from banyan.earnings.models import Commission
from banyan.earnings.queries import (
    Shown,
    Standing,
    Why,
    balances,
    my_commissions,
    my_destination,
    why,
)
from banyan.kernel.actors import Actor
from banyan.ledger.models import Journal
from banyan.people.access import hidden_from

from .gate import READ, WRITE, actor
from .paging import CURSOR, SIZE, Before, Limit, Page, page_of
from .schemas import Answer, Body, Id, IdOut, Moment, Money, Person

router = Router(tags=["earnings"])
State = Literal[
    "quoted", "pending", "held", "held_fraud", "payable", "paid", "reversed", "expired", "rejected"
]

STATE: Any = Query(None, description="Only those in this state.")  # type: ignore[type-arg]  # ninja leaves it open


class StandingAnswer(Answer):
    """The sums in one currency; ``payable`` may be below zero after refunds."""

    currency: str
    pending: Money
    held: Money
    held_fraud: Money
    payable: Money
    in_transit: Money
    paid: Money


class PayeeAccountBody(Body):
    """Where money is paid to by bank or wallet app; ``account`` is free text."""

    name: str = Field(max_length=200)
    account: str = Field(max_length=200)


class PayeeAccountAnswer(Answer):
    """Where money goes; of ``account`` only the last four signs are shown."""

    name: str
    account: str
    changed_at: Moment


class CommissionAnswer(Answer):
    """What one order line earned; ``left`` is what refunds left of it."""

    id: IdOut
    kind: Literal["commission", "margin"]
    order_id: IdOut
    line_id: IdOut
    link_id: IdOut
    level: int
    state: str
    amount: Money
    reversed: Money
    left: Money
    hold_until: Moment | None
    created_at: Moment


class StepAnswer(Answer):
    """A sharer on the path, oldest first; ``level`` 0 is not paid.

    ``person`` is null for whom you are apart from.
    """

    link_id: IdOut
    person: Person | None
    at: str
    level: int


class RuleAnswer(Answer):
    """The terms the order was placed under."""

    version: int
    rate_bps: int
    levels: int
    direct_bps: int
    hold_days: int


class MarginAnswer(Answer):
    """What a storefront earns from a pooled line: ``gross`` less ``tax`` and ``fee``.

    ``gross`` is (``unit`` - ``supply``) x ``quantity`` - ``discount``.
    """

    unit: Money
    supply: Money
    quantity: int
    discount: Money
    gross: Money
    tax: Money
    fee_bps: int
    fee: Money


class PostingAnswer(Answer):
    """One line of a journal; the lines of a journal sum to zero."""

    account: str
    amount: Money


class JournalAnswer(Answer):
    """A booking."""

    id: IdOut
    kind: str
    at: Moment
    postings: list[PostingAnswer]


class MoveAnswer(Answer):
    """A move of the commission's state."""

    state: str
    at: Moment
    reason: str


class WhyAnswer(CommissionAnswer):
    """Why: ``base`` x ``rate_bps`` = ``budget``, of which this level gets ``amount``.

    A margin has no ``rule``: ``margin`` says how it came about.
    """

    payee_id: IdOut
    base: Money
    rate_bps: int
    budget: Money
    direct_bps: int
    reason: str
    path: list[StepAnswer]
    rule: RuleAnswer | None
    margin: MarginAnswer | None
    journals: list[JournalAnswer]
    history: list[MoveAnswer]


def _standing(one: Standing) -> StandingAnswer:
    return StandingAnswer(
        currency=one.currency,
        pending=Money.of(one.pending),
        held=Money.of(one.held),
        held_fraud=Money.of(one.held_fraud),
        payable=Money.of(one.payable),
        in_transit=Money.of(one.in_transit),
        paid=Money.of(one.paid),
    )


def _commission(one: Commission) -> CommissionAnswer:
    return CommissionAnswer(**_columns(one))


def _columns(one: Commission) -> dict[str, Any]:
    def money(amount: int) -> Money:
        return Money.at(amount, one.currency)

    return {
        "id": one.pk,
        "order_id": one.order_id,
        "line_id": one.line_id,
        "link_id": one.link_id,
        "kind": one.kind,
        "level": one.level,
        "state": one.state,
        "amount": money(one.amount),
        "reversed": money(one.reversed_amount),
        "left": money(one.amount - one.reversed_amount),
        "hold_until": one.hold_until,
        "created_at": one.created_at,
    }


def _journal(journal: Journal) -> JournalAnswer:
    return JournalAnswer(
        id=journal.pk,
        kind=journal.kind,
        at=journal.occurred_at,
        postings=[
            PostingAnswer(
                account=posting.account.kind, amount=Money.at(posting.amount, posting.currency)
            )
            for posting in journal.posting_set.all()
        ],
    )


def _why(found: Why, viewer: Actor) -> WhyAnswer:
    commission = found.commission
    hidden = hidden_from(viewer, [step.owner_id for step in found.path])
    version = commission.plan_version
    return WhyAnswer(
        **_columns(commission),
        payee_id=commission.payee_id,
        base=Money.of(found.base),
        rate_bps=found.rate_bps,
        budget=Money.of(found.budget),
        direct_bps=found.direct_bps,
        reason=found.reason,
        path=[
            StepAnswer(
                link_id=step.link_id,
                person=None
                if step.owner_id in hidden
                else Person(id=step.owner_id, handle=step.handle, name=step.handle),
                at=step.at,
                level=step.level,
            )
            for step in found.path
        ],
        rule=RuleAnswer(
            version=version.number,
            rate_bps=version.rate_bps,
            levels=version.levels,
            direct_bps=version.direct_bps,
            hold_days=version.hold_days,
        )
        if version
        else None,
        margin=_margin(found),
        journals=[_journal(journal) for journal in found.journals],
        history=[
            MoveAnswer(state=move.target, at=move.at, reason=move.reason) for move in found.history
        ],
    )


def _margin(found: Why) -> MarginAnswer | None:
    margin, currency = found.margin, found.commission.currency
    if margin is None:
        return None
    return MarginAnswer(
        unit=Money.at(margin.unit, currency),
        supply=Money.at(margin.supply, currency),
        quantity=margin.quantity,
        discount=Money.at(margin.discount, currency),
        gross=Money.at(margin.gross, currency),
        tax=Money.at(margin.tax, currency),
        fee_bps=margin.fee_bps,
        fee=Money.at(margin.fee, currency),
    )


@router.get("/earnings", auth=READ, response=list[StandingAnswer])
def read_earnings(request: HttpRequest) -> Any:
    """Return one's own sums, per currency."""
    return [_standing(one) for one in balances(actor(request).id or 0)]


def destination_answer(found: Shown | None) -> PayeeAccountAnswer | None:
    """Return where money goes by hand, as programs read it."""
    if found is None:
        return None
    return PayeeAccountAnswer(name=found.name, account=found.account, changed_at=found.changed_at)


@router.get("/me/payout-destination", auth=READ, response=PayeeAccountAnswer | None)
def read_destination(request: HttpRequest) -> Any:
    """Return where one's own earnings go; null before it was said."""
    return destination_answer(my_destination(actor(request).id or 0))


@router.put("/me/payout-destination", auth=WRITE, response=PayeeAccountAnswer)
def put_destination(request: HttpRequest, body: PayeeAccountBody) -> Any:
    """Say where one's own earnings go. A change is told to the member by a letter."""
    who = actor(request)
    earnings.set_destination(actor=who, **body.model_dump())
    return destination_answer(my_destination(who.id or 0))


@router.delete("/me/payout-destination", auth=WRITE, response={204: None})
def delete_destination(request: HttpRequest) -> Any:
    """Take away where one's own earnings go. Repeatable."""
    earnings.remove_destination(actor=actor(request))
    return Status(204, None)


@router.get("/commissions", auth=READ, response=Page[CommissionAnswer])
def list_commissions(
    request: HttpRequest,
    state: State | None = STATE,
    before: Before = CURSOR,
    limit: Limit = SIZE,
) -> Any:
    """List one's own commissions, newest first."""
    rows = my_commissions(
        account_id=actor(request).id or 0,
        states=[state] if state else [],
        before=before,
        limit=limit + 1,
    )
    return page_of(rows, limit, lambda one: one.pk, _commission)


@router.get("/commissions/{commission_id}", auth=READ, response=WhyAnswer)
def explain_commission(request: HttpRequest, commission_id: Path[Id]) -> Any:
    """Explain a commission: path, rule, rate, journals. For its payee, its shop and staff."""
    who = actor(request)
    return _why(why(actor=who, commission_id=commission_id), who)
