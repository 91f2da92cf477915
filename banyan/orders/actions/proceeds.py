"""What the money of a paid order becomes: the one place that says whom it is owed to.

A shop is owed at once. What one member pays another waits in an escrow account of the order, until
``market`` releases it. Each function is called inside the paying or refunding transaction, which
holds ``locks_of``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.ledger import actions as ledger
from banyan.ledger.models import Account as LedgerAccount
from banyan.ledger.queries import balance
from banyan.ledger.rules import Entry, portion

from ..models import Order, OrderRefund
from ..rules import RefundableLine, borne_by
from .refundable import refundable_lines


def shop_account(shop_id: int, currency: str) -> int:
    """Return the ledger account of what we owe a shop."""
    return ledger.account(
        kind="shop_payable", owner_kind="shop", owner_id=shop_id, currency=currency
    ).pk


def clearing_account(currency: str) -> int:
    """Return the ledger account between a captured payment and those it is for."""
    return ledger.account(kind="clearing", owner_kind="platform", currency=currency).pk


def escrow_account(order: Order) -> int:
    """Return the ledger account where the money of an order between members waits."""
    return ledger.account(
        kind="escrow", owner_kind="order", owner_id=order.pk, currency=order.currency
    ).pk


def escrow_balance(order: Order) -> int:
    """Return what still waits; exact while its lock is held."""
    account = LedgerAccount.objects.get(pk=escrow_account(order))
    return balance(account).amount


def seller_account(order: Order) -> int:
    """Return the ledger account of what we owe the member who sold."""
    owner_id = order.shop.owner_id
    return ledger.account(
        kind="earner_payable", owner_kind="account", owner_id=owner_id, currency=order.currency
    ).pk


def _owed(order: Order) -> int:
    """Return the account that an order's money goes to when it is paid."""
    if order.shop.kind == "member":
        return escrow_account(order)
    return shop_account(order.shop_id, order.currency)


def locks_of(order: Order) -> list[LockKey]:
    """Return the locks of the accounts that an order's money goes to or comes back from."""
    owed = [_owed(order)]
    if order.shop.kind == "member":
        owed.append(seller_account(order))
    return [LockKey("wallet", account) for account in owed]


def promotions_account(currency: str) -> int:
    """Return the ledger account that bears what the platform gives away."""
    return ledger.account(kind="promotions", owner_kind="platform", currency=currency).pk


def _entries(order: Order, owed: int, paid: int, funded: int) -> list[Entry]:
    """Return ``paid`` and ``funded`` out of clearing and promotions onto ``owed``; no zeros."""
    return [
        Entry(account, amount)
        for account, amount in (
            (clearing_account(order.currency), -paid),
            (promotions_account(order.currency) if funded else 0, -funded),
            (owed, paid + funded),
        )
        if amount
    ]


def credit(*, actor: Actor, order: Order, prices: Iterable[Iterable[Mapping[str, Any]]]) -> None:
    """Owe the money of a paid order to whom it is due. Posts clearing -> shop_payable or escrow.

    What the platform bears of its lines' ``prices`` (their steps) comes along as if the buyer had
    paid it, from promotions.
    """
    funded = sum(borne_by(steps, "platform") for steps in prices)
    entries = _entries(order, _owed(order), order.total_amount, funded)
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


def _source(order: Order, amount: int) -> int:
    """Return the account that ``amount`` comes back from: escrow while it has as much."""
    if order.shop.kind == "member" and escrow_balance(order) < amount:
        return seller_account(order)
    return _owed(order)


