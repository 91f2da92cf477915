"""Where an order's money goes on to its shop's own account: the one place that decides it.

Once an order is received, what the platform owes the shop for it (what was paid, less what was
given back, the commissions and the fees on margins) is passed on through the provider that took the
payment, if the shop has a connected account there. What is given back later is taken back from it.
Where there is no such account nothing happens, and the platform owes the shop as before. What the
platform bears of a price was never in the payment: it stays owed, too.
"""

from __future__ import annotations

from django.db import transaction

from banyan.kernel import events, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.events import Meta
from banyan.kernel.locks import LockKey
from banyan.ledger import actions as ledger
from banyan.ledger.rules import Entry
from banyan.orders.actions.charged_back import out_by_bank
from banyan.orders.events import OrderChargebackMoved, OrderReceived, OrderRefunded
from banyan.orders.models import Order
from banyan.payments import actions as payments
from banyan.payments.events import PayoutFailed
from banyan.payments.models import Payout, PayoutReturn
from banyan.payments.queries import passes_on

from .models import Commission
from .states import LIVE_STATES

CONSUMER = "earnings.settling"
SUBJECT = "order_split"


def settle_order(*, actor: Actor, order_id: int, key: str) -> None:
    """Bring what was passed on for an order to what its shop is due; repeatable.

    A part that failed is not passed on again: the platform owes it.

    ``key`` names what happened: the same one changes nothing again. Locks payment, order and the
    shop's account. Posts what ``request_split`` posts. When nothing more is to be passed on of the
    payment, and this order passes nothing on, the provider is told to keep the rest. Not inside a
    transaction. Raises ProviderUnreachable, to be tried again.
    """
    order = Order.objects.select_related("checkout", "shop").get(pk=order_id)
    intent_id = order.checkout.intent_id
    if intent_id is None or order.state not in ("received", "closed"):
        return
    if order.shop.kind == "member":
        # Its money waits in escrow with the platform, and is its seller's when that ends.
        if _is_last(order):
            payments.keep_rest(intent_id=intent_id)
        return
    owed = _owed(order)
    with transaction.atomic(), caused_by(order.checkout_id):
        mine = [LockKey("payment", intent_id), LockKey("order", order.pk)]
        locks.take([*mine, *ledger.lock_keys([owed])])
        order.refresh_from_db()
        due = _due(order)
        split = Payout.objects.filter(subject_kind=SUBJECT, subject_id=order.pk)
        sent = split.exclude(state="failed").first()
        if sent is None and due > 0 and not split.exists():
            sent = payments.request_split(
                actor=actor,
                intent_id=intent_id,
                owner=("shop", order.shop_id),
                owed=owed,
                subject_kind=SUBJECT,
                subject_id=order.pk,
                amount=due,
                key=f"{SUBJECT}:{order.pk}",
                last=_is_last(order),
            )
        elif sent is not None and _too_much(sent, due) and not _known(key):
            payments.request_return(
                actor=actor,
                payout_id=sent.pk,
                credit=owed,
                amount=_too_much(sent, due),
                key=key,
            )
        rest_is_ours = _is_last(order) and sent is None
    if rest_is_ours:
        payments.keep_rest(intent_id=intent_id)


def _owed(order: Order) -> ledger.Book:
    return ledger.account(
        kind="shop_payable", owner_kind="shop", owner_id=order.shop_id, currency=order.currency
    )


def _due(order: Order) -> int:
    """Return what the shop is due for an order: paid, less given back, commissions and fees.

    Less, too, what the payer's bank has out of it.
    """
    live = Commission.objects.filter(order=order, state__in=LIVE_STATES)
    left = sum(each.amount - each.reversed_amount + each.fee_left for each in live)
    return order.total_amount - order.refunded_amount - out_by_bank(order) - left


def _too_much(sent: Payout, due: int) -> int:
    """Return what of a split the shop is not due any more."""
    return max(0, sent.amount - sent.returned_amount - max(due, 0))


def _known(key: str) -> bool:
    return PayoutReturn.objects.filter(key=key).exists()


def _is_last(order: Order) -> bool:
    """Tell whether no other order of the same payment is still to be settled."""
    others = order.checkout.orders.exclude(pk=order.pk)
    return not others.filter(state__in=("paid", "shipped")).exists()


@events.subscribe(OrderReceived, consumer=CONSUMER)
def pass_on(event: OrderReceived, meta: Meta) -> None:
    """Pass on what the shop is due."""
    _later(event.order_id, f"received:{event.order_id}")


@events.subscribe(OrderRefunded, consumer=CONSUMER)
def take_back(event: OrderRefunded, meta: Meta) -> None:
    """Take back what the shop is no longer due."""
    _later(event.order_id, f"order_refund:{event.refund_id}:back")


@events.subscribe(OrderChargebackMoved, consumer=CONSUMER)
def follow_the_bank(event: OrderChargebackMoved, meta: Meta) -> None:
    """Take back what the payer's bank took; what it gives back is passed on once more."""
    _later(event.order_id, f"order:{event.order_id}:bank:{event.chargeback_id}:{event.number}")


@events.subscribe(PayoutFailed, consumer=CONSUMER)
def let_go(event: PayoutFailed, meta: Meta) -> None:
    """Let the rest go that a failed part would have let go."""
    if event.subject_kind == SUBJECT:
        _later(event.subject_id, f"payout:{event.payout_id}:failed")


def _later(order_id: int, key: str) -> None:
    """Leave it to a job: rows of money are never locked inside the relay's transaction."""
    from .jobs import settle

    if passes_on():
        settle.defer(order_id=str(order_id), key=key)


def book_back_locks(event: PayoutFailed) -> list[LockKey]:
    """Return the lock of the account that a failed split goes back to."""
    if event.subject_kind != SUBJECT:
        return []
    return ledger.lock_keys([_owed(Order.objects.get(pk=event.subject_id))])


def book_back(event: PayoutFailed, actor: Actor) -> None:
    """A split failed, so the platform owes it: posts payouts_in_transit -> shop_payable."""
    if event.subject_kind != SUBJECT:
        return
    owed = _owed(Order.objects.get(pk=event.subject_id))
    transit = ledger.account(
        kind="payouts_in_transit", owner_kind="platform", currency=event.currency
    )
    ledger.post(
        key=f"payout:{event.payout_id}:failed",
        kind="payout.failed",
        subject_kind="payout",
        subject_id=event.payout_id,
        entries=[Entry(transit.pk, -event.amount), Entry(owed.pk, event.amount)],
        currency=event.currency,
        actor=actor,
    )


events.in_transaction(PayoutFailed, locks=book_back_locks)(book_back)
