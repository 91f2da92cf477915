"""At placement: what a storefront earns from the pooled lines of an order, frozen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from django.conf import settings

from banyan.kernel import clock
from banyan.orders.models import Order, OrderLine
from banyan.storefronts.models import Storefront
from banyan.storefronts.queries import owners_of

from .. import rules
from ..models import Commission
from ..rules import Margin


def margins(order: Order, lines: Sequence[OrderLine]) -> list[Commission]:
    """Return the margin of every pooled line that leaves its page something, not yet written.

    It is the page's trade, so it is owed whoever buys, the owner too. One query where something
    is pooled, none else.
    """
    mine = [line for line in lines if line.supply_amount is not None]  # sold from the pool
    if not mine:
        return []
    pages = owners_of(line.storefront_id for line in mine if line.storefront_id)
    found = []
    for line in mine:
        figures = _figures(line)
        page = pages.get(line.storefront_id or 0)
        if page is not None and figures.amount:
            found.append(_margin(order, line, page, figures))
    return found


def _figures(line: OrderLine) -> Margin:
    return rules.margin(
        unit=line.unit_amount,
        supply=line.supply_amount or 0,
        quantity=line.quantity,
        discount=line.discount_amount,
        paid=line.goods_amount - line.discount_amount,
        included_tax=line.goods_amount - line.discount_amount - line.net_amount,
        fee_bps=settings.POOL_FEE_BPS,
    )


def _margin(order: Order, line: OrderLine, page: Storefront, figures: Margin) -> Commission:
    assert page.link_id is not None  # made when the page was opened
    return Commission(
        order=order,
        line=line,
        payee_id=page.owner_id,
        kind="margin",
        link_id=page.link_id,
        level=1,
        base_amount=line.net_amount,
        amount=figures.amount,
        fee_amount=figures.fee,
        currency=line.currency,
        explanation={
            "path": line.path,
            "rule": {
                "scope": "pool",
                "storefront": str(page.pk),
                "offer": str(line.offer_id),
                "hold_days": rules.MARGIN_HOLD_DAYS,
            },
            "arithmetic": asdict(figures),
            "refunds": [],
        },
        created_at=clock.now(),
    )
