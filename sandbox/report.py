"""The daily bill: what was captured, refunded and paid out on one UTC day, as CSV."""

from __future__ import annotations

import csv
import io
from datetime import date

from sandbox.amounts import decimal_text
from sandbox.moments import day_window, stamp
from sandbox.store import Transaction

COLUMNS = (
    "kind",
    "id",
    "reference",
    "payment",
    "currency",
    "amount_minor",
    "amount",
    "created",
    "settled",
)

_ROWS = """
SELECT 'payment' AS kind, id, reference, id AS payment, currency, captured AS amount,
       created_ms, succeeded_ms AS settled_ms
  FROM payment WHERE succeeded_ms >= :start AND succeeded_ms < :end
UNION ALL
SELECT 'refund', id, reference, payment, currency, -amount, created_ms, settled_ms
  FROM refund WHERE status = 'succeeded' AND settled_ms >= :start AND settled_ms < :end
UNION ALL
SELECT 'payout', id, reference, '', currency, -amount, created_ms, settled_ms
  FROM payout WHERE status = 'paid' AND settled_ms >= :start AND settled_ms < :end
ORDER BY settled_ms, id
"""


def daily_report(work: Transaction, day: date) -> str:
    """Return the bill of one UTC day; what leaves the merchant is negative."""
    start, end = day_window(day)
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in work.all(_ROWS, {"start": start, "end": end}):
        writer.writerow(
            (
                row["kind"],
                row["id"],
                row["reference"],
                row["payment"],
                row["currency"],
                row["amount"],
                decimal_text(row["amount"], row["currency"]),
                stamp(row["created_ms"]),
                stamp(row["settled_ms"]),
            )
        )
    return sheet.getvalue()
