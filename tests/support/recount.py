"""An oracle that counts everything again: each question returns the rows that contradict it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Rows = list[tuple[Any, ...]]

QUESTIONS: dict[str, str] = {
    "no order without payment": """
        SELECT o.id, o.state, i.state FROM orders_order o
        JOIN orders_checkout c ON c.id = o.checkout_id
        LEFT JOIN payments_intent i ON i.id = c.intent_id
        WHERE o.state NOT IN ('placed', 'expired', 'cancelled') AND o.total_amount > 0
          AND (i.id IS NULL OR i.state <> 'captured' OR i.captured_amount <> c.total_amount
               OR (SELECT count(*) FROM ledger_journal j
                   WHERE j.key IN ('intent:' || i.id || ':captured', 'order:' || o.id || ':paid')
                  ) <> 2)
    """,
    "no payment without order": """
        SELECT i.id FROM payments_intent i
        WHERE i.state = 'captured' AND i.subject_kind = 'checkout' AND NOT EXISTS (
          SELECT FROM orders_checkout c
          WHERE c.id = i.subject_id AND c.intent_id = i.id AND c.state = 'paid')
    """,
    "what could not be placed goes back in full": """
        SELECT i.id FROM payments_intent i WHERE i.state = 'captured_unplaced'
          AND i.captured_amount IS DISTINCT FROM
            (SELECT sum(r.amount) FROM payments_refund r WHERE r.intent_id = i.id)
    """,
    "a checkout and its orders agree": """
        SELECT c.id, c.state, o.state FROM orders_checkout c
        JOIN orders_order o ON o.checkout_id = c.id
        WHERE CASE WHEN c.state = 'paid' THEN o.state IN ('placed', 'expired', 'cancelled')
                   ELSE o.state <> c.state END
    """,
    "one order.paid for each paid order": """
        SELECT o.id FROM orders_order o
        WHERE (o.state NOT IN ('placed', 'expired', 'cancelled'))::int <>
          (SELECT count(*) FROM kernel_event e
           WHERE e.name = 'order.paid' AND e.subject_id = o.id)
    """,
    "stock is what its movements say": """
        SELECT s.id, s.on_hand, s.allocated, s.reserved, s.held FROM catalog_stock s
        LEFT JOIN catalog_stockmovement m ON m.stock_id = s.id
        GROUP BY s.id
        HAVING (s.on_hand, s.allocated, s.reserved, s.held, s.elsewhere) IS DISTINCT FROM (
          coalesce(sum(m.on_hand), 0), coalesce(sum(m.allocated), 0), coalesce(sum(m.reserved), 0),
          coalesce(sum(m.held), 0),
          coalesce(sum(m.on_hand) FILTER (WHERE m.location_id IS NOT NULL), 0))
    """,
    "stock is what the orders say": """
        SELECT s.id, s.allocated, s.reserved FROM catalog_stock s
        LEFT JOIN orders_orderline l ON l.variant_id = s.variant_id
        LEFT JOIN orders_order o ON o.id = l.order_id
        GROUP BY s.id
        HAVING s.reserved <> coalesce(sum(l.quantity) FILTER (WHERE o.state = 'placed'), 0)
               + coalesce(sum(l.quantity - l.shipped_quantity - l.cancelled_quantity) FILTER (
                   WHERE o.state NOT IN ('placed', 'expired', 'cancelled')
                     AND l.kind IN ('digital', 'voucher')), 0)
          OR s.allocated <> coalesce(
               sum(l.quantity - l.shipped_quantity - l.cancelled_quantity) FILTER (
                 WHERE o.state NOT IN ('placed', 'expired', 'cancelled')
                   AND l.kind IN ('goods', 'listing')), 0)
          OR least(s.on_hand, s.allocated, s.reserved,
                   s.held, s.on_hand - s.allocated - s.reserved - s.held) < 0
    """,
    "what is held is what sales, plays and prices keep": """
        SELECT s.id, s.held FROM catalog_stock s
        WHERE s.held - (SELECT count(*) FROM campaigns_keptunit k WHERE k.variant_id = s.variant_id)
          - (SELECT count(*) FROM entitlements_priceright p
             WHERE p.variant_id = s.variant_id AND p.keeps AND p.state = 'held')
          <> coalesce((SELECT sum(b.size) FROM sales_bucket b
                JOIN sales_item i ON i.id = b.item_id JOIN sales_sale a ON a.id = i.sale_id
                WHERE i.variant_id = s.variant_id AND a.state <> 'draft'), 0)
          - (SELECT count(*) FROM sales_right r JOIN sales_item i ON i.id = r.item_id
             WHERE i.variant_id = s.variant_id AND r.state IN ('reserved', 'redeemed'))
    """,
    "a sale's units are counted": """
        SELECT b.id, b.taken FROM sales_bucket b WHERE b.pool_id IS NULL
          AND b.taken <> (SELECT count(*) FROM sales_right r WHERE r.bucket_id = b.id
                          AND r.state IN ('bound', 'reserved', 'redeemed'))
    """,
    "a pool's free keys are its stock": """
        SELECT s.variant_id, s.on_hand, s.allocated, s.reserved FROM catalog_stock s
        JOIN catalog_variant v ON v.id = s.variant_id
        JOIN delivery_terms t ON t.product_id = v.product_id AND t.way = 'keys'
        WHERE s.on_hand - s.allocated <> greatest(s.reserved,
          (SELECT count(*) FROM delivery_key k WHERE k.variant_id = v.id AND k.state = 'free'))
    """,
    "what was paid was handed over or fell short": """
        SELECT l.id, l.kind, l.quantity FROM orders_orderline l
        JOIN orders_order o ON o.id = l.order_id
        WHERE l.kind IN ('digital', 'voucher')
          AND (l.shipped_quantity <>
              (SELECT count(*) FROM delivery_key k WHERE k.line_id = l.id)
              + (SELECT count(*) FROM delivery_voucher w WHERE w.line_id = l.id)
              + CASE WHEN EXISTS (SELECT FROM delivery_grant g WHERE g.line_id = l.id)
                     THEN l.shipped_quantity ELSE 0 END
            OR l.shipped_quantity > 0 AND o.state IN ('placed', 'expired', 'cancelled')
            OR l.shipped_quantity = 0
               AND EXISTS (SELECT FROM delivery_grant g WHERE g.line_id = l.id)
            OR l.cancelled_quantity <
              coalesce((SELECT missing FROM delivery_shortfall f WHERE f.line_id = l.id), 0)
            OR o.state NOT IN ('placed', 'expired', 'cancelled')
               AND l.quantity > l.shipped_quantity + l.cancelled_quantity
               AND NOT EXISTS (SELECT FROM orders_orderline c
                               WHERE c.order_id = o.id AND c.instance_id IS NOT NULL))
    """,
    "a redeemed voucher has one accepted scan": """
        SELECT w.id, w.state FROM delivery_voucher w
        WHERE (w.state = 'redeemed')::int <>
          (SELECT count(*) FROM delivery_scan s WHERE s.voucher_id = w.id AND s.result = 'accepted')
    """,
    "parcels hold what was shipped": """
        SELECT l.id FROM orders_orderline l
        LEFT JOIN orders_shipmentline p ON p.line_id = l.id
        WHERE l.kind IN ('goods', 'listing')
        GROUP BY l.id HAVING l.shipped_quantity <> coalesce(sum(p.quantity), 0)
    """,
    "a unit has one fate": """
        SELECT l.id FROM orders_orderline l
        WHERE l.shipped_quantity + l.cancelled_quantity > l.quantity
           OR l.returned_quantity > l.shipped_quantity OR l.refunded_quantity > l.quantity
    """,
    "a coupon's uses are counted": """
        SELECT c.id, c.taken FROM entitlements_coupon c
        WHERE c.taken > c.cap OR c.taken <>
          (SELECT count(*) FROM entitlements_redemption r
           WHERE r.coupon_id = c.id AND r.state IN ('reserved', 'redeemed') AND NOT EXISTS (
             SELECT FROM entitlements_grant g
             WHERE g.coupon_id = r.coupon_id AND g.checkout_id = r.checkout_id))
          + (SELECT count(*) FROM entitlements_grant g
             WHERE g.coupon_id = c.id AND g.state IN ('held', 'reserved', 'redeemed'))
    """,
    "a coupon's budget is counted": """
        SELECT c.id, c.budget_used FROM entitlements_coupon c
        WHERE c.budget_used > coalesce(c.budget, c.budget_used) OR c.budget_used <> coalesce(
          (SELECT sum(r.amount) FROM entitlements_redemption r
           WHERE r.coupon_id = c.id AND r.state IN ('reserved', 'redeemed')), 0)
    """,
    "a held coupon goes with its use": """
        SELECT g.id, g.state, r.state FROM entitlements_grant g
        LEFT JOIN entitlements_redemption r
          ON r.coupon_id = g.coupon_id AND r.checkout_id = g.checkout_id
        WHERE (g.checkout_id IS NULL) <> (g.state IN ('held', 'expired', 'revoked'))
           OR (g.checkout_id IS NOT NULL AND r.state IS DISTINCT FROM g.state)
    """,
    "what a coupon takes off is what the lines say": """
        SELECT c.id FROM orders_checkout c
        WHERE coalesce((SELECT sum(r.amount) FROM entitlements_redemption r
                        WHERE r.checkout_id = c.id), 0) <>
          coalesce((SELECT -sum((s->>'amount')::bigint) FROM orders_order o
                    JOIN orders_orderline l ON l.order_id = o.id,
                    jsonb_array_elements(l.price) s
                    WHERE o.checkout_id = c.id AND s->>'step' = 'coupon'), 0)
    """,
    "a coupon's use goes with its checkout": """
        SELECT r.id, r.state, c.state FROM entitlements_redemption r
        JOIN orders_checkout c ON c.id = r.checkout_id
        WHERE r.state NOT IN (
          CASE c.state WHEN 'placed' THEN 'reserved' WHEN 'paid' THEN 'redeemed'
                       ELSE 'released' END,
          CASE c.state WHEN 'paid' THEN 'returned' ELSE '' END)
    """,
    "a price right is used once": """
        SELECT r.id, r.state, count(l.id) FROM entitlements_priceright r
        LEFT JOIN orders_orderline l ON l.right_id = r.id
        LEFT JOIN orders_order o ON o.id = l.order_id
        GROUP BY r.id
        HAVING count(l.id) FILTER (WHERE o.state NOT IN ('expired', 'cancelled')) <>
                 (r.state IN ('reserved', 'redeemed', 'returned'))::int
          OR bool_or(o.checkout_id IS DISTINCT FROM r.checkout_id
                     AND o.state NOT IN ('expired', 'cancelled'))
          OR bool_or(l.unit_amount <> r.amount OR l.quantity > r.quantity)
    """,
    "a price right goes with its order": """
        SELECT r.id, r.state, o.state FROM entitlements_priceright r
        JOIN orders_orderline l ON l.right_id = r.id
        JOIN orders_order o ON o.id = l.order_id AND o.checkout_id = r.checkout_id
        WHERE r.state <> CASE o.state WHEN 'placed' THEN 'reserved' WHEN 'closed' THEN 'returned'
                                      ELSE 'redeemed' END
    """,
    "nobody uses a coupon more often than allowed": """
        SELECT u.coupon_id, u.person_key FROM entitlements_personuse u
        JOIN entitlements_coupon c ON c.id = u.coupon_id
        GROUP BY u.coupon_id, u.person_key, c.per_person
        HAVING count(DISTINCT u.redemption_id) > c.per_person
    """,
    "refunds of an order add up": """
        SELECT o.id FROM orders_order o
        WHERE o.refunded_amount <> coalesce((SELECT sum(r.amount) FROM orders_refund r
                WHERE r.order_id = o.id AND r.state IN ('processing', 'succeeded', 'failed')), 0)
           OR o.refunded_amount <> coalesce((SELECT sum(l.refunded_amount) FROM orders_orderline l
                WHERE l.order_id = o.id), 0)
    """,
    "refunds of a payment add up": """
        SELECT i.id FROM payments_intent i
        WHERE i.refunded_amount <> coalesce((SELECT sum(r.amount) FROM payments_refund r
                WHERE r.intent_id = i.id), 0)
              - coalesce((SELECT sum(c.covered_amount) FROM payments_chargeback c
                WHERE c.intent_id = i.id), 0)
           OR i.refunded_amount > coalesce(i.captured_amount, 0)
    """,
    "chargebacks of a payment add up": """
        SELECT i.id FROM payments_intent i
        LEFT JOIN (SELECT c.intent_id, sum(c.taken_amount) AS taken,
                          sum((SELECT coalesce(sum(m.amount), 0) FROM payments_chargebackmove m
                               WHERE m.chargeback_id = c.id)) AS moved
                   FROM payments_chargeback c GROUP BY c.intent_id) bank ON bank.intent_id = i.id
        WHERE i.charged_back_amount <> coalesce(bank.taken, 0)
           OR coalesce(bank.taken, 0) <> coalesce(bank.moved, 0)
    """,
    "orders bear what the bank took of their payment": """
        SELECT c.id FROM payments_chargeback c
        JOIN payments_intent i ON i.id = c.intent_id
        WHERE i.subject_kind = 'checkout'
          AND c.taken_amount - c.covered_amount <> coalesce((SELECT sum(o.amount)
                FROM orders_chargeback o WHERE o.chargeback_id = c.id), 0)
    """,
    "every shared, paid line has its commissions once": """
        SELECT l.id FROM orders_orderline l
        JOIN orders_order o ON o.id = l.order_id
        JOIN earnings_planversion v ON v.id = l.plan_version_id
        LEFT JOIN earnings_commission c ON c.line_id = l.id
        WHERE l.link_id IS NOT NULL
        -- Of so little that the share comes to nothing there is none.
          AND v.rate_bps * (l.goods_amount - l.discount_amount
                - greatest(0, l.included_tax_amount - l.shipping_tax_amount)) >= 5000
        GROUP BY l.id HAVING count(c.id) = 0 OR count(c.id) <> count(DISTINCT c.level)
    """,
    "journals sum to zero": """
        SELECT journal_id, currency FROM ledger_posting
        GROUP BY journal_id, currency HAVING sum(amount) <> 0
    """,
    "positions have no gap": """
        SELECT max(position), count(position) FROM kernel_event
        HAVING coalesce(max(position), 0) <> count(position)
    """,
    "no event was parked": "SELECT event_id FROM kernel_deadevent WHERE resolved_at IS NULL",
}


def contradictions(ask: Callable[[str], Rows]) -> dict[str, Rows]:
    """Ask every question; return the rows that contradict, by question. Empty is as it must be."""
    return {name: rows for name, sql in QUESTIONS.items() if (rows := ask(sql))}


def recount() -> dict[str, Rows]:
    """Recount the database that Django is connected to."""
    from django.db import connection

    def ask(sql: str) -> Rows:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    return contradictions(ask)
