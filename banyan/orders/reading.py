"""What placement and payment read of a checkout, each by one remembered statement."""

from __future__ import annotations

from django.db.models import QuerySet

from banyan.kernel.remembered import remembered

from .models import Checkout, Order, OrderLine


@remembered
def checkout_of_key(placement_key: str) -> QuerySet[Checkout]:
    """Return the checkout of a placement key."""
    return Checkout.objects.filter(placement_key=placement_key)


@remembered
def orders_of(checkout_id: int) -> QuerySet[Order]:
    """Return the orders of a checkout, one per shop, in order."""
    return Order.objects.filter(checkout_id=checkout_id).order_by("id")


@remembered
def lines_of(checkout_id: int) -> QuerySet[OrderLine]:
    """Return the lines of all orders of a checkout."""
    return OrderLine.objects.filter(order__checkout_id=checkout_id).order_by("id")


@remembered
def lines_of_order(order_id: int) -> QuerySet[OrderLine]:
    """Return the lines of one order."""
    return OrderLine.objects.filter(order_id=order_id).order_by("id")


@remembered
def order_with_checkout(order_id: int) -> QuerySet[Order]:
    """Return an order with its checkout and its shop."""
    return Order.objects.filter(pk=order_id).select_related("checkout", "shop")
