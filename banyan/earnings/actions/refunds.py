"""A refund takes its share of the commission back, to the cent, from wherever the money is."""

from __future__ import annotations

from django.db.models import QuerySet

from banyan.kernel import clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.states import transition
from banyan.ledger import actions as ledger
from banyan.ledger.models import Journal
from banyan.ledger.rules import portion
from banyan.orders.events import OrderRefunded

from ..events import CommissionReversed
from ..models import Commission
from ..states import COMMISSION, LIVE_STATES, PAYABLE_STATES
from .books import Books, earned_journal, fee_key, lock_keys, read_locked


def _live(order_id: int) -> QuerySet[Commission]:
    commissions = Commission.objects.filter(order_id=order_id, state__in=LIVE_STATES)
    return commissions.select_related("order").order_by("id")


def reverse_locks(event: OrderRefunded) -> list[LockKey]:
    """Return the live commissions of the order and the accounts of its shop and payees."""
    return lock_keys(list(_live(event.order_id)))


def reverse(event: OrderRefunded, actor: Actor) -> None:
    """Book back the refunded share of every commission of the refunded lines.

    Runs inside the refunding transaction. Posts the negated stored postings: earner_held -R (or
    earner_payable -R once it was released, below zero if need be) / shop_payable +R. Any sequence
    of refunds adds up to exactly the commission's share of what was refunded. What is reversed
    in full moves to reversed. The fee on a margin goes back with it, pro rata. Emits
    commission.reversed. Repeatable per refund.
    """
    goods = {line_id: amount for line_id, amount, _quantity in event.lines if amount}
    commissions, books = read_locked(lambda: list(_live(event.order_id)))
    for commission in commissions:
        if commission.line_id in goods and not _seen(commission, event.refund_id):
            _take_back(
                actor, commission, event, goods[commission.line_id], books[commission.currency]
            )


def _seen(commission: Commission, refund_id: int) -> bool:
    return any(past["refund"] == str(refund_id) for past in commission.explanation["refunds"])


def _take_back(
    actor: Actor, commission: Commission, event: OrderRefunded, goods: int, books: Books
) -> None:
    refunded = min(commission.base_amount, commission.refunded_base + goods)
    total = portion(commission.amount, refunded, commission.base_amount)
    step = total - commission.reversed_amount
    _book(actor, commission, event.refund_id, refunded, books)
    commission.explanation["refunds"].append(
        {
            "refund": str(event.refund_id),
            "goods": goods,
            "reversed": step,
            "at": clock.now().isoformat(),
        }
    )
    commission.refunded_base, commission.reversed_amount = refunded, total
    if total == commission.amount:
        # Of the fee nothing is left either: it is at most as much (BANYAN_POOL_FEE_BPS).
        # A hold for suspicion keeps its own reason: the payee should still see it.
        commission.reason = commission.reason or "refunded"
        transition(COMMISSION, commission, "reversed", actor=actor, reason="refunded")
    commission.save(update_fields=["refunded_base", "reversed_amount", "explanation", "reason"])
    if step:
        events.emit(
            CommissionReversed(
                commission_id=commission.pk,
                order_id=commission.order_id,
                payee_id=commission.payee_id,
                amount=step,
                currency=commission.currency,
                refund_id=event.refund_id,
            ),
            actor=actor,
        )


def _book(
    actor: Actor, commission: Commission, refund_id: int, refunded: int, books: Books
) -> None:
    held = books["earner_held", commission.payee_id].pk
    payable = books["earner_payable", commission.payee_id].pk
    ledger.reverse_share(
        key=f"commission:{commission.pk}:refund:{refund_id}",
        journal=earned_journal(commission),
        part=refunded,
        whole=commission.base_amount,
        kind="commission.reversed",
        subject_kind="commission",
        subject_id=commission.pk,
        actor=actor,
        memo=commission.order.number,
        instead={held: payable} if commission.state in PAYABLE_STATES else None,
    )
    if commission.fee_amount:
        ledger.reverse_share(
            key=f"{fee_key(commission)}:refund:{refund_id}",
            journal=Journal.objects.get(key=fee_key(commission)),
            part=refunded,
            whole=commission.base_amount,
            kind="commission.fee_returned",
            subject_kind="commission",
            subject_id=commission.pk,
            actor=actor,
            memo=commission.order.number,
        )
