"""Returns: asked for by the buyer, answered by the shop, read alike by both."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Router, Status
from pydantic import Field, StringConstraints

from banyan.catalog.access import get_shop_for_staff
from banyan.kernel.actors import Actor
from banyan.orders import actions as orders
from banyan.orders.access import get_return_for, visible_returns
from banyan.orders.models import Return
from banyan.orders.queries import state_history
from banyan.orders.states import RETURN

from .gate import ANYONE, ANYONE_WRITES, READ, WRITE, actor, caller_of, keyed
from .paging import CURSOR, SIZE, Before, Limit, Page, page_of
from .refunds import StateAnswer
from .schemas import Answer, Body, Id, IdOut, Moment

router = Router(tags=["returns"])
Text = Annotated[str, StringConstraints(max_length=1000)]
Carrier = Annotated[str, StringConstraints(min_length=1, max_length=40)]


class WishedBody(Body):
    """So many units of a line; ``variant_id`` is what is wished for in exchange."""

    line_id: Id
    quantity: Annotated[int, Field(ge=1, le=1_000_000)]
    variant_id: Id | None = None


class AskBody(Body):
    """What comes back and why; for money, or (each line with a ``variant_id``) in exchange."""

    reason: Literal[
        "changed_mind", "wrong_size", "damaged", "wrong_item", "not_as_described", "other"
    ]
    text: Text = ""
    lines: Annotated[list[WishedBody], Field(min_length=1, max_length=100)]
    wish: Literal["refund", "exchange"] = "refund"


class ApproveBody(Body):
    """Where to send it and how; what is empty is as in the shop's terms."""

    address: Annotated[str, StringConstraints(max_length=400)] = ""
    instructions: Annotated[str, StringConstraints(max_length=600)] = ""
    label: Annotated[str, StringConstraints(max_length=200)] = ""


class RefuseBody(Body):
    """Why not; the buyer reads it."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=400)]


class SentBody(Body):
    """With whom it was sent back."""

    carrier: Carrier
    tracking: Annotated[str, StringConstraints(max_length=60)] = ""


class FoundBody(Body):
    """What the shop found of a returned line, by the id of the return's line."""

    id: Id
    accepted: Annotated[int, Field(ge=0, le=1_000_000)]
    restocked: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    condition: Literal["as_new", "opened", "used", "damaged", "missing"] = "as_new"


class SettleBody(Body):
    """What came; ``at_fault``: the shop bears the shipping."""

    lines: Annotated[list[FoundBody], Field(min_length=1, max_length=100)]
    at_fault: bool = False
    answer: Annotated[str, StringConstraints(max_length=400)] = ""


class ReturnLineAnswer(Answer):
    """A returned line."""

    id: IdOut
    line_id: IdOut
    quantity: int
    accepted: int
    restocked: int
    condition: str
    variant_id: IdOut | None


class ReturnAnswer(Answer):
    """A return. ``state`` is one of the machine ``orders.return.state``.

    ``due_by``: until then the shop answers, and, once it agreed, it has to be sent.
    ``escalated_at``: nobody answered, the platform decides.
    """

    id: IdOut
    number: str
    order_id: IdOut
    wish: str
    state: str
    reason: str
    text: str
    at_fault: bool
    address: str
    instructions: str
    label: str
    answer: str
    carrier: str
    tracking: str
    refund_id: IdOut | None
    lines: list[ReturnLineAnswer]
    created_at: Moment
    due_by: Moment | None
    escalated_at: Moment | None
    settled_at: Moment | None
    history: list[StateAnswer]


def _return(found: Return) -> ReturnAnswer:
    words = ("number", "wish", "state", "reason", "text", "at_fault", "address", "instructions")
    more = ("label", "answer", "carrier", "tracking", "refund_id", "order_id")
    times = ("created_at", "due_by", "escalated_at", "settled_at")
    return ReturnAnswer(
        id=found.pk,
        **{name: getattr(found, name) for name in (*words, *more, *times)},
        lines=[
            ReturnLineAnswer(
                id=row.pk,
                line_id=row.line_id,
                quantity=row.quantity,
                accepted=row.accepted_quantity,
                restocked=row.restocked_quantity,
                condition=row.condition,
                variant_id=row.variant_id,
            )
            for row in found.lines.order_by("id")
        ],
        history=[
            StateAnswer(state="asked", at=found.created_at, reason=found.text),
            *(
                StateAnswer(state=change.target, at=change.at, reason=change.reason)
                for change in state_history(RETURN.name, found.pk)
            ),
        ],
    )


