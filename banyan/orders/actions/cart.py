"""The server-side cart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import visible_products
from banyan.catalog.models import Variant
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import Busy, Invalid, NotFound
from banyan.kernel.remembered import run
from banyan.sharing.models import Link

from ..models import Cart, CartItem

MOST_OF_ONE = 99
MOST_LINES = 100


def cart_for(*, actor: Actor, token: str = "") -> Cart:
    """Return the actor's cart: the account's, or the one of an unguessable ``token``.

    A new cart is made when there is none; keep its ``token`` in a signed cookie.
    """
    if actor.id is not None:
        mine, _created = Cart.objects.get_or_create(
            account_id=actor.id, defaults={"token": new_code(120), "updated_at": clock.now()}
        )
        return mine
    cart = Cart.objects.filter(token=token, account=None).first() if token else None
    return cart or Cart.objects.create(token=new_code(120), updated_at=clock.now())


def add_to_cart(
    *,
    actor: Actor,
    cart: Cart,
    variant_id: int,
    quantity: int = 1,
    link: Link | None = None,
    touch_id: int | None = None,
    offer_id: int | None = None,
) -> CartItem:
    """Add units of a variant; more of the same variant adds up. Keeps the latest share link.

    A cart holds a variant once: it costs what the place asks where it was last taken from, a
    storefront (``offer_id``) or the shop itself. Raises Invalid (quantity; ``cart_full``),
    NotFound, Busy while it is joined with another one.
    """
    if not 1 <= quantity <= MOST_OF_ONE:
        raise Invalid(fields={"quantity": _("Enter a number from 1 to 99.")})
    variant = Variant.objects.filter(
        pk=variant_id, is_active=True, product__in=visible_products()
    ).first()
    if variant is None:
        raise NotFound()
    now = clock.now()
    with transaction.atomic():
        # Locks the cart, too: whoever adds to it or joins it with another one waits.
        if not Cart.objects.filter(pk=cart.pk).update(updated_at=now):
            raise Busy(detail="the cart was joined with another one just now")
        if cart.items.exclude(variant=variant).count() >= MOST_LINES:
            raise Invalid(_("The cart is full: at most 100 different things."), code="cart_full")
        put = [cart.pk, variant.pk, quantity, link and link.pk, touch_id, offer_id, now]
        (item_id,) = run(_PUT, [*put, MOST_OF_ONE]).fetchone()
        return CartItem.objects.get(pk=item_id)


_PUT = """
INSERT INTO orders_cartitem AS item
  (cart_id, variant_id, quantity, link_id, touch_id, offer_id, added_at)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (cart_id, variant_id) DO UPDATE SET
  quantity = least(item.quantity + excluded.quantity, %s),
  offer_id = excluded.offer_id,
  link_id = coalesce(excluded.link_id, item.link_id),
  touch_id = CASE WHEN excluded.link_id IS NULL THEN item.touch_id ELSE excluded.touch_id END
RETURNING id
"""


def put_in_cart(
    *,
    actor: Actor,
    cart: Cart,
    variant_id: int,
    quantity: int,
    link: Link | None = None,
    touch_id: int | None = None,
    offer_id: int | None = None,
) -> CartItem:
    """Have exactly ``quantity`` of a variant in the cart; repeatable. Keeps the latest link.

    Raises what add_to_cart raises.
    """
    with transaction.atomic():
        item = add_to_cart(
            actor=actor,
            cart=cart,
            variant_id=variant_id,
            quantity=quantity,
            link=link,
            touch_id=touch_id,
            offer_id=offer_id,
        )
        set_quantity(actor=actor, cart=cart, item_id=item.pk, quantity=quantity)
    return item


def take_from_cart(*, actor: Actor, cart: Cart, variant_id: int) -> None:
    """Take a variant out of the cart; repeatable."""
    cart.items.filter(variant_id=variant_id).delete()


def set_quantity(*, actor: Actor, cart: Cart, item_id: int, quantity: int) -> None:
    """Set how many of an item; zero removes it."""
    if quantity == 0:
        return remove_from_cart(actor=actor, cart=cart, item_id=item_id)
    if not 1 <= quantity <= MOST_OF_ONE:
        raise Invalid(fields={"quantity": _("Enter a number from 1 to 99.")})
    if not cart.items.filter(pk=item_id).update(quantity=quantity):
        raise NotFound()


def remove_from_cart(*, actor: Actor, cart: Cart, item_id: int) -> None:
    """Take an item out; repeatable."""
    cart.items.filter(pk=item_id).delete()


def empty_cart(*, actor: Actor, token: str, variant_ids: Sequence[int]) -> None:
    """Take what was bought out of the actor's cart, or the guest's of ``token``; repeatable."""
    statement, values = emptying(actor=actor, token=token, variant_ids=variant_ids)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def emptying(*, actor: Actor, token: str, variant_ids: Sequence[int]) -> tuple[str, list[Any]]:
    """Return the statement of ``empty_cart``, for whoever runs it as a part of another one."""
    whose = "cart.account_id = %s" if actor.id else "cart.token = %s AND cart.account_id IS NULL"
    return _EMPTYING + whose, [list(variant_ids), actor.id or token]


_EMPTYING = """
DELETE FROM orders_cartitem AS item USING orders_cart AS cart
WHERE item.cart_id = cart.id AND item.variant_id = ANY(%s) AND """


def join_cart(*, actor: Actor, token: str) -> None:
    """Move a guest's cart into the account's, after sign-in; quantities add up to the limit.

    What is no longer on sale is left behind, and what the account's cart has no room for.
    """
    if actor.id is None or not token:
        return
    with transaction.atomic():
        guest = Cart.objects.select_for_update().filter(token=token, account=None).first()
        if guest is None:
            return
        mine = cart_for(actor=actor)
        for item in guest.items.select_related("link").order_by("added_at", "id"):
            try:
                add_to_cart(
                    actor=actor,
                    cart=mine,
                    variant_id=item.variant_id,
                    quantity=item.quantity,
                    link=item.link,
                    touch_id=item.touch_id,
                    offer_id=item.offer_id,
                )
            except (NotFound, Invalid):
                continue
        guest.delete()
