"""Refunds: asked for by the buyer, granted or declined by the shop, read alike by both."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Path, Router, Status
from pydantic import Field, StringConstraints

from banyan.kernel.actors import Actor
from banyan.kernel.models import StateChange
from banyan.kernel.problems import Conflict, Invalid
from banyan.orders import actions as orders
from banyan.orders.access import get_order_for, get_order_for_staff, get_refund_for
from banyan.orders.models import OrderRefund
from banyan.orders.queries import refund_reference, state_history
from banyan.orders.states import REFUND

from .gate import ANYONE, ANYONE_WRITES, WRITE, actor, caller_of, keyed
from .schemas import Answer, Body, Id, IdOut, Moment, Money, MoneyFromZero, MoneyIn, minor

router = Router(tags=["refunds"])
Reason = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class PartBody(Body):
    """How much of one line goes back."""

    line_id: Id
    amount: MoneyFromZero


Parts = Annotated[
    list[PartBody] | None,
    Field(min_length=1, max_length=100, description="By line; in place of ``amount``."),
]


class RefundBody(Body):
    """How much: ``amount``, spread over the lines by what is left of each, or ``lines``."""

    reason: Reason
    amount: MoneyIn | None = None
    lines: Parts = None


class GrantBody(RefundBody):
    """Money to give back; ``restock`` puts the goods of lines refunded in full on the shelf."""

    restock: bool = False


class DecisionBody(Body):
    """What of a request is granted; all of it when neither ``amount`` nor ``lines`` are given."""

    reason: Reason
    amount: MoneyIn | None = None
    lines: Parts = None


class DeclineBody(Body):
    """Why not; the buyer reads it."""

    reason: Reason


class DestinationBody(Body):
    """Where the money shall go: empty is the way it was paid, ``wallet`` the buyer's credit here.

    Anything else is an account in the payment service's own terms.
    """

    destination: Annotated[str, StringConstraints(max_length=120)] = ""


class PartAnswer(Answer):
    """The part of one line."""

    line_id: IdOut
    amount: Money


class StateAnswer(Answer):
    """A move of the refund."""

    state: str
    at: Moment
    reason: str


class RefundAnswer(Answer):
    """A refund, alike for buyer, guest, merchant and support.

    ``state`` is requested, refused, withdrawn (paid back otherwise), processing, succeeded or
    failed (name another destination);
    ``provider_ref`` is what the payment service calls it. ``answer_by``: until then the shop
    answers a request; ``escalated_at``: nobody did, the platform decides.
    """

    id: IdOut
    order_id: IdOut
    state: str
    amount: Money
    lines: list[PartAnswer]
    reason: str
    requested_by: str
    destination: str
    provider_ref: str
    created_at: Moment
    due_by: Moment
    answer_by: Moment | None
    escalated_at: Moment | None
    settled_at: Moment | None
    history: list[StateAnswer]


def _refund(refund: OrderRefund) -> RefundAnswer:
    return RefundAnswer(
        id=refund.pk,
        order_id=refund.order_id,
        state=refund.state,
        amount=Money.at(refund.amount, refund.currency),
        lines=[
            PartAnswer(line_id=int(part["line"]), amount=Money.at(part["amount"], refund.currency))
            for part in refund.lines
        ],
        reason=refund.reason,
        requested_by=refund.requested_by,
        destination=refund.destination,
        provider_ref=refund_reference(refund),
        created_at=refund.created_at,
        due_by=refund.due_by,
        answer_by=refund.answer_by,
        escalated_at=refund.escalated_at,
        settled_at=refund.settled_at,
        history=[
            StateAnswer(state="requested", at=refund.created_at, reason=refund.reason),
            *(_move(change) for change in state_history(REFUND.name, refund.pk)),
        ],
    )


def _move(change: StateChange) -> StateAnswer:
    return StateAnswer(state=change.target, at=change.at, reason=change.reason)


def _amounts(
    body: RefundBody | DecisionBody, currency: str
) -> tuple[int | None, dict[int, int] | None]:
    """Return what was asked for as (amount, per line); Invalid when both are given."""
    if body.lines is None:
        return (minor(body.amount, currency, "amount") if body.amount else None), None
    if body.amount is not None:
        raise Invalid(fields={"amount": _("Give either an amount or lines.")})
    lines: dict[int, int] = {}
    for row, part in enumerate(body.lines):
        amount = minor(part.amount, currency, f"lines.{row}.amount")
        lines[part.line_id] = lines.get(part.line_id, 0) + amount
    return sum(lines.values()), lines


def _wanted(body: RefundBody, currency: str) -> tuple[int, dict[int, int] | None]:
    amount, lines = _amounts(body, currency)
    if amount is None:
        raise Invalid(fields={"amount": _("Give either an amount or lines.")})
    return amount, lines


@router.post("/orders/{order_id}/refund-requests", auth=ANYONE_WRITES, response={201: RefundAnswer})
@keyed
def ask_refund(request: HttpRequest, order_id: Path[Id], body: RefundBody) -> Any:
    """Ask for money back; the shop decides. For the buyer (a guest by `Access-Token`)."""
    caller = caller_of(request)
    order = get_order_for(caller.actor, order_id, caller.access_token)
    amount, lines = _wanted(body, order.currency)
    refund = orders.ask_refund(
        actor=caller.actor,
        order_id=order.pk,
        amount=amount,
        reason=body.reason,
        key=caller.key,
        lines=lines,
        access_token=caller.access_token,
    )
    return Status(201, _refund(refund))


@router.post("/orders/{order_id}/refunds", auth=WRITE, response={201: RefundAnswer})
@keyed
def give_refund(request: HttpRequest, order_id: Path[Id], body: GrantBody) -> Any:
    """Give money back without being asked. For the shop's managers and platform support."""
    who = actor(request)
    order = get_order_for_staff(who, order_id)
    amount, lines = _wanted(body, order.currency)
    refund = orders.grant_refund(
        actor=who,
        order_id=order.pk,
        amount=amount,
        reason=body.reason,
        key=caller_of(request).key,
        lines=lines,
        restock=body.restock,
    )
    return Status(201, _refund(_again(who, refund)))


