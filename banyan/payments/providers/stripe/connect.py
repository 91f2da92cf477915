"""Parts of a payment for connected accounts: separate charges and transfers.

https://docs.stripe.com/connect/separate-charges-and-transfers. What is not transferred is the
platform's: its fee is what it keeps. A transfer that names the charge as its source is never more
than the charge, and waits with it until the money is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...problems import ProviderRefused
from ..base import ProviderState, SplitOrder, Status, TakeBack
from .amounts import from_stripe, to_stripe
from .api import Api, Value, part

_TRANSFERS = "/v1/transfers"


def check_account(api: Api, account: str) -> None:
    """Refuse an account that is not connected, or not allowed to receive transfers.

    https://docs.stripe.com/api/accounts/object
    """
    found = api.get(f"/v1/accounts/{part(account)}")
    if (found.get("capabilities") or {}).get("transfers") != "active":
        raise ProviderRefused("transfers_not_active", detail=account)


def send(api: Api, order: SplitOrder, charge: str) -> ProviderState:
    """Make the transfer, unless it was made before (https://docs.stripe.com/api/transfers/create).

    Stripe forgets an idempotency key after a day; the list of a group never forgets.
    """
    known = _known(api, order)
    if known is not None:
        return _state(known)
    fields: dict[str, Value] = {
        "amount": to_stripe(order.money),
        "currency": order.money.currency.lower(),
        "destination": order.account,
        "source_transaction": charge,
        "transfer_group": order.reference,
    }
    return _state(api.post(_TRANSFERS, fields, key=order.idempotency_key))


def stands(api: Api, order: SplitOrder) -> ProviderState:
    """Read the transfer by its group."""
    known = _known(api, order)
    if known is None:
        return ProviderState(status=Status.PENDING, provider_ref=order.provider_ref)
    return _state(known)


def reverse(api: Api, order: TakeBack) -> ProviderState:
    """Reverse a part of a transfer (https://docs.stripe.com/api/transfer_reversals/create)."""
    path = f"{_TRANSFERS}/{part(order.split.provider_ref)}/reversals"
    before = next(
        (one for one in api.pages(path) if one["metadata"].get("banyan") == order.reference), None
    )
    fields: dict[str, Value] = {
        "amount": to_stripe(order.money),
        "metadata": {"banyan": order.reference},
    }
    made = before or api.post(path, fields, key=order.idempotency_key)
    return ProviderState(
        status=Status.SUCCEEDED,
        provider_ref=made["id"],
        money=from_stripe(made["amount"], made["currency"]),
        raw={name: made[name] for name in ("id", "amount", "currency", "transfer")},
    )


def _known(api: Api, order: SplitOrder) -> Mapping[str, Any] | None:
    return next(iter(api.pages(_TRANSFERS, transfer_group=order.reference)), None)


def _state(transfer: Mapping[str, Any]) -> ProviderState:
    return ProviderState(
        status=Status.SUCCEEDED,
        provider_ref=transfer["id"],
        money=from_stripe(transfer["amount"], transfer["currency"]),
        raw={name: transfer[name] for name in ("id", "amount", "currency", "destination")},
    )
