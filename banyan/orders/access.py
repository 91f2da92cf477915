"""The only way to order rows that people see. Absent and forbidden look alike."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare

from banyan.catalog.access import EVERYONE, get_shop_for_staff, works_in
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound

from .models import Checkout, Document, Fapiao, Order, OrderRefund, Return


def _is_buyer(actor: Actor, checkout: Checkout, access_token: str) -> bool:
    if access_token and constant_time_compare(access_token, checkout.access_token):
        return True
    return actor.id is not None and checkout.buyer_id == actor.id


def get_checkout_for_buyer(actor: Actor, checkout_id: int, access_token: str = "") -> Checkout:
    """Return a checkout for its buyer: the account, or whoever holds its link."""
    checkout = Checkout.objects.filter(pk=checkout_id).first()
    if checkout is None or not _is_buyer(actor, checkout, access_token):
        raise NotFound()
    return checkout


def get_checkout_by_token(token: str) -> Checkout:
    """Return the checkout of an unguessable link."""
    checkout = Checkout.objects.filter(access_token=token).first() if token else None
    if checkout is None:
        raise NotFound()
    return checkout


def get_order_for_buyer(actor: Actor, order_id: int, access_token: str = "") -> Order:
    """Return an order for its buyer."""
    order = Order.objects.select_related("checkout", "shop").filter(pk=order_id).first()
    if order is None or not _is_buyer(actor, order.checkout, access_token):
        raise NotFound()
    return order


def get_order_for_staff(actor: Actor, order_id: int, roles: tuple[str, ...] = EVERYONE) -> Order:
    """Return an order for those who work in its shop, and for platform support and finance."""
    order = Order.objects.select_related("checkout", "shop").filter(pk=order_id).first()
    if order is None:
        raise NotFound()
    if not (actor.has_role("support", "finance") or works_in(actor, order.shop_id, roles)):
        raise NotFound()
    return order


def get_order_for(actor: Actor, order_id: int, access_token: str = "") -> Order:
    """Return an order to whoever has a part in it: buyer, guest with its link, shop, support."""
    order = Order.objects.select_related("checkout", "shop").filter(pk=order_id).first()
    if order is None:
        raise NotFound()
    if not (
        _is_buyer(actor, order.checkout, access_token)
        or actor.has_role("support", "finance")
        or works_in(actor, order.shop_id)
    ):
        raise NotFound()
    return order


def orders_bought(actor: Actor) -> QuerySet[Order]:
    """Return the orders that the actor bought, newest first."""
    bought = Order.objects.filter(checkout__buyer_id=actor.id or 0)
    return bought.select_related("checkout", "shop").order_by("-id")


def get_refund_for(actor: Actor, refund_id: int, access_token: str = "") -> OrderRefund:
    """Return a refund: alike for buyer, guest with the link, merchant and support."""
    refund = (
        OrderRefund.objects.select_related("order__checkout", "order__shop")
        .filter(pk=refund_id)
        .first()
    )
    if refund is None:
        raise NotFound()
    if _is_buyer(actor, refund.order.checkout, access_token):
        return refund
    if actor.has_role("support", "finance") or works_in(actor, refund.order.shop_id):
        return refund
    raise NotFound()


def get_return_for(actor: Actor, return_id: int, access_token: str = "") -> Return:
    """Return what is sent back: to its buyer, guest with the link, shop and support."""
    found = (
        Return.objects.select_related("order__checkout", "order__shop", "refund")
        .filter(pk=return_id)
        .first()
    )
    if found is None:
        raise NotFound()
    if not (
        _is_buyer(actor, found.order.checkout, access_token)
        or actor.has_role("support", "finance")
        or works_in(actor, found.order.shop_id)
    ):
        raise NotFound()
    return found


def get_fapiao_for(actor: Actor, order_id: int, access_token: str = "") -> Fapiao:
    """Return what was asked as 发票 for an order, to whoever has a part in that."""
    order = get_order_for(actor, order_id, access_token)
    found = Fapiao.objects.select_related("order").filter(order=order).first()
    if found is None:
        raise NotFound()
    return found


def visible_fapiao(actor: Actor, shop_id: int) -> QuerySet[Fapiao]:
    """Return what a shop's buyers ask for as 发票, newest first, for those who work in it."""
    shop = get_shop_for_staff(actor, shop_id)
    rows = Fapiao.objects.filter(order__shop=shop).defer("file")
    return rows.select_related("order").order_by("-id")


def get_return_for_staff(actor: Actor, return_id: int, roles: tuple[str, ...] = EVERYONE) -> Return:
    """Return what is sent back to those who work in the shop, and to platform support."""
    found = get_return_for(actor, return_id)
    get_order_for_staff(actor, found.order_id, roles)
    return found


def get_return_for_buyer(actor: Actor, return_id: int, access_token: str = "") -> Return:
    """Return what is sent back to who sends it."""
    found = get_return_for(actor, return_id, access_token)
    if not _is_buyer(actor, found.order.checkout, access_token):
        raise NotFound()
    return found


def get_document_for(actor: Actor, document_id: int, access_token: str = "") -> Document:
    """Return a document to whoever may see its order."""
    found = Document.objects.filter(pk=document_id).first()
    if found is None:
        raise NotFound()
    get_order_for(actor, found.order_id, access_token)
    return found


def visible_returns(actor: Actor, shop_id: int) -> QuerySet[Return]:
    """Return what is sent back to a shop, newest first, for its staff."""
    if not works_in(actor, shop_id):
        return Return.objects.none()
    return Return.objects.filter(order__shop_id=shop_id).order_by("-id")


def visible_checkouts(actor: Actor) -> QuerySet[Checkout]:
    """Return the actor's own purchases, newest first."""
    if actor.id is None:
        return Checkout.objects.none()
    return Checkout.objects.filter(buyer_id=actor.id).order_by("-id")


def visible_orders(actor: Actor, shop_id: int) -> QuerySet[Order]:
    """Return a shop's orders for its staff, newest first."""
    if not works_in(actor, shop_id):
        return Order.objects.none()
    return Order.objects.filter(shop_id=shop_id).order_by("-id")
