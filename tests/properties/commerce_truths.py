"""What holds on the market's floor after every act, beside what ``recount`` asks."""

from __future__ import annotations

from typing import Any

from django.db import connection

from banyan.catalog.proof import stock_audit
from tests.properties.commerce_floor import Floor, counted_in
from tests.support.recount import QUESTIONS

_FIGURES = ("goods", "discount", "shipping", "tax", "total")
_SUMS = ", ".join(f"coalesce(sum(o.{name}_amount), 0)" for name in _FIGURES)
_OWN = ", ".join(f"c.{name}_amount" for name in _FIGURES)
_LINE_SUMS = ", ".join(f"sum(l.{name}_amount)" for name in _FIGURES[:-1])
_ORDERS_OWN = ", ".join(f"o.{name}_amount" for name in _FIGURES[:-1])

TRUTHS: dict[str, str] = {
    "a checkout is the sum of its orders": f"""
        SELECT c.id FROM orders_checkout c JOIN orders_order o ON o.checkout_id = c.id
        GROUP BY c.id HAVING ({_OWN}) IS DISTINCT FROM ({_SUMS})
    """,
    "an order is the sum of its lines": f"""
        SELECT o.id FROM orders_order o JOIN orders_orderline l ON l.order_id = o.id
        GROUP BY o.id HAVING ({_ORDERS_OWN}) IS DISTINCT FROM ({_LINE_SUMS})
          OR o.total_amount <> o.goods_amount - o.discount_amount + o.shipping_amount + o.tax_amount
    """,
    "a line's price explains what is paid for it": """
        SELECT l.id FROM orders_orderline l WHERE l.replaces_id IS NULL
          AND l.goods_amount - l.discount_amount + l.shipping_amount + l.tax_amount <>
            (SELECT coalesce(sum((s->>'amount')::bigint), 0) FROM jsonb_array_elements(l.price) s)
    """,
    "no line is paid back more than was paid": """
        SELECT l.id FROM orders_orderline l WHERE l.refunded_amount < 0 OR l.refunded_amount >
          l.goods_amount - l.discount_amount + l.shipping_amount + l.tax_amount
    """,
    "no more comes to the shelf than left it": """
        SELECT m.stock_id, split_part(m.reference, '-', 1), sum(m.on_hand)
        FROM catalog_stockmovement m WHERE m.kind IN ('ship', 'return')
        GROUP BY 1, 2 HAVING sum(m.on_hand) > 0
    """,
    "nothing waits to be sent of a closed order": """
        SELECT o.id, l.id FROM orders_order o JOIN orders_orderline l ON l.order_id = o.id
        WHERE o.state = 'closed'
          AND l.shipped_quantity + l.cancelled_quantity < l.quantity
    """,
    "a closed order is paid back in full": """
        SELECT o.id FROM orders_order o
        WHERE o.state = 'closed' AND o.refunded_amount <> o.total_amount
    """,
    "what is on the way back was sent and is claimed": """
        SELECT l.id, l.returned_quantity FROM orders_orderline l
        WHERE l.returned_quantity < coalesce((
          SELECT sum(r.quantity) FROM orders_returnline r JOIN orders_return b ON b.id = r.of_id
          WHERE r.line_id = l.id
            AND (b.state IN ('asked', 'approved', 'sent', 'received', 'refunded', 'exchanged')
                 OR r.condition <> '')), 0)
    """,
    "clearing holds what is on its way back": """
        SELECT cleared.amount, pending.amount FROM
          (SELECT coalesce(sum(p.amount), 0) AS amount FROM ledger_posting p
           JOIN ledger_account a ON a.id = p.account_id WHERE a.kind = 'clearing') cleared,
          (SELECT coalesce(sum(r.amount), 0) AS amount FROM payments_refund r
           WHERE r.state <> 'succeeded') pending
        WHERE cleared.amount <> pending.amount
    """,
    "escrow holds what buyer and seller have not got": """
        SELECT o.id, a.balance FROM orders_order o
        JOIN catalog_shop s ON s.id = o.shop_id AND s.kind = 'member'
        LEFT JOIN market_escrow e ON e.order_id = o.id
        LEFT JOIN ledger_account a ON a.kind = 'escrow' AND a.owner_id = o.id
        WHERE coalesce(a.balance, 0) <> CASE
          WHEN o.state IN ('placed', 'expired', 'cancelled') OR e.state IN ('released', 'returned')
            THEN 0
          ELSE o.total_amount - o.refunded_amount
            + coalesce((SELECT sum(p.amount) FROM ledger_posting p
                JOIN ledger_journal j ON j.id = p.journal_id
                JOIN ledger_account pa ON pa.id = p.account_id AND pa.kind = 'promotions'
                WHERE (j.subject_kind = 'order' AND j.subject_id = o.id)
                   OR (j.subject_kind = 'order_refund' AND j.subject_id IN
                       (SELECT r.id FROM orders_refund r WHERE r.order_id = o.id))), 0) * -1 END
    """,
    "sharers earn a part of what a line brought": """
        SELECT l.id FROM orders_orderline l JOIN earnings_commission c ON c.line_id = l.id
        GROUP BY l.id HAVING sum(c.amount) > l.goods_amount - l.discount_amount
          OR bool_or(c.reversed_amount > c.amount OR c.reversed_amount < 0)
          OR bool_or(c.refunded_base > c.base_amount)
    """,
    "a key has one line": """
        SELECT k.id FROM delivery_key k WHERE (k.state = 'taken') <> (k.line_id IS NOT NULL)
    """,
    "a line gives no more than was bought": """
        SELECT l.id FROM orders_orderline l
        WHERE (SELECT count(*) FROM delivery_voucher w WHERE w.line_id = l.id)
            + (SELECT count(*) FROM delivery_key k WHERE k.line_id = l.id) > l.quantity
    """,
    "a purse is what its lots have left": """
        SELECT p.id, p.available, p.owed FROM entitlements_pointspurse p
        WHERE p.available <> (SELECT coalesce(sum(t.left), 0) FROM entitlements_pointslot t
            WHERE t.purse_id = p.id AND t.state = 'available')
          OR (p.owed > 0 AND p.available > 0)
    """,
    "every point has one fate": """
        SELECT t.id FROM entitlements_pointslot t
        WHERE t.left < 0 OR t.points < t.left + t.reversed + t.expired
          OR EXISTS (SELECT FROM entitlements_pointspiece i WHERE i.lot_id = t.id
                     AND (i.returned > i.points OR i.returned < 0))
    """,
    "points that were used go with their order": """
        SELECT u.id, u.state, o.state FROM entitlements_pointsuse u
        JOIN orders_order o ON o.id = u.order_id
        WHERE u.state <> CASE WHEN o.state = 'placed' THEN 'reserved'
            WHEN o.state IN ('expired', 'cancelled') THEN 'released' ELSE 'spent' END
          OR u.returned > u.points OR (u.state = 'released') <> (u.returned = u.points
            AND o.state IN ('expired', 'cancelled'))
    """,
    "what was taken down is not on sale": """
        SELECT t.id FROM standing_takedown t JOIN catalog_product p ON p.id = t.product_id
        WHERE t.state IN ('settling', 'settled') AND p.state = 'active'
    """,
    "no listing is sold twice": """
        SELECT l.variant_id FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
        WHERE l.kind = 'listing' AND o.state IN ('placed', 'paid', 'shipped', 'received')
        GROUP BY l.variant_id HAVING count(*) > 1
    """,
}

ALL = QUESTIONS | TRUTHS
_AT_ONCE = "\nUNION ALL\n".join(
    f"SELECT {number} WHERE EXISTS ({question})" for number, question in enumerate(ALL.values())
)


def broken() -> dict[str, list[tuple[Any, ...]]]:
    """Return what does not hold, with the rows that say so. One statement while all is well."""
    names = list(ALL)
    with connection.cursor() as cursor:
        cursor.execute(_AT_ONCE.replace("%", "%%"), [])
        wrong = [names[number] for (number,) in cursor.fetchall()]
        found = {}
        for name in wrong:
            cursor.execute(ALL[name])
            found[name] = list(cursor.fetchall())
    return found


def miscounted(floor: Floor, brought: dict[int, int]) -> list[object]:
    """Return stock that its movements, or the units that ever existed, do not account for."""
    wrong: list[object] = list(stock_audit())
    for variant_id, at_first in floor.ever.items():
        units = counted_in(variant_id)
        if units != at_first + brought.get(variant_id, 0):
            wrong.append((variant_id, units, at_first, brought.get(variant_id, 0)))
    return wrong
