"""The history of prices: what a variant cost, and since when."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from banyan.kernel import clock

_RECORD = """
INSERT INTO catalog_pricechange (variant_id, amount, at)
SELECT v.id, v.price_amount, %s FROM catalog_variant v
LEFT JOIN LATERAL (
  SELECT p.amount FROM catalog_pricechange p WHERE p.variant_id = v.id
  ORDER BY p.at DESC, p.id DESC LIMIT 1
) last ON true
WHERE v.id = ANY(%s) AND last.amount IS DISTINCT FROM v.price_amount
"""


def record_prices(variant_ids: Iterable[int]) -> None:
    """Note the prices that are not what was noted last; one statement, in the caller's transaction.

    For every action that writes variants.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, [clock.now(), sorted(set(variant_ids))])
