"""When an order is paid its commissions come to life; when it ends unpaid they end."""

from __future__ import annotations

from collections.abc import Iterable

from banyan.kernel import locks
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.states import transition, transition_telling
from banyan.ledger import actions as ledger
from banyan.ledger.actions import Book
from banyan.ledger.rules import Entry
from banyan.orders.events import OrderCancelled, OrderExpired, OrderPaid
from banyan.orders.models import OrderLine

from ..events import CommissionEarned
from ..models import Commission
from ..reading import quoted_commissions
from ..states import COMMISSION
from .books import Books, earned_key, fee_key, fees_account, lock_keys, read_locked


def activate_locks(event: OrderPaid) -> list[LockKey]:
    """Return the commissions of the order and the accounts of its shop and payees."""
    lines = locks.kept("checkout to pay", event.checkout_id)
    found = quoted_commissions(event.order_id) if lines is None or _earning(event, lines) else []
    # They belong to the order's payment, which whoever pays or ends the order has locked.
    locks.keep("quoted commissions", event.order_id, found)
    return lock_keys(found)


def _earning(event: OrderPaid, lines: Iterable[OrderLine]) -> bool:
    """Tell whether somebody can have been quoted anything: of shared lines, and of pooled ones."""
    mine = [line for line in lines if line.order_id == event.order_id]
    return any(line.link_id or line.supply_amount is not None for line in mine)


def activate(event: OrderPaid, actor: Actor) -> None:
    """Book every quoted commission of the order: shop_payable -C / earner_held +C.

    The platform's fee F on a margin is a journal of its own: shop_payable -F / platform_fees +F.

    Runs inside the paying transaction. Emits commission.earned. Repeatable: what is no longer
    quoted stays as it is.
    """
    commissions, books = read_locked(lambda: _quoted(event.order_id))
    for commission in commissions:
        _earn(actor, commission, books[commission.currency])


def _quoted(order_id: int) -> list[Commission]:
    found: list[Commission] | None = locks.kept("quoted commissions", order_id)
    if found is None or not all(locks.held(LockKey("commission", each.pk)) for each in found):
        return quoted_commissions(order_id)
    return [each for each in found if each.state == "quoted"]


def _earn(actor: Actor, commission: Commission, books: Books) -> None:
    shop = books["shop_payable", commission.order.shop_id]
    held = books["earner_held", commission.payee_id]
    ledger.post(
        key=earned_key(commission),
        kind="commission.earned",
        subject_kind="commission",
        subject_id=commission.pk,
        entries=[Entry(shop.pk, -commission.amount), Entry(held.pk, commission.amount)],
        currency=commission.currency,
        actor=actor,
        memo=commission.order.number,
    )
    _take_fee(actor, commission, shop)
    earned = CommissionEarned(
        commission_id=commission.pk,
        order_id=commission.order_id,
        payee_id=commission.payee_id,
        amount=commission.amount,
        currency=commission.currency,
    )
    transition_telling(COMMISSION, commission, "pending", event=earned, actor=actor, reason="paid")


def _take_fee(actor: Actor, commission: Commission, shop: Book) -> None:
    fee = commission.fee_amount
    if not fee:
        return
    ledger.post(
        key=fee_key(commission),
        kind="commission.fee",
        subject_kind="commission",
        subject_id=commission.pk,
        entries=[Entry(shop.pk, -fee), Entry(fees_account(commission.currency), fee)],
        currency=commission.currency,
        actor=actor,
        memo=commission.order.number,
    )


def end_unpaid_locks(event: OrderExpired | OrderCancelled) -> list[LockKey]:
    """Return the quoted commissions of the order."""
    return [LockKey("commission", each.pk) for each in quoted_commissions(event.order_id)]


def end_unpaid(event: OrderExpired | OrderCancelled, actor: Actor) -> None:
    """End the quotes of an order that was never paid: quoted -> expired. Repeatable."""
    locks.take(end_unpaid_locks(event))
    for commission in quoted_commissions(event.order_id):
        transition(COMMISSION, commission, "expired", actor=actor, reason=event.name)
