"""Connect: accounts, transfers and their reversals.

https://docs.stripe.com/api/accounts/object (``capabilities.transfers``),
https://docs.stripe.com/api/transfers/create, /transfers/object,
https://docs.stripe.com/api/transfer_reversals/create, /transfer_reversals/object
"""

from __future__ import annotations

from typing import Any

from . import objects
from .forms import whole
from .refusals import Refusal, missing_parameter, missing_thing, unknown_parameter
from .store import Store, Thing, new_id


def account(store: Store, given: dict[str, Any]) -> Thing:
    """Connect an account (a test's verb); ``transfers`` is active, inactive or pending."""
    return store.add(
        {
            "id": given.get("id") or new_id("acct_", 16),
            "object": "account",
            "capabilities": {"transfers": given.get("transfers", "active")},
            "created": store.now(),
        }
    )


def create_transfer(store: Store, given: dict[str, Any]) -> Thing:
    """Answer ``POST /v1/transfers``."""
    known = {"amount", "currency", "destination", "source_transaction", "transfer_group"}
    for name in given:
        if name not in known | {"metadata", "description"}:
            raise unknown_parameter(name)
    for name in ("amount", "currency", "destination"):
        if name not in given:
            raise missing_parameter(name)
    to = store.things.get(given["destination"])
    if to is None or to["object"] != "account":
        raise missing_thing("destination", given["destination"])
    if to["capabilities"]["transfers"] != "active":
        raise Refusal(
            "Your destination account needs to have at least one of the following capabilities "
            "enabled: transfers",
            code="insufficient_capabilities_for_transfer",
        )
    amount = whole(given["amount"], "amount")
    source = store.things.get(given.get("source_transaction", ""))
    if source is None or source["object"] != "charge":
        raise missing_thing("charge", given.get("source_transaction", ""))
    before = sum(
        one["amount"] - one["amount_reversed"]
        for one in store.of("transfer")
        if one["source_transaction"] == source["id"]
    )
    if source["currency"] != given["currency"] or not 0 < amount <= source["amount"] - before:
        raise Refusal("The transfer is greater than what is left of the charge.", param="amount")
    if store.transfers == "insufficient":
        # https://docs.stripe.com/error-codes#balance-insufficient
        raise Refusal("You have insufficient funds in your account.", code="balance_insufficient")
    made = store.add(
        {
            "id": new_id("tr_"),
            "object": "transfer",
            "amount": amount,
            "amount_reversed": 0,
            "created": store.now(),
            "currency": given["currency"],
            "destination": to["id"],
            "livemode": False,
            "metadata": given.get("metadata", {}),
            "reversed": False,
            "source_transaction": source["id"],
            "transfer_group": given.get("transfer_group"),
        }
    )
    objects.booked(store, made, kind="transfer", category="transfer", amount=-amount)
    return made


def create_reversal(store: Store, ref: str, given: dict[str, Any]) -> Thing:
    """Answer ``POST /v1/transfers/:id/reversals``."""
    transfer = store.things.get(ref)
    if transfer is None or transfer["object"] != "transfer":
        raise missing_thing("transfer", ref)
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = whole(given["amount"], "amount") if "amount" in given else left
    if not 0 < amount <= left:
        raise Refusal(f"Transfer {ref} has only {left} left to reverse.", param="amount")
    transfer["amount_reversed"] += amount
    transfer["reversed"] = amount == left
    made = store.add(
        {
            "id": new_id("trr_"),
            "object": "transfer_reversal",
            "amount": amount,
            "created": store.now(),
            "currency": transfer["currency"],
            "metadata": given.get("metadata", {}),
            "transfer": ref,
        }
    )
    objects.booked(store, made, kind="transfer", category="transfer_reversal", amount=amount)
    return made