@router.get("/refunds/{refund_id}", auth=ANYONE, response=RefundAnswer)
def read_refund(request: HttpRequest, refund_id: Path[Id]) -> Any:
    """Return a refund with each of its states, to whoever has a part in it."""
    caller = caller_of(request)
    return _refund(get_refund_for(caller.actor, refund_id, caller.access_token))


@router.post("/refunds/{refund_id}/grant", auth=WRITE, response=RefundAnswer)
@keyed
def grant_refund(request: HttpRequest, refund_id: Path[Id], body: DecisionBody) -> Any:
    """Grant a request, in full or in part. For the shop's managers and platform support."""
    who = actor(request)
    asked = get_refund_for(who, refund_id)
    get_order_for_staff(who, asked.order_id)
    if asked.state != "requested":
        raise Conflict(_("This request is already settled."), code="refund_not_open")
    amount, lines = _amounts(body, asked.currency)
    if amount is None:
        lines = {int(part["line"]): int(part["amount"]) for part in asked.lines}
    refund = orders.grant_refund(
        actor=who,
        order_id=asked.order_id,
        amount=asked.amount if amount is None else amount,
        reason=body.reason,
        key=caller_of(request).key,
        lines=lines,
        request_id=asked.pk,
    )
    return _refund(_again(who, refund))


@router.post("/refunds/{refund_id}/decline", auth=WRITE, response=RefundAnswer)
def decline_refund(request: HttpRequest, refund_id: Path[Id], body: DeclineBody) -> Any:
    """Turn a request down, with a reason that the buyer reads. For the shop's managers."""
    who = actor(request)
    return _refund(orders.refuse_refund(actor=who, refund_id=refund_id, reason=body.reason))


@router.post("/refunds/{refund_id}/destination", auth=ANYONE_WRITES, response=RefundAnswer)
def redirect_refund(request: HttpRequest, refund_id: Path[Id], body: DestinationBody) -> Any:
    """Ask again for a refund that could not be sent, to another destination if one is named.

    Naming one is for the buyer with an account; a guest settles it with support.
    """
    caller = caller_of(request)
    return _refund(
        orders.retry_refund(
            actor=caller.actor,
            refund_id=refund_id,
            destination=body.destination,
            access_token=caller.access_token,
        )
    )


def _again(who: Actor, refund: OrderRefund) -> OrderRefund:
    """Read a refund as it stands after the provider was told of it."""
    return get_refund_for(who, refund.pk)