def take_back_unpaid(*, actor: Actor, order: Order, units: Mapping[int, int]) -> None:
    """Take what the platform paid for ``units`` of goods that cost nothing: no refund has it.

    They are counted as paid back already (line id -> number), and :func:`locks_of` is held. Posts
    shop_payable or escrow -> promotions, on running totals by unit.
    """
    for line in order.lines.filter(pk__in=[pk for pk, n in units.items() if n]).order_by("id"):
        if line.paid_amount > line.delivery_amount:
            continue  # goes back with the refunds, see take_back
        funded = borne_by(line.price, "platform")
        before = portion(funded, line.refunded_quantity - units[line.pk], line.quantity)
        back = portion(funded, line.refunded_quantity, line.quantity) - before
        if not back:
            continue
        ledger.post(
            key=f"order_line:{line.pk}:unpaid:{line.refunded_quantity}",
            kind="order.refunded",
            subject_kind="order",
            subject_id=order.pk,
            entries=_entries(order, _source(order, back), 0, -back),
            currency=order.currency,
            actor=actor,
            memo=order.number,
        )


def bear(*, actor: Actor, order: Order, amount: int, account: int, key: str) -> None:
    """Let ``account`` bear what the payer's bank took of an order; negative gives it back.

    Posts ``key``: account -A, clearing +A.
    """
    ledger.post(
        key=key,
        kind="order.charged_back",
        subject_kind="order",
        subject_id=order.pk,
        entries=_entries(order, account, -amount, 0),
        currency=order.currency,
        actor=actor,
        memo=order.number,
    )


def bearer(order: Order, amount: int) -> int:
    """Return the account that bears ``amount`` which the payer's bank takes of an order."""
    return _source(order, amount)


def take_back_funded(*, actor: Actor, order: Order, refund: OrderRefund) -> None:
    """Take back what the platform bore of what the payer's bank took for good, as of a refund.

    Posts shop_payable or escrow -> promotions; what the buyer paid is booked already.
    """
    if back := _funded_back(order, refund):
        _post_back(actor, order, refund, 0, back)


def take_back(
    *, actor: Actor, order: Order, refund: OrderRefund, lowered: Mapping[int, int] | None = None
) -> None:
    """Take a granted refund from whom it was owed to. Posts shop_payable or escrow -> clearing.

    Once an escrow was released, its seller owes it: earner_payable -> clearing, below zero if need
    be. Of what the platform bears of a line the same part as of its goods goes back to promotions,
    on running totals, which have this refund in them already; of what is ``lowered`` by it (line id
    -> amount) nothing: the goods are kept. What it paid whole goes back by unit, see
    :func:`take_back_unpaid`.
    """
    back = _funded_back(order, refund, lowered or {})
    _post_back(actor, order, refund, refund.amount, back)


def funded_back(line: RefundableLine, funded: int) -> int:
    """Return how much of what the platform bears of a line went back with its goods so far."""
    if line.goods_price:
        return portion(funded, line.goods_returned, line.goods_price)
    return portion(funded, line.goods_back, line.goods_paid)


def _funded_back(
    order: Order, refund: OrderRefund, lowered: Mapping[int, int] = MappingProxyType({})
) -> int:
    prices = order.lines.values_list("pk", "price")
    funded = {pk: n for pk, price in prices if (n := borne_by(price, "platform"))}
    if not funded:
        return 0
    parts = {int(part["line"]): part for part in refund.lines}
    back = 0
    for line in refundable_lines(order):
        n, part = funded.get(line.key, 0), parts.get(line.key)
        if n and part and line.goods_paid:
            before = replace(
                line,
                refunded=line.refunded - int(part["amount"]),
                shipping_back=line.shipping_back - int(part.get("shipping", 0)),
                lowered=line.lowered - lowered.get(line.key, 0),
            )
            back += funded_back(line, n) - funded_back(before, n)
    return back


def _post_back(actor: Actor, order: Order, refund: OrderRefund, paid: int, funded: int) -> None:
    source = _source(order, paid + funded)
    ledger.post(
        key=f"order_refund:{refund.pk}:granted",
        kind="order.refunded",
        subject_kind="order_refund",
        subject_id=refund.pk,
        entries=_entries(order, source, -paid, -funded),
        currency=order.currency,
        actor=actor,
        memo=order.number,
    )
