"""Money between members: it waits until the buyer has the goods and is content with them."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Exists, Max, OuterRef

from banyan.kernel import clock, events, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.locks import LockKey
from banyan.kernel.states import transition
from banyan.kernel.sweeps import sweep
from banyan.ledger import actions as ledger
from banyan.ledger.rules import Entry
from banyan.orders.actions.proceeds import escrow_account, escrow_balance, seller_account
from banyan.orders.events import OrderReceived
from banyan.orders.models import Order, OrderRefund, Return
from banyan.orders.states import OPEN_RETURN
from banyan.payments.queries import open_chargebacks

from ..events import EscrowReleased
from ..models import Escrow
from ..states import ESCROW

WINDOW = dt.timedelta(days=3)
"""How long a buyer may look at what arrived before the money is the seller's."""


def escrow_of(order: Order) -> Escrow:
    """Return the escrow of an order between members, made when it is asked for first."""
    found, _new = Escrow.objects.get_or_create(order=order, defaults={"created_at": clock.now()})
    return found


def on_received(*, actor: Actor, order: Order, at: dt.datetime) -> Escrow:
    """Let the window begin in which the buyer may complain. Repeatable."""
    escrow = escrow_of(order)
    Escrow.objects.filter(pk=escrow.pk, release_at=None).update(release_at=at + WINDOW)
    escrow.refresh_from_db()
    return escrow


def escrow_locks(escrow: Escrow) -> list[LockKey]:
    """Return the locks of an escrow and of the two accounts its money moves between."""
    order = escrow.order
    return [
        LockKey("order", order.pk),
        LockKey("escrow", escrow.pk),
        LockKey("wallet", escrow_account(order)),
        LockKey("wallet", seller_account(order)),
    ]


def window_closed(escrow: Escrow) -> bool:
    """Tell whether the buyer can no longer complain; never while a return is open.

    Nor while money that was asked for in the window is, nor while the payer's bank has the payment
    in hand.

    Where the seller refused either, the buyer has the window once more to ask for a decision.
    """
    if escrow.release_at is None:
        return False
    returns = escrow.order.returns
    if returns.filter(state__in=OPEN_RETURN).exists():
        return False
    if open_chargebacks().filter(intent=escrow.order.checkout.intent_id).exists():
        return False
    # What is asked for after that puts nothing off.
    asked = OrderRefund.objects.filter(order=escrow.order, created_at__lt=escrow.release_at)
    if asked.filter(state="requested").exists():
        return False
    refused = [
        rows.filter(state="refused").aggregate(last=Max("settled_at"))["last"]
        for rows in (returns, asked)
    ]
    ends: list[dt.datetime] = [escrow.release_at]
    ends += [last + WINDOW for last in refused if last is not None]
    return max(ends) <= clock.now()


def release_escrow(*, actor: Actor, escrow_id: int) -> Escrow:
    """Give the seller what an undisputed escrow still holds, once its window has closed.

    Locks order, escrow and both accounts. Posts escrow -> earner_payable; emits escrow.released.
    Repeatable: one that is disputed, too early or ended already is left as it is.
    """
    escrow = Escrow.objects.select_related("order__shop", "order__checkout").get(pk=escrow_id)
    with transaction.atomic(), caused_by(escrow.order.checkout_id):
        locks.take(escrow_locks(escrow))
        escrow.refresh_from_db()
        if escrow.state == "held" and window_closed(escrow):
            settle(actor=actor, escrow=escrow, reason="window closed")
    return escrow


def settle(*, actor: Actor, escrow: Escrow, reason: str) -> None:
    """Give the seller the rest and end the escrow; inside an action that holds its locks."""
    order = escrow.order
    left = escrow_balance(order)
    transition(
        ESCROW,
        escrow,
        "released" if left else "returned",
        actor=actor,
        reason=reason,
        ended_at=clock.now(),
    )
    if left:
        ledger.post(
            key=f"escrow:{escrow.pk}:released",
            kind="escrow.released",
            subject_kind="order",
            subject_id=order.pk,
            entries=[Entry(escrow_account(order), -left), Entry(seller_account(order), left)],
            currency=order.currency,
            actor=actor,
            memo=order.number,
        )
    events.emit(
        EscrowReleased(
            escrow_id=escrow.pk,
            order_id=order.pk,
            seller_id=order.shop.owner_id,
            amount=left,
            currency=order.currency,
        ),
        actor=actor,
    )


def end_returned(*, actor: Actor, order_id: int) -> None:
    """End an escrow whose order went back to its buyer in full: nothing of it is held any more.

    One that is argued about waits for the end of that. Locks as :func:`release_escrow`; repeatable.
    """
    escrow = Escrow.objects.select_related("order__shop").filter(order=order_id).first()
    if escrow is None:
        return
    with transaction.atomic(), caused_by(escrow.order.checkout_id):
        locks.take(escrow_locks(escrow))
        escrow.refresh_from_db(fields=["state"])
        escrow.order.refresh_from_db(fields=["state"])
        if escrow.state == "held" and escrow.order.state == "closed":
            settle(actor=actor, escrow=escrow, reason="paid back in full")


def release_due(*, actor: Actor) -> int:
    """Release what is due; returns how many were. One that cannot be keeps nobody else's money."""
    coming_back = Return.objects.filter(order_id=OuterRef("order_id"), state__in=OPEN_RETURN)
    asked = OrderRefund.objects.filter(
        order_id=OuterRef("order_id"), state="requested", created_at__lt=OuterRef("release_at")
    )
    due = Escrow.objects.filter(
        ~Exists(coming_back), ~Exists(asked), state="held", release_at__lte=clock.now()
    )
    due = due.exclude(order__checkout__intent_id__in=open_chargebacks().values("intent_id"))

    def release(escrow_id: int) -> int:
        return release_escrow(actor=actor, escrow_id=escrow_id).state != "held"

    return sweep("market.release", due, release, by="release_at")


def received_event(event: OrderReceived) -> Order | None:
    """Return the order of an event if it is one between members."""
    found = Order.objects.select_related("shop").get(pk=event.order_id)
    return found if found.shop.kind == "member" else None
