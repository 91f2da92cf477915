"""The cart: across shops, kept on the server."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.kernel.problems import Invalid
from banyan.media.queries import pictures
from banyan.orders import actions as orders
from banyan.orders.models import Cart
from banyan.orders.queries import CartLine, cart_lines
from banyan.sharing.queries import link_by_code

from ...cookies import CART, keep_cart_count, read_signed, write_signed
from ...http import actor, number, private, same_origin
from ..orders.explaining import left_out_texts


def current_cart(request: HttpRequest, who: Actor) -> Cart:
    """Return the reader's cart, making one when there is none."""
    return orders.cart_for(actor=who, token=read_signed(request, CART))


@dataclass(slots=True)
class Group:
    """One shop's part of the cart; ``missing`` is what free delivery at home still needs."""

    lines: list[CartLine]
    goods: Money | None = None
    missing: Money | None = None


@require_safe
@private
def cart(request: HttpRequest) -> HttpResponse:
    """Show the cart by shop, with today's prices and what is no longer to be had marked."""
    who = actor(request)
    lines = cart_lines(actor=who, token=read_signed(request, CART))
    shown = pictures([line.image_id for line in lines if line.image_id])
    groups: dict[int, Group] = {}
    for line in lines:
        line.picture = shown.get(line.image_id or 0)
        groups.setdefault(line.shop_id, Group([])).lines.append(line)
    quote = orders.price_cart(actor=who, lines=lines)
    if quote is not None:
        _sum_up(groups, quote)
    count = sum(line.quantity for line in lines)
    context = {
        "nav": "cart",
        "cart_count": "99+" if count > 99 else count,
        "groups": list(groups.values()),
        "lines": lines,
        "goods": Money(quote.priced.goods(), quote.currency) if quote else None,
        "left_out": left_out_texts(quote) if quote else {},
        "parted": quote is None and len({line.unit.currency for line in lines}) > 1,
    }
    response = render(request, "shop/market/cart.html", context)
    keep_cart_count(response, count)
    return response


def _sum_up(groups: dict[int, Group], quote: orders.Quote) -> None:
    """Write the quote's sums into the groups of the shops that still sell something."""
    for shop_id in quote.shop_ids():
        group, carriage = groups[shop_id], quote.carriage.get(shop_id)
        group.goods = Money(quote.priced.goods(shop_id), quote.currency)
        missing = quote.until_free(shop_id, carriage.chosen) if carriage else None
        group.missing = Money(missing, quote.currency) if missing else None


@require_POST
@same_origin
def cart_add(request: HttpRequest) -> HttpResponse:
    """Put a variant into the cart, with the share code it was reached through."""
    who = actor(request)
    quantity = _quantity(request) if "n" in request.POST else 1
    mine = current_cart(request, who)
    orders.add_to_cart(
        actor=who,
        cart=mine,
        variant_id=number(request.POST, "variant") or 0,
        quantity=quantity,
        link=link_by_code(request.POST.get("via", "")[:24]),
        touch_id=number(request.POST, "t") or None,
        offer_id=number(request.POST, "offer") or None,
    )
    messages.success(request, _("It is in your cart."))
    response = redirect("cart")
    if who.id is None:
        write_signed(request, response, CART, mine.token)
    return response


@require_POST
@same_origin
def cart_change(request: HttpRequest, item_id: int) -> HttpResponse:
    """Set the quantity of an item; zero removes it."""
    who, quantity = actor(request), _quantity(request)
    orders.set_quantity(
        actor=who,
        cart=current_cart(request, who),
        item_id=item_id,
        quantity=quantity,
    )
    return redirect("cart")


def _quantity(request: HttpRequest) -> int:
    """Return the typed number; what is none, a negative or an endless one, is refused."""
    quantity = number(request.POST, "n")
    if quantity is None:
        raise Invalid(fields={"quantity": _("Enter a number from 1 to 99.")})
    return quantity
