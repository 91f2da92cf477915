"""Refunds by line, to the cent; one page for everybody who has a part in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import MANAGERS
from banyan.catalog.actions import restock as put_back
from banyan.catalog.rules import IN_PARCELS
from banyan.kernel import audit, clock, events, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Conflict, Forbidden, IdempotencyMismatch, Invalid
from banyan.kernel.states import transition
from banyan.payments import actions as payments
from banyan.payments.events import RefundFailed, RefundSucceeded
from banyan.payments.rules import TO_WALLET, check_destination

from ..access import get_order_for_buyer, get_order_for_staff, get_refund_for
from ..events import (
    OrderRefundAsked,
    OrderRefundRefused,
    OrderRefundSettled,
    RefundHelpAsked,
)
from ..models import Order, OrderLine, OrderRefund
from ..rules import refund_by_amount
from ..rules.answering import ANSWER_TIME
from ..states import GRANTED, REFUND
from . import handover
from . import units as unit
from .acts import note_act
from .asking import check_in_time
from .notes import write_note
from .paying_back import (
    as_lines,
    back_to_sales,
    create_refund,
    lock_for_refund,
    pay_back,
    send_no_more,
    take_from_lines,
)
from .proceeds import take_back_unpaid
from .refundable import refundable_lines


def ask_refund(
    *,
    actor: Actor,
    order_id: int,
    amount: int,
    reason: str,
    key: str,
    lines: Mapping[int, int] | None = None,
    access_token: str = "",
) -> OrderRefund:
    """The buyer asks for money back; the shop decides. Repeatable by ``key``. Locks order.

    Emits order.refund_asked.

    By line when ``lines`` (line id -> amount) is given, else ``amount`` spread over them. Raises
    IdempotencyMismatch when the key stands for another request.
    """
    order = get_order_for_buyer(actor, order_id, access_token)
    with transaction.atomic(), caused_by(order.checkout_id):
        locks.take([LockKey("order", order.pk)])
        order.refresh_from_db()
        before = OrderRefund.objects.filter(key=key).first()
        if before is not None:
            check_same(before, order, amount=amount, reason=reason, lines=lines)
            return before
        parts = _spread(order, amount, lines)
        check_refundable(order, reason)
        handover.check_wish(order, parts)
        if order.refunds.filter(state="requested").exists():
            raise Conflict(_("A refund has already been asked for."), code="refund_open")
        made = create_refund(
            order,
            parts,
            reason=reason,
            key=key,
            by="buyer",
            restock=False,
            answer_within=ANSWER_TIME,
        )
        events.emit(_moved(OrderRefundAsked, made), actor=actor)
    return made


def refuse_refund(*, actor: Actor, refund_id: int, reason: str) -> OrderRefund:
    """The shop turns a request down, with a reason the buyer reads. Locks order.

    Emits order.refund_refused. Raises Conflict ``refund_not_open`` when it was answered already,
    ``answer_too_late`` once its time is over; what is asked for can still be granted.
    """
    refund = get_refund_for(actor, refund_id)
    get_order_for_staff(actor, refund.order_id, MANAGERS)
    if not reason.strip():
        raise Invalid(fields={"reason": _("Say why.")})
    with transaction.atomic(), caused_by(refund.order.checkout_id):
        locks.take([LockKey("order", refund.order_id)])
        refund.refresh_from_db()
        if refund.state != "requested":
            raise _not_open()
        check_in_time(refund)
        transition(REFUND, refund, "refused", actor=actor, reason=reason, settled_at=clock.now())
        _audit(actor, refund, "refund.refuse", reason)
        events.emit(_moved(OrderRefundRefused, refund), actor=actor)
    return refund


def _moved(
    kind: type[OrderRefundAsked] | type[OrderRefundRefused], refund: OrderRefund
) -> OrderRefundAsked | OrderRefundRefused:
    order = refund.order
    return kind(
        order_id=order.pk,
        checkout_id=order.checkout_id,
        shop_id=order.shop_id,
        refund_id=refund.pk,
    )


def grant_refund(
    *,
    actor: Actor,
    order_id: int,
    amount: int,
    reason: str,
    key: str,
    lines: Mapping[int, int] | None = None,
    restock: bool = False,
    request_id: int | None = None,
) -> OrderRefund:
    """Give money back: by line when ``lines`` (line id -> amount) is given, else spread.

    Manager of the shop, or platform support. Locks stock, order, payment, coupons, the shop's
    and the earners' accounts. Posts shop_payable -> clearing; the earners' part is reversed by the
    listeners of order.refunded. The provider is asked after the commit. Audited when staff do it.
    Repeatable by ``key``: the second call returns the first one's refund. Raises
    IdempotencyMismatch when the key stands for another refund, Conflict ``refund_not_open`` when
    the request was answered otherwise.
    """
    order = get_order_for_staff(actor, order_id, MANAGERS)
    with transaction.atomic(), caused_by(order.checkout_id):
        lock_for_refund(order)
        before = OrderRefund.objects.filter(key=key).exclude(pk=request_id or 0, state="requested")
        if known := before.first():
            check_same(known, order, amount=amount, reason=reason, lines=lines, restock=restock)
            if known.state not in GRANTED:
                raise _not_open()
            return known
        check_refundable(order, reason)
        parts = _spread(order, amount, lines)
        refund = _requested(order, request_id, parts, restock) or create_refund(
            order, parts, reason=reason, key=key, by=actor.kind, restock=restock
        )
        goods = take_from_lines(order, refund, parts)
        handover.take_back(actor=actor, order=order, line_ids=parts)
        free_whole_lines(actor, order, parts, restock=restock)
        pay_back(actor=actor, order=order, refund=refund, goods=goods)
        _audit(actor, refund, "refund.grant", reason, amount=refund.amount)
    return refund


def check_same(
    before: OrderRefund,
    order: Order,
    *,
    amount: int,
    reason: str,
    lines: Mapping[int, int] | None = None,
    restock: bool = False,
) -> None:
    """Raise IdempotencyMismatch unless a known key came with the same content again."""
    parts = {line: part for line, part in (lines or {}).items() if part}
    known = {int(part["line"]): int(part["amount"]) for part in before.lines}
    same = (
        before.order_id == order.pk
        and before.amount == (sum(parts.values()) if parts else amount)
        and parts in ({}, known)
        and (before.reason, before.restock) == (reason.strip(), restock)
    )
    if not same:
        raise IdempotencyMismatch(detail=f"refund key {before.key}")


def _not_open() -> Conflict:
    return Conflict(_("This request is already settled."), code="refund_not_open")


def _requested(
    order: Order, request_id: int | None, parts: Mapping[int, int], restock: bool
) -> OrderRefund | None:
    if request_id is None:
        return None
    refund = order.refunds.filter(pk=request_id, state="requested").first()
    if refund is None:
        raise _not_open()
    refund.amount = sum(parts.values())
    refund.lines = as_lines(parts)
    refund.restock = restock
    refund.save(update_fields=["amount", "lines", "restock"])
    return refund


def check_refundable(order: Order, reason: str) -> None:
    """Refuse a refund of an order that has none, ``not_refundable``, and one without a reason."""
    if order.state not in {"paid", "shipped", "received"}:
        raise Conflict(_("This order has nothing to refund."), code="not_refundable")
    if not 1 <= len(reason.strip()) <= 200:
        raise Invalid(fields={"reason": _("Say why, in 1 to 200 letters.")})


def _spread(order: Order, amount: int, lines: Mapping[int, int] | None) -> dict[int, int]:
    refundable = refundable_lines(order)
    left = {line.key: line.left for line in refundable}
    if lines:
        if any(part < 0 or part > left.get(key, -1) for key, part in lines.items()):
            raise Invalid(
                fields={"lines": _("More than what is left of a line.")}, code="refund_too_much"
            )
        parts = {key: part for key, part in lines.items() if part}
    else:
        try:
            parts = refund_by_amount(refundable, amount)
        except ValueError as error:
            raise Invalid(
                fields={"amount": _("More than what is left of the order.")},
                code="refund_too_much",
            ) from error
    if not parts:
        raise Invalid(fields={"amount": _("Enter an amount above zero.")}, code="refund_nothing")
    return parts


def free_whole_lines(
    actor: Actor, order: Order, parts: Mapping[int, int], *, restock: bool
) -> None:
    """Free the units of lines that are now refunded in full; a part of a price frees no unit.

    What was not sent is not sent any more. With ``restock`` what the buyer has of them lies on the
    shelf again; what is on its way back is not counted before the shop has seen it.
    """
    everything = order.refunded_amount == order.total_amount
    whole = [
        line
        for line in order.lines.filter(replaces=None)
        if line.refunded_amount == line.paid_amount and (line.pk in parts or everything)
    ]
    send_no_more(actor, order, [line.pk for line in whole])
    if restock:
        _units_back(actor, order, [line.pk for line in whole if line.kind in IN_PARCELS])


def _units_back(actor: Actor, order: Order, whole: Sequence[int]) -> None:
    """Put on the shelf what was sent of these lines, or of what replaced them, and is not back."""
    lines = order.lines.filter(Q(pk__in=whole) | Q(replaces__in=whole))
    out = {line: line.shipped_quantity - line.returned_quantity for line in lines.order_by("id")}
    back = {line: n for line, n in out.items() if n}
    if not back:
        return
    units = {line.pk: n for line, n in back.items()}
    unit.claim_returned(units)
    put_back(
        [(line.variant_id, n) for line, n in back.items()], reference=order.number, shipped=True
    )
    roots = _roots(back)
    unit.count_paid_back(roots)
    take_back_unpaid(actor=actor, order=order, units=roots)
    back_to_sales(actor, order, units)


def _roots(back: Mapping[OrderLine, int]) -> dict[int, int]:
    """Return which lines' prices stand for units, and for how many: never more than were bought."""
    counted: Counter[int] = Counter()
    for line, n in back.items():
        counted[line.replaces_id or line.pk] += n
    bought = OrderLine.objects.in_bulk(list(counted))
    return {
        pk: min(n, bought[pk].quantity - bought[pk].refunded_quantity) for pk, n in counted.items()
    }


