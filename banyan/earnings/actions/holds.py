"""The return window, its end, and holds for suspicion."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from banyan.kernel import audit, clock, events, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Conflict, Invalid
from banyan.kernel.states import transition
from banyan.kernel.sweeps import sweep
from banyan.ledger import actions as ledger
from banyan.ledger.rules import Entry
from banyan.orders.events import OrderReceived
from banyan.orders.models import Order, OrderRefund, Return
from banyan.orders.ports import argued_about
from banyan.orders.states import OPEN_RETURN
from banyan.payments.models import Chargeback
from banyan.payments.queries import open_chargebacks

from ..access import get_commission_for, require_role
from ..events import CommissionPayable
from ..models import Commission
from ..states import COMMISSION
from .books import books_of, lock_keys

INVESTIGATORS = ("finance", "moderation")


def _waiting(order_id: int) -> QuerySet[Commission]:
    """Return what has no end of its return window yet."""
    live = Q(state="pending") | Q(state__in=["held", "held_fraud"], hold_until=None)
    commissions = Commission.objects.filter(live, order_id=order_id)
    return commissions.select_related("order").order_by("id")


def hold_locks(event: OrderReceived) -> list[LockKey]:
    """Return the commissions of the order."""
    return [LockKey("commission", each.pk) for each in _waiting(event.order_id)]


def hold_received(event: OrderReceived, actor: Actor) -> None:
    """Start the return window of the order's commissions: pending -> held until it closes.

    Counted in whole days of the frozen rule from the moment of receipt. Repeatable.
    """
    locks.take(hold_locks(event))
    for commission in _waiting(event.order_id):
        received = commission.order.received_at or clock.now()
        until = received + dt.timedelta(days=commission.explanation["rule"]["hold_days"])
        if commission.state == "pending":
            transition(
                COMMISSION, commission, "held", actor=actor, reason="received", hold_until=until
            )
        else:
            Commission.objects.filter(pk=commission.pk).update(hold_until=until)


def _due(at: dt.datetime) -> QuerySet[Commission]:
    """Return what is past its window, on orders of which nothing is asked or on its way back.

    Nor before the desk, nor in the hands of the payer's bank.
    """
    asked = OrderRefund.objects.filter(order_id=OuterRef("order_id"), state="requested")
    coming = Return.objects.filter(order_id=OuterRef("order_id"), state__in=OPEN_RETURN)
    argued = Order.objects.filter(argued_about(), pk=OuterRef("order_id"))
    due = Commission.objects.filter(
        ~Exists(asked),
        ~Exists(argued),
        ~Exists(coming),
        ~Exists(charged_back("order__checkout__intent_id")),
        state="held",
        hold_until__lte=at,
    )
    return due.select_related("order")


def charged_back(intent: str) -> QuerySet[Chargeback]:
    """Return what a bank has in hand of the payment that the outer field ``intent`` names."""
    return open_chargebacks().filter(intent_id=OuterRef(intent))


def release_due(*, actor: Actor) -> int:
    """Make payable what is past its return window; returns how many. Repeatable.

    One transaction per commission; posts earner_held -> earner_payable and emits
    commission.payable. Orders with an open request for a refund, an open return, dispute or
    chargeback wait.
    """
    now = clock.now()

    def release(commission_id: int) -> int:
        commission = Commission.objects.select_related("order").get(pk=commission_id)
        return _release(actor, commission, now)

    return sweep("earnings.release", _due(now), release, by="hold_until")


def _release(actor: Actor, commission: Commission, now: dt.datetime) -> bool:
    with transaction.atomic(), caused_by(commission.order.checkout_id):
        locks.take([LockKey("order", commission.order_id), *lock_keys([commission])])
        fresh = _due(now).filter(pk=commission.pk).first()
        if fresh is None:
            return False
        books = books_of([fresh])[fresh.currency]
        left = fresh.amount - fresh.reversed_amount
        ledger.post(
            key=f"commission:{fresh.pk}:payable",
            kind="commission.payable",
            subject_kind="commission",
            subject_id=fresh.pk,
            entries=[
                Entry(books["earner_held", fresh.payee_id].pk, -left),
                Entry(books["earner_payable", fresh.payee_id].pk, left),
            ],
            currency=fresh.currency,
            actor=actor,
            memo=fresh.order.number,
        )
        transition(COMMISSION, fresh, "payable", actor=actor, reason="return window closed")
        events.emit(
            CommissionPayable(
                commission_id=fresh.pk,
                order_id=fresh.order_id,
                payee_id=fresh.payee_id,
                amount=left,
                currency=fresh.currency,
            ),
            actor=actor,
        )
    return True


def hold_fraud(*, actor: Actor, commission_id: int, reason: str) -> Commission:
    """Hold a commission while somebody looks into it; finance or moderation, with a reason.

    Audited; the payee sees that it is held. Repeatable. Conflict once it is payable.
    """
    return _investigate(actor, commission_id, reason, to="held_fraud", code="fraud_hold")


def release_fraud(*, actor: Actor, commission_id: int, reason: str) -> Commission:
    """End such a hold: the return window decides again. Audited, repeatable."""
    return _investigate(actor, commission_id, reason, to="held", code="")


def _investigate(
    actor: Actor, commission_id: int, reason: str, *, to: str, code: str
) -> Commission:
    require_role(actor, *INVESTIGATORS)
    if not reason.strip():
        raise Invalid(fields={"reason": _("Say why.")}, code="reason_missing")
    commission = get_commission_for(actor, commission_id)
    with transaction.atomic(), caused_by(commission.order.checkout_id):
        locks.take([LockKey("commission", commission.pk)])
        commission.refresh_from_db()
        if commission.state == to:
            return commission
        if to == "held" and commission.state != "held_fraud":
            raise Conflict(_("This commission is not held for suspicion."), code="not_held_fraud")
        transition(COMMISSION, commission, to, actor=actor, reason=reason.strip())
        Commission.objects.filter(pk=commission.pk).update(reason=code)
        commission.reason = code
        audit.record(
            actor=actor,
            action="commission.hold" if code else "commission.release",
            subject_kind="commission",
            subject_id=commission.pk,
            subject_label=commission.order.number,
            reason=reason.strip(),
        )
    return commission
