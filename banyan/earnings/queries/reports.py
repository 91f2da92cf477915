"""What a link brought in, and what a shop has promised."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, F, Sum

from banyan.kernel.money import Money
from banyan.sharing.models import Link

from ..models import Commission
from ..states import HELD_STATES


@dataclass(frozen=True, slots=True)
class LinkReport:
    """Paid orders that came through a link or through one shared on from it.

    ``direct_orders`` came through the link itself. One amount per currency, by currency:
    ``sales`` is what was paid for goods, ``refunded`` what went back (shipping included),
    ``earned`` the link owner's own commission from these orders, after refunds; rejected and
    expired ones do not count.
    """

    orders: int
    direct_orders: int
    units: int
    sales: tuple[Money, ...]
    refunded: tuple[Money, ...]
    earned: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class Promise:
    """What a shop's sharers will get once return windows close, in one currency."""

    currency: str
    commissions: int
    amount: Money


_SUBTREES = """
WITH RECURSIVE down AS (
  SELECT id AS top, owner_id AS owner, id FROM sharing_link WHERE id = ANY(%s)
  UNION ALL
  SELECT down.top, down.owner, link.id
  FROM sharing_link link JOIN down ON link.parent_id = down.id
), sold AS (
  SELECT down.top, down.owner, line.id, line.order_id, line.link_id, line.currency, line.quantity,
         line.refunded_amount, line.goods_amount - line.discount_amount AS goods
  FROM orders_orderline line
  JOIN down ON down.id = line.link_id
  JOIN orders_order bought ON bought.id = line.order_id AND bought.paid_at IS NOT NULL
), earned AS (
  SELECT sold.top, sold.id, sum(commission.amount - commission.reversed_amount) AS amount
  FROM earnings_commission commission
  JOIN sold ON sold.id = commission.line_id AND sold.owner = commission.payee_id
  WHERE commission.state NOT IN ('quoted', 'expired', 'rejected')
  GROUP BY sold.top, sold.id
)
SELECT sold.top, sold.currency, count(DISTINCT sold.order_id),
       count(DISTINCT sold.order_id) FILTER (WHERE sold.link_id = sold.top),
       sum(sold.quantity)::bigint, sum(sold.goods)::bigint, sum(sold.refunded_amount)::bigint,
       coalesce(sum(earned.amount), 0)::bigint
FROM sold LEFT JOIN earned ON earned.top = sold.top AND earned.id = sold.id
GROUP BY sold.top, sold.currency ORDER BY sold.top, sold.currency
"""


def link_report(link: Link) -> LinkReport:
    """Return what a link and the links shared on from it brought in. One query.

    An order counts once, however many of its lines came this way; earnings are the link owner's.
    """
    return link_reports([link])[link.pk]


def link_reports(links: Iterable[Link]) -> dict[int, LinkReport]:
    """Return the report of each of some links, by link id. One query for any number."""
    found: dict[int, list[tuple[Any, ...]]] = {link.pk: [] for link in links}
    with connection.cursor() as cursor:
        cursor.execute(_SUBTREES, [list(found)])
        for link_id, *row in cursor.fetchall():
            found[link_id].append(tuple(row))
    return {link_id: _report(rows) for link_id, rows in found.items()}


def _report(rows: list[tuple[Any, ...]]) -> LinkReport:
    """Add up a row per currency."""
    return LinkReport(
        orders=sum(row[1] for row in rows),
        direct_orders=sum(row[2] for row in rows),
        units=sum(row[3] for row in rows),
        sales=tuple(Money(row[4], row[0]) for row in rows),
        refunded=tuple(Money(row[5], row[0]) for row in rows if row[5]),
        earned=tuple(Money(row[6], row[0]) for row in rows if row[6]),
    )


def promises_of(shop_id: int) -> list[Commission]:
    """Return the commissions behind :func:`promised`, newest first. One query."""
    held = Commission.objects.filter(order__shop_id=shop_id, state__in=HELD_STATES)
    return list(held.select_related("payee", "order", "line").order_by("-pk"))


def promised(shop_id: int) -> list[Promise]:
    """Return what the shop has promised and is not yet due, per currency. One query.

    Its money is already set aside: it left shop_payable when the order was paid.
    """
    rows = (
        Commission.objects.filter(order__shop_id=shop_id, state__in=HELD_STATES)
        .values_list("currency")
        .annotate(amount=Sum(F("amount") - F("reversed_amount")), count=Count("pk"))
        .order_by("currency")
    )
    return [
        Promise(currency, count, Money(int(amount), currency)) for currency, amount, count in rows
    ]
