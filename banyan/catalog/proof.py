"""The stock's proof: every figure recounted from the movements alone."""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection


class StockDrift(NamedTuple):
    """A figure that is not what its movements say. ``figure`` names the column or the place."""

    stock_id: int
    variant_id: int
    figure: str
    expected: int
    found: int


_AUDIT = """
WITH moved AS (
  SELECT stock_id, sum(on_hand) AS on_hand, sum(allocated) AS allocated,
    sum(reserved) AS reserved, sum(held) AS held,
    coalesce(sum(on_hand) FILTER (WHERE location_id IS NOT NULL), 0) AS elsewhere
  FROM catalog_stockmovement GROUP BY stock_id
),
figures AS (
  SELECT s.id, s.variant_id, f.figure, coalesce(f.expected, 0) AS expected, f.found
  FROM catalog_stock s LEFT JOIN moved m ON m.stock_id = s.id
  CROSS JOIN LATERAL (VALUES
    ('on_hand', m.on_hand, s.on_hand), ('allocated', m.allocated, s.allocated),
    ('reserved', m.reserved, s.reserved), ('held', m.held, s.held),
    ('elsewhere', m.elsewhere, s.elsewhere)
  ) AS f (figure, expected, found)
),
at_places AS (
  SELECT stock_id, location_id, sum(on_hand) AS on_hand FROM catalog_stockmovement
  WHERE location_id IS NOT NULL GROUP BY 1, 2
),
places AS (
  SELECT s.id, s.variant_id, 'at ' || coalesce(m.location_id, a.location_id) AS figure,
    coalesce(m.on_hand, 0) AS expected, coalesce(a.on_hand, 0) AS found
  FROM at_places m
  FULL JOIN catalog_stockat a ON a.stock_id = m.stock_id AND a.location_id = m.location_id
  JOIN catalog_stock s ON s.id = coalesce(m.stock_id, a.stock_id)
)
SELECT * FROM (SELECT * FROM figures UNION ALL SELECT * FROM places) AS everything
WHERE expected <> found ORDER BY id, figure
"""


def stock_audit() -> list[StockDrift]:
    """Recount every figure from the movements; one statement, so one consistent picture.

    Only reads: a drift is for people to look at, never mended here.
    """
    with connection.cursor() as cursor:
        cursor.execute(_AUDIT)
        return [StockDrift(*row) for row in cursor.fetchall()]
