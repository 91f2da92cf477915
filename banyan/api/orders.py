"""Orders: read by their buyer and their shop, shipped, received."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from ninja import Path, Router
from pydantic import Field, StringConstraints

from banyan.catalog.access import get_shop_for_staff, shops_worked_in
from banyan.kernel.actors import Actor
from banyan.orders import actions as orders
from banyan.orders.access import get_order_for, orders_bought, visible_orders
from banyan.orders.models import Order, OrderLine, OrderRefund, Shipment
from banyan.orders.ports import Hold, holds_on
from banyan.orders.queries import lines_of, refunds_by_order, shipments_of
from banyan.orders.rules.carriers import tracking_url
from banyan.people.access import hidden_from

from .gate import ANYONE, ANYONE_WRITES, READ, WRITE, actor, caller_of, keyed
from .paging import CURSOR, SIZE, Before, Limit, Page, page_of
from .prices import PriceStep, price_step
from .schemas import Answer, Body, Id, IdOut, Moment, Money, Person

router = Router(tags=["orders"])


class Sharer(Answer):
    """Somebody the line came through, oldest first, as it was when the order was placed.

    ``person`` is null where buyer and sharer are apart; the shop sees everybody.
    """

    link_id: IdOut
    person: Person | None
    at: str


class HoldAnswer(Answer):
    """Why a line of a paid order may not leave yet, and when that ends at the latest."""

    reason: str
    until: Moment


class OrderLineAnswer(Answer):
    """A line: ``goods`` - ``discount`` + ``shipping`` + ``tax`` was paid; ``price`` explains it.

    ``included_tax`` is contained in the others.
    """

    id: IdOut
    variant_id: IdOut
    product_id: IdOut
    title: str
    quantity: int
    shipped_quantity: int
    cancelled_quantity: int
    returned_quantity: int
    unit: Money
    goods: Money
    discount: Money
    shipping: Money
    tax: Money
    included_tax: Money
    refunded: Money
    hold: HoldAnswer | None
    price: list[PriceStep]
    path: list[Sharer]


class RefundRef(Answer):
    """A refund of the order."""

    id: IdOut
    state: str
    amount: Money


class ParcelLineAnswer(Answer):
    """So many units of a line."""

    line_id: IdOut
    quantity: int


class ShipmentAnswer(Answer):
    """A parcel and what is in it; ``tracking_url`` is empty where the carrier has none we know."""

    id: IdOut
    carrier: str
    tracking: str
    tracking_url: str
    shipped_at: Moment
    lines: list[ParcelLineAnswer]


class DeliveryAnswer(Answer):
    """The way of delivery that was chosen; ``days`` are the fewest and the most."""

    name: str
    days: list[int] | None


class OrderAnswer(Answer):
    """An order. ``state`` is placed, paid, shipped, received, expired, cancelled or closed.

    ``hold`` is what ends last of what its lines wait for. ``email``, ``phone`` and ``address`` are
    empty for the shop as long as nothing was paid: there is no parcel yet.
    """

    id: IdOut
    number: str
    checkout_id: IdOut
    shop_id: IdOut
    state: str
    goods: Money
    discount: Money
    shipping: Money
    tax: Money
    total: Money
    refunded: Money
    delivery: DeliveryAnswer | None
    hold: HoldAnswer | None
    lines: list[OrderLineAnswer]
    shipment: Annotated[
        ShipmentAnswer | None, Field(description="The last parcel; all are in ``shipments``.")
    ]
    shipments: list[ShipmentAnswer]
    refunds: list[RefundRef]
    email: str
    phone: str
    address: dict[str, str]
    created_at: Moment
    paid_at: Moment | None
    shipped_at: Moment | None
    received_at: Moment | None


class UnitsBody(Body):
    """So many units of a line."""

    line_id: Id
    quantity: Annotated[int, Field(ge=1, le=1_000_000)]


Units = Annotated[
    list[UnitsBody] | None,
    Field(min_length=1, max_length=100, description="All that is left without."),
]


def units_of(body: list[UnitsBody] | None) -> dict[int, int] | None:
    """Return units by line, added up; None for none."""
    if body is None:
        return None
    found: dict[int, int] = {}
    for each in body:
        found[each.line_id] = found.get(each.line_id, 0) + each.quantity
    return found


class ShipBody(Body):
    """Who carries the parcel, its number there, and what is in it."""

    carrier: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    tracking: Annotated[str, StringConstraints(max_length=60)] = ""
    lines: Units = None


class CancelBody(Body):
    """What is cancelled, and why."""

    reason: Annotated[str, StringConstraints(max_length=200)] = ""
    lines: Units = None


def orders_answer(
    found: list[Order], viewer: Actor, *, access_token: str = ""
) -> list[OrderAnswer]:
    """Return orders (with checkout loaded) as ``viewer`` sees them; at most six statements."""
    ids = [order.pk for order in found]
    lines, parcels, refunds = lines_of(found), shipments_of(ids), refunds_by_order(ids)
    hidden = _hidden(found, lines, viewer)
    held = holds_on(x for order in found if order.state == "paid" for x in lines[order.pk])
    return [
        _order(
            order,
            [_line(line, hidden[order.pk], held.get(line.pk)) for line in lines[order.pk]],
            parcels.get(order.pk, []),
            refunds.get(order.pk, []),
            max(
                (held[line.pk] for line in lines[order.pk] if line.pk in held),
                key=lambda hold: hold.until,
                default=None,
            ),
            reachable=order.paid_at is not None or _bought(order, viewer, access_token),
        )
        for order in found
    ]


def _bought(order: Order, viewer: Actor, access_token: str) -> bool:
    """Tell whether somebody bought an order, or helps whoever did; guests by their token."""
    checkout = order.checkout
    if access_token and constant_time_compare(access_token, checkout.access_token):
        return True
    mine = viewer.id is not None and viewer.id == checkout.buyer_id
    return mine or viewer.has_role("support", "finance")


def _hidden(
    found: list[Order], lines: dict[int, list[OrderLine]], viewer: Actor
) -> dict[int, set[int]]:
    """Return per order whom its viewer is apart from; nobody for those who work on the order."""
    apart: set[int] = set()
    if not viewer.has_role("support", "finance"):
        steps = (step for group in lines.values() for line in group for step in line.path)
        apart = hidden_from(viewer, {int(step["owner"]) for step in steps})
    worked_in = set(shops_worked_in(viewer).values_list("id", flat=True)) if apart else set()
    return {order.pk: set() if order.shop_id in worked_in else apart for order in found}


def _order(
    order: Order,
    lines: list[OrderLineAnswer],
    parcels: list[Shipment],
    refunds: list[OrderRefund],
    hold: Hold | None,
    *,
    reachable: bool,
) -> OrderAnswer:
    def money(amount: int) -> Money:
        return Money.at(amount, order.currency)

    checkout = order.checkout
    return OrderAnswer(
        id=order.pk,
        number=order.number,
        checkout_id=order.checkout_id,
        shop_id=order.shop_id,
        state=order.state,
        goods=money(order.goods_amount),
        discount=money(order.discount_amount),
        shipping=money(order.shipping_amount),
        tax=money(order.tax_amount),
        total=money(order.total_amount),
        refunded=money(order.refunded_amount),
        delivery=DeliveryAnswer(name=order.delivery["name"], days=order.delivery["days"])
        if order.delivery
        else None,
        hold=_hold(hold),
        lines=lines,
        shipment=_parcel(parcels[-1]) if parcels else None,
        shipments=[_parcel(parcel) for parcel in parcels],
        refunds=[
            RefundRef(id=one.pk, state=one.state, amount=money(one.amount)) for one in refunds
        ],
        email=checkout.contact_email if reachable else "",
        phone=checkout.contact_phone if reachable else "",
        address=checkout.address if reachable else {},
        created_at=order.created_at,
        paid_at=order.paid_at,
        shipped_at=order.shipped_at,
        received_at=order.received_at,
    )


def _hold(hold: Hold | None) -> HoldAnswer | None:
    return HoldAnswer(reason=str(hold.reason), until=hold.until) if hold else None


def _parcel(parcel: Shipment) -> ShipmentAnswer:
    return ShipmentAnswer(
        id=parcel.pk,
        carrier=parcel.carrier,
        tracking=parcel.tracking,
        tracking_url=tracking_url(parcel.carrier, parcel.tracking),
        shipped_at=parcel.shipped_at,
        lines=[
            ParcelLineAnswer(line_id=each.line_id, quantity=each.quantity)
            for each in parcel.lines.all()
        ],
    )


def _line(line: OrderLine, hidden: Collection[int], hold: Hold | None) -> OrderLineAnswer:
    def money(amount: int) -> Money:
        return Money.at(amount, line.currency)

    return OrderLineAnswer(
        id=line.pk,
        variant_id=line.variant_id,
        product_id=line.product_id,
        title=line.title,
        quantity=line.quantity,
        shipped_quantity=line.shipped_quantity,
        cancelled_quantity=line.cancelled_quantity,
        returned_quantity=line.returned_quantity,
        unit=money(line.unit_amount),
        goods=money(line.goods_amount),
        discount=money(line.discount_amount),
        shipping=money(line.shipping_amount),
        tax=money(line.tax_amount),
        included_tax=money(line.included_tax_amount),
        refunded=money(line.refunded_amount),
        hold=_hold(hold),
        price=[price_step(step, line.currency) for step in line.price],
        path=[
            Sharer(
                link_id=int(step["link"]),
                person=None
                if int(step["owner"]) in hidden
                else Person(
                    id=int(step["owner"]), handle=step["handle"], name=step.get("name", "")
                ),
                at=step["at"],
            )
            for step in line.path
        ],
    )


def _page(rows: Any, viewer: Actor, before: int | None, limit: int) -> Page[OrderAnswer]:
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: limit + 1])
    answers = {answer.id: answer for answer in orders_answer(found, viewer)}
    return page_of(found, limit, lambda row: int(row.pk), lambda row: answers[row.pk])


@router.get("/orders", auth=READ, response=Page[OrderAnswer])
def list_orders(request: HttpRequest, before: Before = CURSOR, limit: Limit = SIZE) -> Any:
    """List the orders one has bought, newest first."""
    return _page(orders_bought(actor(request)), actor(request), before, limit)


@router.get("/shops/{shop_id}/orders", auth=READ, response=Page[OrderAnswer])
def list_shop_orders(
    request: HttpRequest,
    shop_id: Path[Id],
    before: Before = CURSOR,
    limit: Limit = SIZE,
) -> Any:
    """List a shop's orders, newest first. For those who work in it."""
    who = actor(request)
    shop = get_shop_for_staff(who, shop_id)
    rows = visible_orders(who, shop.pk).select_related("checkout")
    return _page(rows, who, before, limit)