def retry_refund(
    *,
    actor: Actor,
    refund_id: int,
    destination: str = "",
    access_token: str = "",
    reason: str = "",
) -> OrderRefund:
    """Ask again for a refund that could not be sent, to ``destination``.

    Empty is the way it was paid; ``payments.rules.TO_WALLET`` the buyer's credit here; anything
    else an account in the provider's terms. Another destination is for the signed-in buyer and
    for support and finance to name: an order's link proves nobody, and a shop is not the payee.
    Locks order, payment. Audited when staff do it. Raises Conflict ``refund_not_failed``,
    RefundHeld, Invalid ``destination``.
    """
    refund = get_refund_for(actor, refund_id, access_token)
    destination = destination.strip()
    check_destination(destination)
    _check_may_redirect(actor, refund, destination)
    if refund.state != "failed":
        raise Conflict(_("This refund is not waiting for a destination."), code="refund_not_failed")
    assert refund.payment_refund_id is not None  # a failed refund was sent once
    with transaction.atomic(), caused_by(refund.order.checkout_id):
        keys = payments.retry_locks(refund.payment_refund_id)
        locks.take([LockKey("order", refund.order_id), *keys])
        refund.refresh_from_db(fields=["state"])
        transition(
            REFUND, refund, "processing", actor=actor, reason=reason, destination=destination
        )
        payments.retry_refund(
            actor=actor,
            refund_id=refund.payment_refund_id,
            destination=destination,
            reason=reason,
        )
        _audit(actor, refund, "refund.send_again", reason, destination=destination)
    return refund


