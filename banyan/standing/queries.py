"""Reads of standing: the facts of a shop, and where it stands by them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from banyan.catalog.rules import IN_PARCELS
from banyan.kernel import clock
from banyan.orders.models import Order

from .models import Appeal, Permit, Report, Review
from .rules import SHIP_WITHIN, WINDOW, Facts, Verdict, average, verdict

# One pass over the shop's paid orders of the window; what an appeal excused is left out.
_FACTS = """
WITH paid AS (
  SELECT o.id, o.refunded_amount, o.state,
         coalesce(o.shipped_at, least(%(now)s, coalesce(o.received_at, %(now)s))) - o.paid_at
           > %(within)s AND NOT (o.state = 'closed' AND o.shipped_at IS NULL)
           AND EXISTS (SELECT FROM orders_orderline l
                       WHERE l.order_id = o.id AND l.kind = ANY(%(parcels)s)) AS is_late
  FROM orders_order o
  WHERE o.shop_id = %(shop)s AND o.paid_at > %(since)s AND o.paid_at <= %(now)s
), excused AS (
  SELECT kind, subject_id FROM standing_excused WHERE shop_id = %(shop)s
)
SELECT (SELECT count(*) FROM paid),
  ARRAY(SELECT id FROM paid WHERE is_late
        AND NOT EXISTS (SELECT FROM excused e WHERE e.kind = 'late' AND e.subject_id = id)
        ORDER BY id),
  ARRAY(SELECT id FROM paid WHERE refunded_amount > 0
        AND NOT EXISTS (SELECT FROM excused e WHERE e.kind = 'refunds' AND e.subject_id = id)
        ORDER BY id),
  ARRAY(SELECT DISTINCT paid.id FROM paid JOIN market_dispute d ON d.order_id = paid.id
        WHERE (d.state = 'open' OR d.state = 'decided' AND d.refund_amount > 0)
        AND NOT EXISTS (SELECT FROM excused e WHERE e.kind = 'disputes' AND e.subject_id = paid.id)
        ORDER BY 1),
  ARRAY(SELECT r.id FROM standing_report r JOIN catalog_product p ON p.id = r.product_id
        WHERE p.shop_id = %(shop)s AND r.state = 'upheld' AND r.decided_at > %(since)s
        AND NOT EXISTS (SELECT FROM excused e WHERE e.kind = 'complaints' AND e.subject_id = r.id)
        ORDER BY r.id),
  (SELECT count(*) FROM standing_review WHERE shop_id = %(shop)s AND created_at > %(since)s),
  (SELECT coalesce(sum(stars), 0) FROM standing_review
   WHERE shop_id = %(shop)s AND created_at > %(since)s)
"""


def facts_of(shop_id: int, at: dt.datetime | None = None) -> Facts:
    """Count a shop's last ninety days, without what appeals excused. One statement."""
    now = at or clock.now()
    asked: dict[str, Any] = {"shop": shop_id, "now": now, "since": now - WINDOW}
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, asked | {"within": SHIP_WITHIN, "parcels": list(IN_PARCELS)})
        row = cursor.fetchone()
    assert row is not None  # an aggregate without GROUP BY
    orders, late, refunds, disputes, complaints, ratings, stars = row
    return Facts(
        orders=orders,
        late=tuple(late),
        refunds=tuple(refunds),
        disputes=tuple(disputes),
        complaints=tuple(complaints),
        ratings=ratings,
        stars=int(stars),
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a shop stands and by which facts."""

    facts: Facts
    verdict: Verdict

    @property
    def rating(self) -> float | None:
        """The mean of the verified ratings, 1 to 5."""
        return average(self.facts)


def standing_of(shop_id: int) -> Standing:
    """Return where a shop stands now. One statement."""
    facts = facts_of(shop_id)
    return Standing(facts, verdict(facts))


def waiting() -> tuple[int, int, int]:
    """Return how many permits, reports and appeals of shops wait. Three statements."""
    return (
        Permit.objects.filter(state="asked").count(),
        Report.objects.filter(state="open").count(),
        Appeal.objects.filter(state="open").count(),
    )


def order_numbers(order_ids: tuple[int, ...]) -> dict[int, str]:
    """Return what people call some orders. One statement."""
    return dict(Order.objects.filter(pk__in=order_ids).values_list("id", "number"))


def reports_by_id(report_ids: tuple[int, ...]) -> dict[int, Report]:
    """Return some reports with their products. One statement."""
    return Report.objects.select_related("product").in_bulk(list(report_ids))


def reviews_of(line_ids: Iterable[int]) -> dict[int, Review]:
    """Return the reviews of order lines, by line. One statement."""
    return {row.line_id: row for row in Review.objects.filter(line_id__in=list(line_ids))}
