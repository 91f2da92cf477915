"""Lines of a provider's own bill, as every adapter reads them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from banyan.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """One movement of money in a provider's bill.

    ``reference`` is ours (``rules.Reference``), ``provider_ref`` the provider's own number.
    ``money`` is what was paid or sent back, positive in both kinds; ``fee`` what the provider kept
    of it (negative where it gave a fee back), None where the bill does not say. ``at`` is aware:
    the provider's time of the movement. Of a chargeback ``money`` is what a payer's bank took,
    negative where it gave it back, and ``provider_ref`` the number of that movement.
    """

    reference: str
    provider_ref: str
    kind: Literal["payment", "refund", "chargeback"]
    money: Money
    fee: Money | None
    at: dt.datetime
