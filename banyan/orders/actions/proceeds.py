"""What the money of a paid order becomes: the one place that says whom it is owed to.

Each function is called inside the paying or refunding transaction, which holds ``locks_of``.
"""

from __future__ import annotations

from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.ledger import actions as ledger
from banyan.ledger.rules import Entry

from ..models import Order, OrderRefund


def shop_account(shop_id: int, currency: str) -> int:
    """Return the ledger account of what we owe a shop."""
    return ledger.account(
        kind="shop_payable", owner_kind="shop", owner_id=shop_id, currency=currency
    ).pk


def clearing_account(currency: str) -> int:
    """Return the ledger account between a captured payment and those it is for."""
    return ledger.account(kind="clearing", owner_kind="platform", currency=currency).pk


def locks_of(order: Order) -> list[LockKey]:
    """Return the locks of the accounts that an order's money goes to or comes back from."""
    return [LockKey("wallet", shop_account(order.shop_id, order.currency))]


def credit(*, actor: Actor, order: Order) -> None:
    """Owe the money of a paid order to whom it is due. Posts clearing -> shop_payable."""
    if not order.total_amount:
        return
    ledger.post(
        key=f"order:{order.pk}:paid",
        kind="order.paid",
        subject_kind="order",
        subject_id=order.pk,
        entries=[
            Entry(clearing_account(order.currency), -order.total_amount),
            Entry(shop_account(order.shop_id, order.currency), order.total_amount),
        ],
        currency=order.currency,
        actor=actor,
        memo=order.number,
    )


def take_back(*, actor: Actor, order: Order, refund: OrderRefund) -> None:
    """Take a granted refund from whom it was owed to. Posts shop_payable -> clearing."""
    ledger.post(
        key=f"order_refund:{refund.pk}:granted",
        kind="order.refunded",
        subject_kind="order_refund",
        subject_id=refund.pk,
        entries=[
            Entry(shop_account(order.shop_id, order.currency), -refund.amount),
            Entry(clearing_account(order.currency), refund.amount),
        ],
        currency=order.currency,
        actor=actor,
        memo=order.number,
    )
