"""The history of prices: what a variant cost everybody, and since when."""

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


# With the variant's own price of that moment behind it, which holds again from then on.
_RECORD_LIST = """
INSERT INTO catalog_pricechange (variant_id, amount, at)
SELECT gone.variant_id, noted.amount, gone.at
FROM (
  SELECT v.id AS variant_id, l.amount, least(%(now)s, pl.ends_at) AS at,
    coalesce((SELECT p.amount FROM catalog_pricechange p
              WHERE p.variant_id = v.id AND p.at <= least(%(now)s, pl.ends_at)
              ORDER BY p.at DESC, p.id DESC LIMIT 1), v.price_amount) AS own
  FROM catalog_listprice l
  JOIN catalog_pricelist pl ON pl.id = l.price_list_id
  JOIN catalog_variant v ON v.id = l.variant_id AND v.currency = pl.currency
  WHERE pl.id = %(list)s AND l.min_quantity = 1
    AND (%(variants)s::bigint[] IS NULL OR v.id = ANY(%(variants)s))
    AND pl.audience = 'everyone' AND coalesce(pl.starts_at <= %(now)s, true)
) gone, LATERAL (VALUES (1, gone.amount), (2, gone.own)) AS noted (n, amount)
WHERE gone.amount < gone.own ORDER BY gone.variant_id, noted.n
"""


def record_list_prices(list_id: int, variant_ids: Iterable[int] | None = None) -> None:
    """Note what a list that is for everybody has asked for some variants, or all, until now.

    One statement, in the caller's transaction. For every action that takes such prices away.
    """
    variants = None if variant_ids is None else sorted(set(variant_ids))
    with connection.cursor() as cursor:
        cursor.execute(_RECORD_LIST, {"now": clock.now(), "list": list_id, "variants": variants})
