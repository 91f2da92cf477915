"""What the money of a paid order becomes: the one place that says whom it is owed to.

Each function is called inside the paying or refunding transaction, which holds ``locks_of``.
"""

from __future__ import annotations

from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.ledger import actions as ledger
from banyan.ledger.rules import Entry, portion

from ..models import Order, OrderRefund
from ..rules import borne_by


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


def promotions_account(currency: str) -> int:
    """Return the ledger account that bears what the platform gives away."""
    return ledger.account(kind="promotions", owner_kind="platform", currency=currency).pk


def _funded(order: Order) -> int:
    """Return what the platform bears of an order's prices; asked only where a coupon was used."""
    if order.checkout.coupon_id is None:
        return 0
    return sum(borne_by(steps, "platform") for steps in order.lines.values_list("price", flat=True))


def _entries(order: Order, paid: int, funded: int) -> list[Entry]:
    """Return the shop's ``paid`` and ``funded`` out of clearing and promotions, without zeros."""
    return [
        Entry(account, amount)
        for account, amount in (
            (clearing_account(order.currency), -paid),
            (promotions_account(order.currency) if funded else 0, -funded),
            (shop_account(order.shop_id, order.currency), paid + funded),
        )
        if amount
    ]


def credit(*, actor: Actor, order: Order) -> None:
    """Owe the money of a paid order to whom it is due. Posts clearing -> shop_payable.

    What a platform's coupon took off goes to the shop as if the buyer had paid it: promotions ->
    shop_payable.
    """
    entries = _entries(order, order.total_amount, _funded(order))
    if not entries:
        return
    ledger.post(
        key=f"order:{order.pk}:paid",
        kind="order.paid",
        subject_kind="order",
        subject_id=order.pk,
        entries=entries,
        currency=order.currency,
        actor=actor,
        memo=order.number,
    )


def take_back(*, actor: Actor, order: Order, refund: OrderRefund) -> None:
    """Take a granted refund from whom it was owed to. Posts shop_payable -> clearing.

    Of what the platform bears the same part goes back, shop_payable -> promotions, on running
    totals: ``order.refunded_amount`` has this refund in it already.
    """
    funded, whole = _funded(order), order.total_amount
    before = portion(funded, order.refunded_amount - refund.amount, whole)
    back = portion(funded, order.refunded_amount, whole) - before
    ledger.post(
        key=f"order_refund:{refund.pk}:granted",
        kind="order.refunded",
        subject_kind="order_refund",
        subject_id=refund.pk,
        entries=_entries(order, -refund.amount, -back),
        currency=order.currency,
        actor=actor,
        memo=order.number,
    )
