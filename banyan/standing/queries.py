"""Reads of standing: the facts of a shop, and where it stands by them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from banyan.catalog.rules import IN_PARCELS
from banyan.kernel import clock
from banyan.orders.models import Order, OrderLine
from banyan.orders.ports import lines_that_wait
from banyan.orders.states import GRANTED

from .models import Appeal, Permit, Report, Review
from .rules import SHIP_WITHIN, WINDOW, Facts, Verdict, average, verdict

# One pass over the shop's paid orders of the window; what an appeal excused is left out. What came
# to nothing without the shop's doing is no order to be judged by, nor what its own people bought:
# else both would dilute.
_FACTS = """
WITH every AS (
  SELECT o.id, o.state, EXISTS (
           SELECT FROM orders_refund r WHERE r.order_id = o.id
           AND r.state = ANY(%(granted)s)  -- a wish that was withdrawn brought nothing back
           -- not what a rule of the platform gave back, but what the shop sold and did not have
           AND (r.requested_by <> 'system' OR r.key LIKE 'short:%%')
           -- not what the buyer cancelled before it was sent: that is free, and nobody's fault
           AND NOT (r.requested_by = 'buyer' AND r.lines -> 0 ? 'quantity'
                    AND r.key NOT LIKE 'return:%%')) AS is_back,
         coalesce(o.shipped_at, least(%(now)s, coalesce(o.received_at, %(now)s)))
           - coalesce(o.free_at, o.paid_at) > %(within)s
           AND NOT (o.state = 'closed' AND o.shipped_at IS NULL)
           AND EXISTS (SELECT FROM orders_orderline l
                       WHERE l.order_id = o.id AND l.kind = ANY(%(parcels)s)
                       -- beside a voucher the parcel may be cancelled, and the order go on
                       AND l.quantity > l.cancelled_quantity) AS is_late
  FROM orders_order o JOIN orders_checkout c ON c.id = o.checkout_id
  WHERE o.shop_id = %(shop)s AND o.paid_at > %(since)s AND o.paid_at <= %(now)s
    AND NOT EXISTS (SELECT FROM catalog_shopstaff s
                    WHERE s.shop_id = o.shop_id AND s.account_id = c.buyer_id)
), paid AS (
  SELECT * FROM every WHERE state <> 'closed' OR is_back
), excused AS (
  SELECT kind, subject_id FROM standing_excused WHERE shop_id = %(shop)s
)
SELECT (SELECT count(*) FROM paid),
  ARRAY(SELECT id FROM paid WHERE is_late
        AND NOT EXISTS (SELECT FROM excused e WHERE e.kind = 'late' AND e.subject_id = id)
        ORDER BY id),
  ARRAY(SELECT id FROM paid WHERE is_back
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
  (SELECT count(*) FROM standing_review
   WHERE shop_id = %(shop)s AND created_at > %(since)s AND hidden_at IS NULL),
  (SELECT coalesce(sum(stars), 0) FROM standing_review
   WHERE shop_id = %(shop)s AND created_at > %(since)s AND hidden_at IS NULL)
"""


def facts_of(shop_id: int, at: dt.datetime | None = None) -> Facts:
    """Count a shop's last ninety days, without what appeals excused.

    One statement, and one more where something seems late: it may wait for its group still.
    """
    now = at or clock.now()
    asked: dict[str, Any] = {"shop": shop_id, "now": now, "since": now - WINDOW}
    with connection.cursor() as cursor:
        asked |= {"within": SHIP_WITHIN, "parcels": list(IN_PARCELS), "granted": list(GRANTED)}
        cursor.execute(_FACTS, asked)
        row = cursor.fetchone()
    assert row is not None  # an aggregate without GROUP BY
    orders, late, refunds, disputes, complaints, ratings, stars = row
    return Facts(
        orders=orders,
        late=_without_waiting(late),
        refunds=tuple(refunds),
        disputes=tuple(disputes),
        complaints=tuple(complaints),
        ratings=ratings,
        stars=int(stars),
    )


def _without_waiting(late: list[int]) -> tuple[int, ...]:
    """Leave out what must not be sent yet."""
    if not late:
        return ()
    lines = OrderLine.objects.filter(lines_that_wait(), order_id__in=late, order__state="paid")
    waiting = set(lines.values_list("order_id", flat=True))
    return tuple(order_id for order_id in late if order_id not in waiting)


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
    """Return where a shop stands now. Two statements at most."""
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
