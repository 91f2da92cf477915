"""The ledger accounts that payments post to."""

from __future__ import annotations

from dataclasses import asdict

from banyan.ledger import actions as ledger
from banyan.ledger.actions import Book

from ..providers.base import Provider


def provider_account(adapter: Provider, payer_id: int | None, currency: str) -> Book:
    """Return the account of the money at (or in) a provider."""
    return ledger.account(**asdict(adapter.ledger_place(payer_id=payer_id)), currency=currency)


def clearing_account(currency: str) -> Book:
    """Return the account between a captured payment and those it is for."""
    return ledger.account(kind="clearing", owner_kind="platform", currency=currency)


def fees_account(currency: str) -> Book:
    """Return the account of what providers keep for chargebacks: the platform bears it."""
    return ledger.account(kind="provider_fees", owner_kind="platform", currency=currency)


def in_transit_account(currency: str) -> Book:
    """Return the account of payouts that are on their way."""
    return ledger.account(kind="payouts_in_transit", owner_kind="platform", currency=currency)
