"""The JSON objects of the API, built from rows. One function for each kind."""

from __future__ import annotations

import json
import sqlite3

from sandbox.moments import stamp

Shape = dict[str, object]


def payment_shape(row: sqlite3.Row) -> Shape:
    """Return the payment object."""
    return {
        "id": row["id"],
        "object": "payment",
        "status": row["status"],
        "amount": row["amount"],
        "currency": row["currency"],
        "captured": row["captured"],
        "refunded": row["refunded"],
        "refunding": row["refunding"],
        "reference": row["reference"],
        "pay_url": row["pay_url"],
        "return_url": row["return_url"],
        "webhook_url": row["webhook_url"],
        "description": row["description"],
        "locale": row["locale"],
        "metadata": json.loads(row["metadata"]),
        "failed_attempts": row["failed_attempts"],
        "last_error": None if row["last_error"] is None else {"code": row["last_error"]},
        "cancel_reason": row["cancel_reason"],
        "created": stamp(row["created_ms"]),
        "expires_at": stamp(row["expires_ms"]),
        "succeeded_at": stamp(row["succeeded_ms"]),
        "cancelled_at": stamp(row["cancelled_ms"]),
    }


def refund_shape(row: sqlite3.Row) -> Shape:
    """Return the refund object."""
    return {
        "id": row["id"],
        "object": "refund",
        "status": row["status"],
        "payment": row["payment"],
        "amount": row["amount"],
        "currency": row["currency"],
        "reference": row["reference"],
        "reason": row["reason"],
        "failure_code": row["failure_code"],
        "created": stamp(row["created_ms"]),
        "settled_at": stamp(row["settled_ms"]),
    }


def payout_shape(row: sqlite3.Row) -> Shape:
    """Return the payout object."""
    return {
        "id": row["id"],
        "object": "payout",
        "status": row["status"],
        "amount": row["amount"],
        "currency": row["currency"],
        "reference": row["reference"],
        "destination": {"kind": "sandbox", "account": row["account"]},
        "webhook_url": row["webhook_url"],
        "failure_code": row["failure_code"],
        "created": stamp(row["created_ms"]),
        "settled_at": stamp(row["settled_ms"]),
    }


def pack(document: object) -> str:
    """Return compact JSON; Chinese stays readable."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
