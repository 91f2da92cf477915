"""The bill: the account's balance transactions of a day.

https://docs.stripe.com/api/balance_transactions/list; which line is what:
https://docs.stripe.com/reports/reporting-categories
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from typing import Any, Literal

from ..bills import BillLine
from .amounts import from_stripe
from .api import Api
from .reading import bank_move
from .signing import opened

logger = logging.getLogger(__name__)

_KINDS: dict[str, Literal["payment", "refund"]] = {"charge": "payment", "refund": "refund"}
_OF_DISPUTES = ("dispute", "dispute_reversal")
_CAME_TO_NOTHING = ("failed", "canceled")
_OLDEST_SESSION = dt.timedelta(days=1)  # no session can be paid longer than that


def lines(api: Api, day: dt.date) -> list[BillLine]:
    """Return payments, refunds and chargebacks of a UTC day, oldest first; no fees of other kinds.

    A payment's ``provider_ref`` is its Checkout Session's id, as in our books; its PaymentIntent's
    for a payment that was not made through us. ``money`` is in the payer's currency, ``fee`` in the
    account's. What failed in the end is left out with the line that took it back, maybe days later.
    """
    start = dt.datetime.combine(day, dt.time(), dt.UTC)
    end = start + dt.timedelta(days=1)
    listed = list(
        api.pages(
            "/v1/balance_transactions",
            created={"gte": int(start.timestamp()), "lt": int(end.timestamp())},
            expand=["data.source"],
        )
    )
    sessions = _sessions(api, start - _OLDEST_SESSION, end)
    found = []
    for entry in reversed(listed):
        line = _line(api, entry, sessions)
        if line is not None:
            found.append(line)
    return found


def _sessions(api: Api, start: dt.datetime, end: dt.datetime) -> dict[str, Mapping[str, Any]]:
    """Return PaymentIntent -> Checkout Session of everything completed that was opened then."""
    opened_then = api.pages(
        "/v1/checkout/sessions",
        status="complete",
        created={"gte": int(start.timestamp()), "lt": int(end.timestamp())},
    )
    return {one["payment_intent"]: one for one in opened_then if one["payment_intent"]}


def _line(
    api: Api, entry: Mapping[str, Any], sessions: Mapping[str, Mapping[str, Any]]
) -> BillLine | None:
    if entry["reporting_category"] in _OF_DISPUTES:
        return _dispute_line(entry)
    if entry["reporting_category"] not in _KINDS:
        return None
    kind, source = _KINDS[entry["reporting_category"]], entry["source"]
    if source["status"] in _CAME_TO_NOTHING:
        return None
    money = from_stripe(source["amount"], source["currency"])
    if money is None:
        logger.error("bill line %s: not an amount that our books can hold", entry["id"])
        return None
    reference, ref = opened(source["metadata"]), source["id"]
    if kind == "payment":
        ref = source["payment_intent"] or ref
        session = sessions.get(ref) or (asked_for(api, ref) if reference else {})
        reference = reference or opened(session.get("metadata"))
        ref = session["id"] if reference and session else ref
    return BillLine(
        reference=reference,
        provider_ref=ref,
        kind=kind,
        money=money,
        fee=from_stripe(entry["fee"], entry["currency"]),
        at=dt.datetime.fromtimestamp(entry["created"], dt.UTC),
    )


def _dispute_line(entry: Mapping[str, Any]) -> BillLine | None:
    move = bank_move(entry, entry["source"])
    if move is None:
        logger.error("bill line %s: not an amount that our books can hold", entry["id"])
        return None
    return BillLine(
        reference="",
        provider_ref=move.ref,
        kind="chargeback",
        money=move.taken,
        fee=move.fee,
        at=move.at,
    )


def asked_for(api: Api, payment: str) -> Mapping[str, Any]:
    """Return the session of a PaymentIntent; empty where it has none."""
    if not payment:
        return {}
    listed = api.get("/v1/checkout/sessions", payment_intent=payment)["data"]
    return listed[0] if listed else {}
