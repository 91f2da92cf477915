"""Disputes: a claim, what both sides say and show, a decision that moves money to the cent."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import works_in
from banyan.kernel import audit, clock, events, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Conflict, Forbidden, Invalid
from banyan.kernel.states import transition
from banyan.media.actions import claim_staged
from banyan.orders.access import get_order_for_buyer
from banyan.orders.actions.answering import end_escalated
from banyan.orders.actions.paying_back import lock_for_refund
from banyan.orders.actions.refunds import grant_refund
from banyan.orders.models import Order
from banyan.orders.states import OPEN_RETURN
from banyan.payments.problems import PaymentChargedBack
from banyan.payments.queries import taken_back

from ..access import OFFICE, get_dispute_for, side_of
from ..events import DisputeAnswered, DisputeDecided, DisputeOpened, DisputeWithdrawn
from ..models import Dispute, DisputeEntry, Escrow
from ..rules import REASONS
from ..states import DISPUTE, ESCROW
from .escrow import WINDOW as ESCROW_WINDOW
from .escrow import escrow_locks, escrow_of, settle, window_closed

WINDOW = dt.timedelta(days=15)
"""How long after receipt a shop's buyer may ask for a decision; with escrow, until its release.

Longer about goods that are on their way back, see :func:`_about_a_return`."""


def open_dispute(
    *,
    actor: Actor,
    order_id: int,
    reason: str,
    claim_amount: int,
    body: str,
    access_token: str = "",
    picture: str = "",
) -> Dispute:
    """The buyer asks the platform to decide. Freezes the escrow. Emits dispute.opened.

    Locks order and escrow. ``picture`` is the token of a staged upload. Raises Conflict
    ``dispute_open`` for a second one and ``dispute_too_late`` after the window.
    """
    order = get_order_for_buyer(actor, order_id, access_token)
    left = order.total_amount - order.refunded_amount
    if reason not in REASONS:
        raise Invalid(fields={"reason": _("Choose one of these.")})
    if not 0 < claim_amount <= left:
        raise Invalid(fields={"amount": _("More than what is left of the order.")})
    _check_body(body)
    escrow = escrow_of(order) if order.shop.kind == "member" else None
    keys = escrow_locks(escrow) if escrow else [LockKey("order", order.pk)]
    try:
        with transaction.atomic(), caused_by(order.checkout_id):
            locks.take(keys)
            order.refresh_from_db()
            _check_in_time(order, escrow)
            dispute = Dispute.objects.create(
                order=order, reason=reason, claim_amount=claim_amount, opened_at=clock.now()
            )
            if escrow is not None:
                transition(ESCROW, escrow, "disputed", actor=actor, reason=reason)
            _write(actor, dispute, "buyer", body, picture)
            events.emit(DisputeOpened(**_ids(dispute)), actor=actor)
    except IntegrityError as error:
        if "dispute_one_open" not in str(error):
            raise
        raise Conflict(_("There is an open dispute already."), code="dispute_open") from error
    return dispute


def open_unanswered(
    *, actor: Actor, order_id: int, amount: int, number: str, body: str
) -> Dispute | None:
    """Bring before the desk what a shop did not answer, for its buyer. Emits dispute.opened.

    ``amount``: what is asked for, minor units; ``number`` names it, ``body`` is what the buyer
    wrote. Where a case about the order is open already, that one decides; where its money is
    settled there is none: what was asked for ends, and None is returned. Locks order and escrow.
    Repeatable.
    """
    order = Order.objects.select_related("checkout", "shop").get(pk=order_id)
    escrow = escrow_of(order) if order.shop.kind == "member" else None
    with transaction.atomic(), caused_by(order.checkout_id):
        locks.take(escrow_locks(escrow) if escrow else [LockKey("order", order.pk)])
        order.refresh_from_db()
        found = Dispute.objects.filter(order=order, state="open").first()
        if found is not None:
            return found
        left = order.total_amount - order.refunded_amount
        if escrow is not None:
            escrow.refresh_from_db()
        if not left or (escrow is not None and escrow.state in {"released", "returned"}):
            told = _("The money of this order is settled already.")
            ended = "refused" if left else "refunded"
            end_escalated(actor=actor, order=order, to=ended, reason=str(told))
            return None
        dispute = Dispute.objects.create(
            order=order,
            reason="other",
            claim_amount=max(1, min(amount, left)),
            opened_at=clock.now(),
        )
        if escrow is not None and escrow.state == "held":
            transition(ESCROW, escrow, "disputed", actor=actor, reason="no answer in time")
        said = _("Nobody in the shop answered %(number)s in time.") % {"number": number}
        _write(actor, dispute, "platform", said, "")
        if body.strip():
            buyer = Actor(kind="member", id=order.checkout.buyer_id)
            _write(buyer, dispute, "buyer", body, "")
        events.emit(DisputeOpened(**_ids(dispute)), actor=actor)
    return dispute


def answer_dispute(
    *, actor: Actor, dispute_id: int, body: str, access_token: str = "", picture: str = ""
) -> DisputeEntry:
    """Say or show something in an open dispute, as the side one is on. Emits dispute.answered."""
    dispute = get_dispute_for(actor, dispute_id, access_token)
    side = side_of(actor, dispute)
    _check_body(body)
    with transaction.atomic(), caused_by(dispute.order.checkout_id):
        locks.take([LockKey("dispute", dispute.pk)])
        dispute.refresh_from_db(fields=["state"])
        _check_open(dispute)
        entry = _write(actor, dispute, side, body, picture)
        events.emit(DisputeAnswered(**_ids(dispute), side=side), actor=actor)
    return entry


def withdraw_dispute(*, actor: Actor, dispute_id: int, access_token: str = "") -> Dispute:
    """The buyer takes the claim back; the escrow goes on as before. Emits dispute.withdrawn."""
    dispute = get_dispute_for(actor, dispute_id, access_token)
    order = get_order_for_buyer(actor, dispute.order_id, access_token)
    escrow = Escrow.objects.select_related("order__shop").filter(order=order).first()
    with transaction.atomic(), caused_by(order.checkout_id):
        keys = escrow_locks(escrow) if escrow else [LockKey("order", order.pk)]
        locks.take([*keys, LockKey("dispute", dispute.pk)])
        dispute.refresh_from_db()
        _check_open(dispute)
        transition(DISPUTE, dispute, "withdrawn", actor=actor, ended_at=clock.now())
        if escrow is not None:
            escrow.refresh_from_db()
            order.refresh_from_db()
            if order.state == "closed":  # all went back meanwhile: there is nothing to hold
                settle(actor=actor, escrow=escrow, reason="dispute withdrawn")
            else:
                transition(ESCROW, escrow, "held", actor=actor, reason="dispute withdrawn")
        end_escalated(actor=actor, order=order, to="withdrawn", reason="dispute withdrawn")
        events.emit(DisputeWithdrawn(**_ids(dispute)), actor=actor)
    return dispute


def decide_dispute(*, actor: Actor, dispute_id: int, refund_amount: int, reason: str) -> Dispute:
    """Support decides: so much goes back to the buyer, what is left in escrow to the seller.

    ``refund_amount`` in minor units, 0 to what is left. One transaction: locks everything a refund
    does, the escrow and the dispute. Posts escrow (or shop_payable) -> clearing for the refund and
    escrow -> earner_payable for the rest. Emits dispute.decided. Both sides read ``reason``.
    Raises Forbidden ``own_dispute`` for who is on either side, and PaymentChargedBack while the
    payer's bank has the money: there is nothing to decide about.
    """
    if not actor.has_role(*OFFICE):
        raise Forbidden()
    dispute = get_dispute_for(actor, dispute_id)
    order = dispute.order
    if actor.id == order.checkout.buyer_id or works_in(actor, order.shop_id):
        raise Forbidden(_("Somebody else decides on what is your own."), code="own_dispute")
    if not 1 <= len(reason.strip()) <= 500:
        raise Invalid(fields={"reason": _("Say why.")}, code="reason_missing")
    escrow = Escrow.objects.select_related("order__shop").filter(order=order).first()
    with transaction.atomic(), caused_by(order.checkout_id):
        more = escrow_locks(escrow) if escrow else []
        lock_for_refund(order, LockKey("dispute", dispute.pk), *more)
        dispute.refresh_from_db()
        _check_open(dispute)
        if taken_back(order.checkout.intent_id):
            raise PaymentChargedBack(detail=f"dispute {dispute_id}")
        if not 0 <= refund_amount <= order.total_amount - order.refunded_amount:
            raise Invalid(
                fields={"amount": _("More than what is left of the order.")}, code="refund_too_much"
            )
        transition(
            DISPUTE,
            dispute,
            "decided",
            actor=actor,
            reason=reason.strip(),
            refund_amount=refund_amount,
            decision=reason.strip(),
            ended_at=clock.now(),
        )
        if refund_amount:
            grant_refund(
                actor=actor,
                order_id=order.pk,
                amount=refund_amount,
                reason=reason.strip()[:200],
                key=f"dispute:{dispute.pk}",
            )
        ended = "refunded" if refund_amount else "refused"
        end_escalated(actor=actor, order=order, to=ended, reason=reason.strip())
        if escrow is not None:
            escrow.refresh_from_db()
            settle(actor=actor, escrow=escrow, reason="dispute decided")
        events.emit(
            DisputeDecided(**_ids(dispute), refund_amount=refund_amount, currency=order.currency),
            actor=actor,
        )
        audit.record(
            actor=actor,
            action="dispute.decide",
            subject_kind="dispute",
            subject_id=dispute.pk,
            subject_label=order.number,
            reason=reason,
            detail={"refund_amount": refund_amount},
        )
    return dispute


def _check_in_time(order: Order, escrow: Escrow | None) -> None:
    if order.state not in {"paid", "shipped", "received"}:
        raise Conflict(_("This order has nothing to dispute."), code="not_disputable")
    if escrow is not None:
        escrow.refresh_from_db()
        late = escrow.state in {"released", "returned"} or window_closed(escrow)
    else:
        late = order.received_at is not None and order.received_at + WINDOW <= clock.now()
        late = late and not _about_a_return(order)
    if late:
        raise Conflict(_("The time to complain is over."), code="dispute_too_late")
    if escrow is not None and escrow.state == "disputed":
        raise Conflict(_("There is an open dispute already."), code="dispute_open")


def _about_a_return(order: Order) -> bool:
    """Tell whether goods are on their way back, or were refused within the days of an escrow.

    The way of a return may be longer than the window.
    """
    refused = Q(state="refused", settled_at__gt=clock.now() - ESCROW_WINDOW)
    return order.returns.filter(Q(state__in=OPEN_RETURN) | refused).exists()


def _check_open(dispute: Dispute) -> None:
    if dispute.state != "open":
        raise Conflict(_("This dispute has ended."), code="dispute_ended")


def _check_body(body: str) -> None:
    if not 1 <= len(body.strip()) <= 2000:
        raise Invalid(fields={"body": _("Say what happened, in 1 to 2,000 letters.")})


def _write(actor: Actor, dispute: Dispute, side: str, body: str, picture: str) -> DisputeEntry:
    images = claim_staged(actor=actor, tokens=[picture])
    return DisputeEntry.objects.create(
        dispute=dispute,
        side=side,
        author_id=actor.id,
        body=body.strip(),
        image=images[0] if images else None,
        at=clock.now(),
    )


def _ids(dispute: Dispute) -> dict[str, int]:
    return {
        "dispute_id": dispute.pk,
        "order_id": dispute.order_id,
        "shop_id": dispute.order.shop_id,
    }
