"""One notice when little is left, and none again until the shop has restocked."""

from __future__ import annotations

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid

from ..access import MANAGERS, get_shop_for_staff, get_variant_for_staff
from ..events import StockLow
from ..models import Shop, Stock

# Rows are locked in the order in which orders lock them: what is low is what is being bought.
# Restocked: more came onto the shelf since the notice, and it is no longer low.
_REARM = """
WITH mine AS MATERIALIZED (
  SELECT s.id FROM catalog_stock s
  JOIN catalog_variant v ON v.id = s.variant_id JOIN catalog_product p ON p.id = v.product_id
  JOIN catalog_shop shop ON shop.id = p.shop_id
  WHERE s.low_told_at IS NOT NULL
    AND s.on_hand - s.allocated - s.reserved - s.held > coalesce(s.low_at, shop.low_stock_at)
    AND EXISTS (SELECT 1 FROM catalog_stockmovement m WHERE m.stock_id = s.id
                AND m.kind IN ('count', 'return') AND m.on_hand > 0 AND m.at > s.low_told_at)
  ORDER BY s.id FOR NO KEY UPDATE OF s
)
UPDATE catalog_stock s SET low_told_at = NULL FROM mine WHERE s.id = mine.id
"""
# Who comes second waits for the row, and then finds that it was told. Of single second-hand things
# there is always one left, and then none.
_TELL = """
WITH mine AS MATERIALIZED (
  SELECT s.id, p.shop_id FROM catalog_stock s
  JOIN catalog_variant v ON v.id = s.variant_id JOIN catalog_product p ON p.id = v.product_id
  JOIN catalog_shop shop ON shop.id = p.shop_id
  WHERE s.low_told_at IS NULL AND v.is_active AND p.state = 'active' AND p.kind <> 'listing'
    AND s.on_hand - s.allocated - s.reserved - s.held <= coalesce(s.low_at, shop.low_stock_at)
  ORDER BY s.id FOR NO KEY UPDATE OF s
)
UPDATE catalog_stock s SET low_told_at = %(now)s FROM mine WHERE s.id = mine.id
RETURNING s.variant_id, mine.shop_id, s.on_hand - s.allocated - s.reserved - s.held
"""


def watch_stock(*, actor: Actor) -> int:
    """Note what has become low; returns how much. Emits stock.low once per variant. Repeatable."""
    # By itself: rows that were locked for it would be locked out of the order of those below.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_REARM)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_TELL, {"now": clock.now()})
            found = cursor.fetchall()
        low = [StockLow(variant_id=v, shop_id=shop, free=free) for v, shop, free in sorted(found)]
        events.emit_all(low, actor=actor)
    return len(low)


def set_low_stock(*, actor: Actor, variant_id: int, low_at: int | None) -> None:
    """Set from which number of free units a variant counts as low; None: as in the whole shop."""
    _check(low_at)
    variant = get_variant_for_staff(actor, variant_id)
    Stock.objects.filter(variant=variant).update(low_at=low_at)


def set_low_stock_of_shop(*, actor: Actor, shop_id: int, low_at: int) -> None:
    """Set from which number of free units on everything without its own counts as low."""
    _check(low_at)
    shop = get_shop_for_staff(actor, shop_id, MANAGERS)
    Shop.objects.filter(pk=shop.pk).update(low_stock_at=low_at)


def _check(low_at: int | None) -> None:
    if low_at is not None and not 0 <= low_at <= 1_000_000:
        raise Invalid(fields={"low_at": _("Enter a number from 0 to 1,000,000.")})