@router.get("/orders/{order_id}", auth=ANYONE, response=OrderAnswer)
def read_order(request: HttpRequest, order_id: Path[Id]) -> Any:
    """Return an order to its buyer (a guest by `Access-Token`) or those who work in its shop."""
    caller = caller_of(request)
    order = get_order_for(caller.actor, order_id, caller.access_token)
    return orders_answer([order], caller.actor, access_token=caller.access_token)[0]


@router.post("/orders/{order_id}/ship", auth=WRITE, response=OrderAnswer)
def ship_order(request: HttpRequest, order_id: Path[Id], body: ShipBody) -> Any:
    """Send a parcel with some units, or with all that is left. For those who work in the shop.

    Without lines it is repeatable; with lines an `Idempotency-Key` makes it so.
    """
    who = actor(request)
    orders.ship(
        actor=who,
        order_id=order_id,
        carrier=body.carrier,
        tracking=body.tracking,
        units=units_of(body.lines),
        key=caller_of(request).key if body.lines else "",
    )
    return orders_answer([get_order_for(who, order_id)], who)[0]


@router.post("/orders/{order_id}/cancel", auth=ANYONE_WRITES, response=OrderAnswer)
@keyed
def cancel_order(request: HttpRequest, order_id: Path[Id], body: CancelBody) -> Any:
    """Cancel what is not sent, with its money back at once. For the buyer.

    Refused with `not_cancellable` once it is on its way.
    """
    caller = caller_of(request)
    orders.cancel_order(
        actor=caller.actor,
        order_id=order_id,
        units=units_of(body.lines),
        reason=body.reason,
        key=caller.key,
        access_token=caller.access_token,
    )
    order = get_order_for(caller.actor, order_id, caller.access_token)
    return orders_answer([order], caller.actor, access_token=caller.access_token)[0]


@router.post("/orders/{order_id}/receipt", auth=ANYONE_WRITES, response=OrderAnswer)
def confirm_receipt(request: HttpRequest, order_id: Path[Id]) -> Any:
    """Say that the parcel has arrived. For the buyer. Repeatable."""
    caller = caller_of(request)
    order = orders.confirm_receipt(
        actor=caller.actor, order_id=order_id, access_token=caller.access_token
    )
    return orders_answer([order], caller.actor, access_token=caller.access_token)[0]
