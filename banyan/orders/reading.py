"""What placement and payment read of a checkout, each by one remembered statement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import OuterRef, QuerySet

from banyan.catalog.models import Variant
from banyan.catalog.queries import on_sale, priced
from banyan.entitlements.purses import purse_rows
from banyan.entitlements.rights import HeldPrice, held_prices, right_rows
from banyan.kernel.remembered import remembered, run
from banyan.sales.queries import sale_rows

from .models import Checkout, Order, OrderLine


@remembered
def goods(variant_ids: list[int], at: dt.datetime, account_id: int) -> QuerySet[Variant]:
    """Return what ``catalog.queries.priced`` does, with their sales, the buyer's rights and points.

    See ``sales_of``, ``rights_of`` and ``purses_of`` for these.
    """
    rows = priced(variant_ids, at, account_id)
    return rows.annotate(
        sale_rows=sale_rows(OuterRef("pk"), account_id, at),
        right_rows=right_rows(OuterRef("pk"), account_id, at),
        purse_rows=purse_rows(OuterRef("product__shop_id"), account_id, at),
    )


@remembered
def shown_goods(product_id: int, at: dt.datetime, account_id: int) -> QuerySet[Variant]:
    """Return what ``catalog.queries.on_sale`` does, with the reader's rights: see ``rights_of``."""
    rows = on_sale(product_id, at, account_id)
    return rows.annotate(right_rows=right_rows(OuterRef("pk"), account_id, at))


def sales_of(variant: Variant) -> Sequence[Mapping[str, Any]]:
    """Return what ``goods`` has read, for ``sales.queries.prices_of_rows``."""
    rows: Sequence[Mapping[str, Any]] = variant.sale_rows  # type: ignore[attr-defined]  # annotated
    return rows


def rights_of(variant: Variant) -> tuple[HeldPrice, ...]:
    """Return the prices of their own that ``goods`` or ``shown_goods`` has read."""
    return held_prices(variant.right_rows)  # type: ignore[attr-defined]  # annotated


def purses_of(variant: Variant) -> Sequence[Mapping[str, Any]]:
    """Return what ``goods`` has read, for ``entitlements.purses.purses_of_rows``."""
    rows: Sequence[Mapping[str, Any]] = variant.purse_rows  # type: ignore[attr-defined]  # annotated
    return rows


@remembered
def checkout_of_key(placement_key: str) -> QuerySet[Checkout]:
    """Return the checkout of a placement key."""
    return Checkout.objects.filter(placement_key=placement_key)


def known_or_ids(placement_key: str, count: int) -> tuple[int | None, list[int]]:
    """Return the id of the checkout of a placement key, and ids for ``count`` rows of a new one."""
    # Spelled out: where PostgreSQL has to count, it plans the statement anew each time.
    made = ", ".join(["banyan_id()"] * count)
    known = "SELECT (SELECT id FROM orders_checkout WHERE placement_key = %s)"
    found = run(f"{known}, {made}", [placement_key]).fetchone()
    return found[0], list(found[1:])


@remembered
def checkouts(checkout_ids: list[int]) -> QuerySet[Checkout]:
    """Return checkouts by their ids."""
    return Checkout.objects.filter(pk__in=checkout_ids)


@remembered
def orders_of(checkout_id: int) -> QuerySet[Order]:
    """Return the orders of a checkout, one per shop, in order."""
    return Order.objects.filter(checkout_id=checkout_id).order_by("id")


@remembered
def lines_of(checkout_id: int) -> QuerySet[OrderLine]:
    """Return the lines of all orders of a checkout."""
    return OrderLine.objects.filter(order__checkout_id=checkout_id).order_by("id")


@remembered
def lines_with_orders(checkout_id: int) -> QuerySet[OrderLine]:
    """Return the lines of a checkout with their orders, the checkout and the shops."""
    lines = OrderLine.objects.filter(order__checkout_id=checkout_id)
    return lines.select_related("order__checkout", "order__shop").order_by("id")


@remembered
def lines_to_pay(checkout_id: int) -> QuerySet[OrderLine]:
    """Return the lines of a checkout with what paying or ending it needs, and no more.

    That is the state and the sums of their orders, the checkout's, and which stock they are of.
    """
    lines = OrderLine.objects.filter(order__checkout_id=checkout_id)
    return (
        lines.select_related("order__checkout", "order__shop", "variant__stock")
        .only(
            *("quantity", "kind", "title", "price", "sale_id", "right_id", "instance_id"),
            *("shipped_quantity", "cancelled_quantity", "variant", "variant__stock__id"),
            *("link", "supply_amount"),
            "order__checkout__coupon",
            *("order__number", "order__state", "order__shop", "order__currency"),
            *("order__total_amount", "order__checkout__number", "order__checkout__state"),
            *("order__shop__kind", "order__shop__owner"),
        )
        .order_by("id")
    )
