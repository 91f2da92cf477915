"""Where an order's money goes on to its shop's own account: the one place that decides it.

Once an order is received, what the platform owes the shop for it (what was paid, less what was
given back, the commissions, the fees on margins and what who opened a group earns) is passed on
through the provider that took the payment, if the shop has a connected account there. What is given
back later is taken back from it. Where there is no such account nothing happens, and the platform
owes the shop as before. What the platform bears of a price was never in the payment: it stays owed,
too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from banyan.kernel import audit, events, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.events import Meta
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Conflict, NotFound
from banyan.ledger import actions as ledger
from banyan.ledger.models import Account as LedgerAccount
from banyan.ledger.rules import Entry
from banyan.orders.actions.charged_back import out_by_bank
from banyan.orders.events import OrderChargebackMoved, OrderReceived, OrderRefunded
from banyan.orders.models import Order
from banyan.payments import actions as payments
from banyan.payments import ports
from banyan.payments.events import PayoutFailed
from banyan.payments.models import Intent, Payout, PayoutReturn
from banyan.payments.queries import left_to_pass_on, passes_on

from . import owing
from .access import require_role
from .models import Commission, PayoutItem
from .ports import claimed
from .states import LIVE_STATES

CONSUMER = "earnings.settling"
SUBJECT = owing.SPLIT


def settle_order(*, actor: Actor, order_id: int, key: str) -> None:
    """Bring what was passed on for an order to what its shop is due; repeatable.

    A part that failed is not passed on again by itself: the platform owes it.

    ``key`` names what happened: the same one changes nothing again. Locks payment, order and the
    shop's account. Posts what ``request_split`` posts. When nothing more is to be passed on of the
    payment, and this order passes nothing on, the provider is told to keep the rest. Not inside a
    transaction. Raises ProviderUnreachable, to be tried again.
    """
    order = _order(order_id)
    intent_id = order.checkout.intent_id
    if intent_id is None or order.state not in ("received", "closed"):
        return
    if order.shop.kind == "member":
        # Its money waits in escrow with the platform, and is its seller's when that ends.
        if _is_last(order):
            payments.keep_rest(intent_id=intent_id)
        return
    with _locked(order, intent_id):
        parts = list(_parts(order))
        failed = any(part.state == "failed" for part in parts)
        sent = [part for part in parts if part.state != "failed"]
        if _missing(order, sent) > 0 and (sent or not failed):
            sent += _pass_on(actor, order, intent_id, parts)
        elif _missing(order, sent) < 0 and not _known(key):
            _take_back(actor, order, sent, key)
        rest_is_ours = _is_last(order) and not sent
    if rest_is_ours:
        payments.keep_rest(intent_id=intent_id)


def pass_on_again(*, actor: Actor, payout_id: int, reason: str) -> Payout:
    """Finance sends the part of an order that was given up once more; audited.

    A new part of what the shop is due by now, with a key of its own: the one before has ended.
    Locks payment, order and the shop's account; posts what ``request_split`` posts. Raises Conflict
    ``part_not_failed`` for a part that did not fail or is sent again already, and
    ``nothing_to_pass_on`` where the shop is due nothing, or has no account at the provider, and
    where nothing is left of the payment.
    """
    require_role(actor, "finance")
    failed = Payout.objects.filter(pk=payout_id, subject_kind=SUBJECT).first()
    if failed is None:
        raise NotFound()
    order = _order(failed.subject_id)
    intent_id = order.checkout.intent_id
    assert intent_id is not None  # it was a part of it
    with _locked(order, intent_id):
        parts = list(_parts(order))
        if failed.state != "failed" or parts[-1].pk != failed.pk:
            raise Conflict(
                _("This part did not fail, or is on its way again."), code="part_not_failed"
            )
        made = _pass_on(actor, order, intent_id, parts)
        if not made:
            raise Conflict(
                _("The shop is due nothing for this order, or has no account there."),
                code="nothing_to_pass_on",
            )
        audit.record(
            actor=actor,
            action="payout.send_again",
            subject_kind="payout",
            subject_id=made[0].pk,
            subject_label=order.number,
            reason=reason,
            detail={"before": str(payout_id), "amount": made[0].amount},
        )
    return made[0]


def _order(order_id: int) -> Order:
    return Order.objects.select_related("checkout", "shop").get(pk=order_id)


@contextmanager
def _locked(order: Order, intent_id: int) -> Iterator[None]:
    """Hold the payment, the order, read anew, and its shop's account, in a transaction."""
    with transaction.atomic(), caused_by(order.checkout_id):
        mine = [LockKey("payment", intent_id), LockKey("order", order.pk)]
        locks.take([*mine, *ledger.lock_keys([_owed(order)])])
        order.refresh_from_db()
        yield