@router.post("/orders/{order_id}/returns", auth=ANYONE_WRITES, response={201: ReturnAnswer})
@keyed
def ask_return(request: HttpRequest, order_id: Path[Id], body: AskBody) -> Any:
    """Ask to send something back. For the buyer (a guest by `Access-Token`)."""
    caller = caller_of(request)
    units: dict[int, int] = {}
    for line in body.lines:
        units[line.line_id] = units.get(line.line_id, 0) + line.quantity
    wished = {line.line_id: line.variant_id or 0 for line in body.lines}
    found = orders.ask_return(
        actor=caller.actor,
        order_id=order_id,
        units=units,
        reason=body.reason,
        text=body.text,
        exchange=wished if body.wish == "exchange" else None,
        key=caller.key,
        access_token=caller.access_token,
    )
    return Status(201, _return(found))


@router.get("/shops/{shop_id}/returns", auth=READ, response=Page[ReturnAnswer])
def list_returns(
    request: HttpRequest, shop_id: Path[Id], before: Before = CURSOR, limit: Limit = SIZE
) -> Any:
    """List what comes back to a shop, newest first. For those who work in it."""
    who = actor(request)
    shop = get_shop_for_staff(who, shop_id)
    rows = visible_returns(who, shop.pk)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: limit + 1])
    return page_of(found, limit, lambda row: int(row.pk), _return)


@router.get("/returns/{return_id}", auth=ANYONE, response=ReturnAnswer)
def read_return(request: HttpRequest, return_id: Path[Id]) -> Any:
    """Return one to whoever has a part in it."""
    caller = caller_of(request)
    return _return(get_return_for(caller.actor, return_id, caller.access_token))


@router.post("/returns/{return_id}/approve", auth=WRITE, response=ReturnAnswer)
def approve_return(request: HttpRequest, return_id: Path[Id], body: ApproveBody) -> Any:
    """Agree to it. For the shop's managers. Repeatable."""
    who = actor(request)
    orders.approve_return(
        actor=who,
        return_id=return_id,
        address=body.address,
        instructions=body.instructions,
        label=body.label,
    )
    return _again(who, return_id)


@router.post("/returns/{return_id}/refuse", auth=WRITE, response=ReturnAnswer)
def refuse_return(request: HttpRequest, return_id: Path[Id], body: RefuseBody) -> Any:
    """Turn it down. For the shop's managers. Repeatable."""
    who = actor(request)
    orders.refuse_return(actor=who, return_id=return_id, reason=body.reason)
    return _again(who, return_id)


@router.post("/returns/{return_id}/offer-money", auth=WRITE, response=ReturnAnswer)
def offer_money(request: HttpRequest, return_id: Path[Id]) -> Any:
    """Make a return for money of an exchange. For the shop's managers. Repeatable."""
    who = actor(request)
    orders.offer_money(actor=who, return_id=return_id)
    return _again(who, return_id)


@router.post("/returns/{return_id}/sent", auth=ANYONE_WRITES, response=ReturnAnswer)
def send_return(request: HttpRequest, return_id: Path[Id], body: SentBody) -> Any:
    """Say with whom it was sent back. For the buyer. Repeatable."""
    caller = caller_of(request)
    found = orders.send_return(
        actor=caller.actor,
        return_id=return_id,
        carrier=body.carrier,
        tracking=body.tracking,
        access_token=caller.access_token,
    )
    return _return(found)


@router.post("/returns/{return_id}/withdraw", auth=ANYONE_WRITES, response=ReturnAnswer)
def withdraw_return(request: HttpRequest, return_id: Path[Id]) -> Any:
    """Keep the goods after all. For the buyer. Repeatable."""
    caller = caller_of(request)
    found = orders.withdraw_return(
        actor=caller.actor, return_id=return_id, access_token=caller.access_token
    )
    return _return(found)


@router.post("/returns/{return_id}/received", auth=WRITE, response=ReturnAnswer)
def receive_return(request: HttpRequest, return_id: Path[Id]) -> Any:
    """Say that it has come. For those who work in the shop. Repeatable."""
    who = actor(request)
    orders.receive_return(actor=who, return_id=return_id)
    return _again(who, return_id)


@router.post("/returns/{return_id}/settle", auth=WRITE, response=ReturnAnswer)
def settle_return(request: HttpRequest, return_id: Path[Id], body: SettleBody) -> Any:
    """Say what came; pays back or sends the other piece. For the shop's managers. Repeatable."""
    who = actor(request)
    orders.settle_return(
        actor=who,
        return_id=return_id,
        found={
            row.id: orders.Found(row.accepted, row.restocked, row.condition) for row in body.lines
        },
        at_fault=body.at_fault,
        answer=body.answer,
    )
    return _again(who, return_id)


def _again(who: Actor, return_id: int) -> ReturnAnswer:
    return _return(get_return_for(who, return_id))
