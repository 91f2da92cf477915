"""Until when a shop answers what its buyer asks for, and what holds when it does not. Pure."""

from __future__ import annotations

import datetime as dt

ANSWER_TIME = dt.timedelta(days=3)
"""How long a shop has to answer a wish for a return, an exchange or money."""
REMIND_BEFORE = dt.timedelta(days=1)
"""How long before that it is reminded."""


def accepted_by_law(
    *, asked_at: dt.datetime, received_at: dt.datetime | None, days: int, seller_is_shop: bool
) -> bool:
    """Tell whether a buyer may send goods back for money whatever the shop says.

    Within ``days`` after receipt, or before it. Not what members sell to each other: the right is
    against traders (Consumer Rights Law of the PRC, art. 25; Directive 2011/83/EU, art. 9).
    """
    if not seller_is_shop:
        return False
    return received_at is None or asked_at < received_at + dt.timedelta(days=days)
