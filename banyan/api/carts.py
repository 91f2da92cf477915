"""The cart: a member's own, or a guest's by its token."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Router
from pydantic import Field

from banyan.kernel.problems import NotFound
from banyan.orders import actions as orders
from banyan.orders.queries import CartLine, cart_lines, find_cart
from banyan.sharing.queries import link_by_code

from .gate import ANYONE, ANYONE_WRITES, caller_of
from .schemas import Answer, Body, Code, Count, Id, IdOut, Money

router = Router(tags=["cart"])


class CartLineBody(Body):
    """How many, and the share they were reached through: its code and the opening's id."""

    quantity: Count
    via: Annotated[Code | None, Field(description="Code of the share link.")] = None
    touch: Annotated[Id | None, Field(description="Id of its opening.")] = None
    offer: Annotated[Id | None, Field(description="Id of the storefront's offer.")] = None


class CartLineAnswer(Answer):
    """A line; ``problem`` is empty, gone (no longer on sale) or short (fewer are left)."""

    variant_id: IdOut
    product_id: IdOut
    shop_id: IdOut
    title: str
    choice: str
    quantity: int
    unit: Money
    total: Money
    free: int
    via: str
    problem: str


class CartAnswer(Answer):
    """The cart. ``token`` is a guest's: send it as ``Cart-Token`` from now on."""

    token: str | None
    lines: list[CartLineAnswer]


def _line(line: CartLine) -> CartLineAnswer:
    return CartLineAnswer(
        variant_id=line.variant_id,
        product_id=line.product_id,
        shop_id=line.shop_id,
        title=line.title,
        choice=line.choice,
        quantity=line.quantity,
        unit=Money.of(line.unit),
        total=Money.of(line.total),
        free=line.free,
        via=line.via,
        problem=line.problem,
    )


def _cart(request: HttpRequest, token: str) -> CartAnswer:
    caller = caller_of(request)
    lines = cart_lines(actor=caller.actor, token=token)
    orders.price_cart(actor=caller.actor, lines=lines)
    guest = caller.actor.id is None
    return CartAnswer(
        token=token if guest and token else None, lines=[_line(line) for line in lines]
    )


@router.get("/cart", auth=ANYONE, response=CartAnswer)
def read_cart(request: HttpRequest) -> Any:
    """Return the cart, oldest line first; empty when there is none."""
    caller = caller_of(request)
    found = find_cart(actor=caller.actor, token=caller.cart_token)
    return _cart(request, caller.cart_token if found else "")


@router.put("/cart/lines/{variant_id}", auth=ANYONE_WRITES, response=CartAnswer)
def put_line(request: HttpRequest, variant_id: Path[Id], body: CartLineBody) -> Any:
    """Have exactly so many of a variant in the cart. A guest without a cart gets one."""
    caller = caller_of(request)
    cart = orders.cart_for(actor=caller.actor, token=caller.cart_token)
    orders.put_in_cart(
        actor=caller.actor,
        cart=cart,
        variant_id=variant_id,
        quantity=body.quantity,
        link=link_by_code(body.via) if body.via else None,
        touch_id=body.touch,
        offer_id=body.offer,
    )
    return _cart(request, cart.token)


@router.delete("/cart/lines/{variant_id}", auth=ANYONE_WRITES, response={200: CartAnswer})
def remove_line(request: HttpRequest, variant_id: Path[Id]) -> Any:
    """Take a variant out of the cart. Repeatable."""
    caller = caller_of(request)
    cart = find_cart(actor=caller.actor, token=caller.cart_token)
    if cart is None:
        raise NotFound()
    orders.take_from_cart(actor=caller.actor, cart=cart, variant_id=variant_id)
    return _cart(request, cart.token)