def _parts(order: Order) -> QuerySet[Payout]:
    return Payout.objects.filter(subject_kind=SUBJECT, subject_id=order.pk).order_by("id")


def _missing(order: Order, sent: Sequence[Payout]) -> int:
    """Return what the shop is due more than was passed on; negative where it is due less."""
    return max(_due(order), 0) - sum(part.amount - part.returned_amount for part in sent)


def _pass_on(actor: Actor, order: Order, intent_id: int, parts: Sequence[Payout]) -> list[Payout]:
    """Pass on what is missing, as one part more; none where the shop has no account for it.

    What another shop of the payment has, and does not give back, is not there to be passed on: the
    platform owes it. Nor is what the shop was paid in a batch since.
    """
    missing = _missing(order, [part for part in parts if part.state != "failed"])
    amount = min(missing, left_to_pass_on(Intent.objects.get(pk=intent_id)))
    if _paid_in_a_batch_since(order):
        book = LedgerAccount.objects.get(pk=_owed(order).pk)
        amount = min(amount, owing.payable([book])[book.pk])
    if amount <= 0:
        return []
    first = f"{SUBJECT}:{order.pk}"
    made = payments.request_split(
        actor=actor,
        intent_id=intent_id,
        owner=("shop", order.shop_id),
        owed=_owed(order),
        subject_kind=SUBJECT,
        subject_id=order.pk,
        amount=amount,
        key=f"{first}:{len(parts) + 1}" if parts else first,
        last=_is_last(order),
    )
    return [] if made is None else [made]


def _paid_in_a_batch_since(order: Order) -> bool:
    """Tell whether a batch may have paid for this order; exact while the shop's account is held."""
    items = PayoutItem.objects.filter(
        shop_id=order.shop_id, currency=order.currency, state__in=["submitted", "paid"]
    )
    if order.received_at is not None:
        items = items.filter(batch__submitted_at__gte=order.received_at)
    return items.exists()


def _take_back(actor: Actor, order: Order, sent: Sequence[Payout], key: str) -> None:
    """Take back what the shop is no longer due, from the latest part first."""
    more = -_missing(order, sent)
    for part in reversed(sent):
        amount = min(more, part.amount - part.returned_amount)
        if amount:
            payments.request_return(
                actor=actor, payout_id=part.pk, credit=_owed(order), amount=amount, key=key
            )
            more, key = more - amount, f"{key}:{part.pk}"


def _owed(order: Order) -> ledger.Book:
    return ledger.account(
        kind="shop_payable", owner_kind="shop", owner_id=order.shop_id, currency=order.currency
    )


def _due(order: Order) -> int:
    """Return what the shop is due for an order: paid, less given back, commissions and fees.

    Less, too, what the payer's bank has out of it, and what others above earn by it.
    """
    live = Commission.objects.filter(order=order, state__in=LIVE_STATES)
    left = sum(each.amount - each.reversed_amount + each.fee_left for each in live)
    left += claimed(order.pk)
    return order.total_amount - order.refunded_amount - out_by_bank(order) - left


def _known(key: str) -> bool:
    return PayoutReturn.objects.filter(key=key).exists()


def _is_last(order: Order) -> bool:
    """Tell whether no other order of the same payment is still to be settled."""
    others = order.checkout.orders.exclude(pk=order.pk)
    return not others.filter(state__in=("paid", "shipped")).exists()


ports.register_part(SUBJECT, pass_on_again)


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
