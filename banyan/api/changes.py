"""Changing a paid order: first shown with what goes back, then done as it was shown, or not."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Router, Status
from pydantic import Field, StringConstraints

from banyan.orders import actions as orders
from banyan.orders.access import get_order_for
from banyan.orders.models import Order, OrderChange

from .checkout_bodies import Text
from .gate import ANYONE, ANYONE_WRITES, caller_of, keyed
from .schemas import Answer, Body, Id, IdOut, Moment, Money, MoneyIn, minor

router = Router(tags=["changes"])


class NewAddress(Body):
    """What of the address is another; what is left out stays."""

    recipient: Text | None = None
    phone: Text | None = None
    level1: Annotated[Text | None, Field(description="Province or state.")] = None
    level2: Annotated[Text | None, Field(description="City.")] = None
    level3: Annotated[Text | None, Field(description="District.")] = None
    street: Text | None = None
    postcode: Text | None = None


class ChangeBody(Body):
    """What shall be changed. Each ``kind`` reads its own fields:

    address: ``address``; quantity: ``line_id`` and ``quantity``, how many are left to send;
    variant: ``line_id`` and ``variant_id``, of the same product and price; shipping: ``amount``,
    which is paid back.
    """

    kind: Literal["address", "quantity", "variant", "shipping"]
    address: NewAddress | None = None
    line_id: Id | None = None
    quantity: Annotated[int | None, Field(strict=True, ge=0, le=1_000_000)] = None
    variant_id: Id | None = None
    amount: MoneyIn | None = None


class ConfirmBody(ChangeBody):
    """The same once more, with the ``fingerprint`` of its preview."""

    fingerprint: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    reason: Annotated[str, StringConstraints(max_length=200)] = ""


class StandAnswer(Answer):
    """How what is changed stands: the fields of the change's kind."""

    title: str | None = None
    quantity: int | None = None
    shipping: Money | None = None
    address: dict[str, str] | None = None


class PreviewAnswer(Answer):
    """What a change would do; ``refund`` goes back. ``fingerprint`` confirms just this."""

    kind: str
    before: StandAnswer
    after: StandAnswer
    refund: Money
    fingerprint: str


class ChangeAnswer(Answer):
    """A change that was made; ``refund_id`` is the refund that pays it back, if one does."""

    id: IdOut
    order_id: IdOut
    kind: str
    before: StandAnswer
    after: StandAnswer
    refund: Money
    refund_id: IdOut | None
    reason: str
    created_at: Moment


def _wish(body: ChangeBody, order: Order) -> orders.Wish:
    return orders.Wish(
        body.kind,
        line_id=body.line_id or 0,
        quantity=-1 if body.quantity is None else body.quantity,
        variant_id=body.variant_id or 0,
        amount=minor(body.amount, order.currency, "amount") if body.amount else 0,
        address=body.address.model_dump(exclude_none=True) if body.address else {},
    )


def _stand(kind: str, shown: dict[str, Any], currency: str) -> StandAnswer:
    if kind == "address":
        return StandAnswer(address={name: str(text) for name, text in shown.items()})
    if kind == "shipping":
        return StandAnswer(shipping=Money.at(shown["shipping"], currency))
    return StandAnswer(title=shown["title"], quantity=shown.get("quantity"))


def _change(found: OrderChange, currency: str) -> ChangeAnswer:
    return ChangeAnswer(
        id=found.pk,
        order_id=found.order_id,
        kind=found.kind,
        before=_stand(found.kind, found.before, currency),
        after=_stand(found.kind, found.after, currency),
        refund=Money.at(found.amount, currency),
        refund_id=found.refund_id,
        reason=found.reason,
        created_at=found.created_at,
    )


@router.get("/orders/{order_id}/changes", auth=ANYONE, response=list[ChangeAnswer])
def list_changes(request: HttpRequest, order_id: Path[Id]) -> Any:
    """List what was changed of an order since it was paid, oldest first."""
    caller = caller_of(request)
    order = get_order_for(caller.actor, order_id, caller.access_token)
    return [_change(each, order.currency) for each in order.changes.order_by("id")]


@router.post("/orders/{order_id}/changes/preview", auth=ANYONE_WRITES, response=PreviewAnswer)
def preview_change(request: HttpRequest, order_id: Path[Id], body: ChangeBody) -> Any:
    """Show what a change would do; nothing is written.

    The buyer (a guest by `Access-Token`) corrects the address until something is sent; whoever
    works in the shop, too, and swaps a kind for another of the same price; its managers lower
    numbers and pay shipping back.
    """
    caller = caller_of(request)
    order = get_order_for(caller.actor, order_id, caller.access_token)
    shown = orders.preview_change(
        actor=caller.actor,
        order_id=order.pk,
        wish=_wish(body, order),
        access_token=caller.access_token,
    )
    return PreviewAnswer(
        kind=body.kind,
        before=_stand(body.kind, shown.before, order.currency),
        after=_stand(body.kind, shown.after, order.currency),
        refund=Money.at(shown.amount, order.currency),
        fingerprint=shown.fingerprint,
    )


@router.post("/orders/{order_id}/changes", auth=ANYONE_WRITES, response={201: ChangeAnswer})
@keyed
def confirm_change(request: HttpRequest, order_id: Path[Id], body: ConfirmBody) -> Any:
    """Do what the preview showed, for whom it was shown.

    409 `preview_stale` when the order has moved meanwhile: look once more.
    """
    caller = caller_of(request)
    order = get_order_for(caller.actor, order_id, caller.access_token)
    made = orders.confirm_change(
        actor=caller.actor,
        order_id=order.pk,
        wish=_wish(body, order),
        fingerprint=body.fingerprint,
        key=caller.key,
        reason=body.reason,
        access_token=caller.access_token,
    )
    return Status(201, _change(made, order.currency))