def _check_may_redirect(actor: Actor, refund: OrderRefund, destination: str) -> None:
    if not destination:
        return
    buyer = refund.order.checkout.buyer_id
    if not (actor.has_role("support", "finance") or (buyer is not None and actor.id == buyer)):
        raise Forbidden(
            _("Support settles with you where the money shall go."), code="through_support"
        )
    if destination != TO_WALLET and not 3 <= len(destination) <= 120:
        raise Invalid(fields={"destination": _("Say where the money shall go.")})


def ask_support(*, actor: Actor, refund_id: int, body: str, access_token: str = "") -> OrderRefund:
    """The buyer of a failed refund asks support to settle with them where the money shall go.

    ``body`` becomes a message on the order. Emits order.refund_help_asked.
    """
    refund = get_refund_for(actor, refund_id, access_token)
    if refund.state != "failed":
        raise Conflict(_("This refund is not waiting for a destination."), code="refund_not_failed")
    with transaction.atomic(), caused_by(refund.order.checkout_id):
        write_note(actor=actor, order_id=refund.order_id, body=body, access_token=access_token)
        events.emit(
            RefundHelpAsked(
                order_id=refund.order_id,
                checkout_id=refund.order.checkout_id,
                shop_id=refund.order.shop_id,
                refund_id=refund.pk,
            ),
            actor=actor,
        )
    return refund


def _audit(actor: Actor, refund: OrderRefund, act: str, reason: str, **detail: object) -> None:
    """Write it down once: under the refund for the platform's people, else under the shop."""
    if actor.kind != "staff":
        note_act(actor, refund.order, act, reason=reason, detail=detail)
        return
    audit.record(
        actor=actor,
        action=act,
        subject_kind="order_refund",
        subject_id=refund.pk,
        subject_label=refund.order.number,
        reason=reason,
        detail=detail,
    )


def on_settled(event: RefundSucceeded | RefundFailed, actor: Actor) -> None:
    """The provider has answered: every page of the refund says so. Emits order.refund_settled."""
    if event.subject_kind != "order_refund":
        return
    refund = OrderRefund.objects.select_related("order").get(pk=event.subject_id)
    succeeded = isinstance(event, RefundSucceeded)
    if refund.state != "processing" and not (succeeded and refund.state == "failed"):
        return
    with caused_by(refund.order.checkout_id):
        transition(
            REFUND,
            refund,
            "succeeded" if succeeded else "failed",
            actor=actor,
            settled_at=clock.now() if succeeded else None,
        )
        events.emit(
            OrderRefundSettled(
                order_id=refund.order_id,
                checkout_id=refund.order.checkout_id,
                shop_id=refund.order.shop_id,
                refund_id=refund.pk,
                succeeded=succeeded,
            ),
            actor=actor,
        )


def settled_locks(event: RefundSucceeded | RefundFailed) -> list[LockKey]:
    """Return the lock of the order whose refund is answered."""
    if event.subject_kind != "order_refund":
        return []
    order_id = OrderRefund.objects.values_list("order_id", flat=True).get(pk=event.subject_id)
    return [LockKey("order", order_id)]
