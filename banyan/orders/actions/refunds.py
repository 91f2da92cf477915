"""Refunds by line, to the cent; one page for everybody who has a part in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import MANAGERS
from banyan.catalog.actions import restock as put_back
from banyan.catalog.actions import stock_locks
from banyan.catalog.rules import IN_PARCELS
from banyan.kernel import audit, clock, events, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Conflict, Forbidden, IdempotencyMismatch, Invalid
from banyan.kernel.states import transition
from banyan.payments import actions as payments
from banyan.payments.events import RefundFailed, RefundSucceeded
from banyan.payments.rules import TO_WALLET

from ..access import get_order_for_buyer, get_order_for_staff, get_refund_for
from ..events import OrderRefunded, OrderRefundSettled, RefundHelpAsked
from ..models import Order, OrderLine, OrderRefund
from ..rules import RefundableLine, goods_part, refund_by_amount, tax_part
from ..states import ORDER, REFUND
from . import handover
from .notes import write_note
from .proceeds import locks_of, take_back

PROMISE = dt.timedelta(days=10)


def refundable_lines(order: Order) -> list[RefundableLine]:
    """Return what the refund rules need of an order's lines."""
    return [
        RefundableLine(
            key=line.pk,
            paid=line.paid_amount,
            refunded=line.refunded_amount,
            net=line.net_amount,
            tax=line.tax_amount + line.included_tax_amount,
            quantity=line.quantity,
            refunded_quantity=line.refunded_quantity,
        )
        for line in order.lines.order_by("id")
    ]


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

    By line when ``lines`` (line id -> amount) is given, else ``amount`` spread over them. Raises
    IdempotencyMismatch when the key stands for another request.
    """
    order = get_order_for_buyer(actor, order_id, access_token)
    with transaction.atomic(), caused_by(order.checkout_id):
        locks.take([LockKey("order", order.pk)])
        order.refresh_from_db()
        before = OrderRefund.objects.filter(key=key).first()
        if before is not None:
            _check_same(before, order, amount=amount, reason=reason, lines=lines)
            return before
        parts = _spread(order, amount, lines)
        _check_refundable(order, reason)
        handover.check_wish(order, parts)
        if order.refunds.filter(state="requested").exists():
            raise Conflict(_("A refund has already been asked for."), code="refund_open")
        return _create(order, parts, reason=reason, key=key, by="buyer", restock=False)


def refuse_refund(*, actor: Actor, refund_id: int, reason: str) -> OrderRefund:
    """The shop turns a request down, with a reason the buyer reads. Locks order.

    Raises Conflict ``refund_not_open`` when it was answered already.
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
        transition(REFUND, refund, "refused", actor=actor, reason=reason, settled_at=clock.now())
        _audit(actor, refund, "refund.refuse", reason)
    return refund


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

    Manager of the shop, or platform support. Locks stock, order, payment, the shop's and the
    earners' accounts. Posts shop_payable -> clearing; the earners' part is reversed by the
    listeners of order.refunded. The provider is asked after the commit. Audited when staff do it.
    Repeatable by ``key``: the second call returns the first one's refund. Raises
    IdempotencyMismatch when the key stands for another refund, Conflict ``refund_not_open`` when
    the request was answered otherwise.
    """
    order = get_order_for_staff(actor, order_id, MANAGERS)
    with transaction.atomic(), caused_by(order.checkout_id):
        locks.take(refund_locks(order))
        order.refresh_from_db()
        before = OrderRefund.objects.filter(key=key).exclude(pk=request_id or 0, state="requested")
        if known := before.first():
            _check_same(known, order, amount=amount, reason=reason, lines=lines, restock=restock)
            if known.state in {"requested", "refused"}:
                raise _not_open()
            return known
        _check_refundable(order, reason)
        parts = _spread(order, amount, lines)
        refund = _requested(order, request_id, parts, restock) or _create(
            order, parts, reason=reason, key=key, by=actor.kind, restock=restock
        )
        transition(REFUND, refund, "processing", actor=actor, reason=reason)
        goods = _take_from_lines(order, refund, parts)
        handover.take_back(actor=actor, order=order, line_ids=parts)
        _move_money(actor, order, refund)
        if restock or order.state == "paid":
            _restock_if_whole(order)
        events.emit(_event(order, refund.pk, goods, refund.amount), actor=actor)
        if order.refunded_amount == order.total_amount:
            transition(ORDER, order, "closed", actor=actor, reason="refunded in full")
        _audit(actor, refund, "refund.grant", reason, amount=refund.amount)
    return refund


def refund_locks(order: Order) -> list[LockKey]:
    """Return every lock that granting a refund of ``order`` needs."""
    keys = [
        *stock_locks(order.lines.values_list("variant_id", flat=True)),
        LockKey("order", order.pk),
        *locks_of(order),
        *events.locks_for(_event(order, 0, {})),
    ]
    if order.checkout.intent_id:
        keys.append(LockKey("payment", order.checkout.intent_id))
    return keys


def _check_same(
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
    refund.lines = _as_lines(parts)
    refund.restock = restock
    refund.save(update_fields=["amount", "lines", "restock"])
    return refund


def _check_refundable(order: Order, reason: str) -> None:
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


def _as_lines(parts: Mapping[int, int]) -> list[dict[str, int | str]]:
    return [{"line": str(line), "amount": part} for line, part in parts.items()]


def _create(
    order: Order, parts: Mapping[int, int], *, reason: str, key: str, by: str, restock: bool
) -> OrderRefund:
    now = clock.now()
    return OrderRefund.objects.create(
        order=order,
        amount=sum(parts.values()),
        currency=order.currency,
        lines=_as_lines(parts),
        reason=reason.strip(),
        restock=restock,
        key=key,
        requested_by=by,
        created_at=now,
        due_by=now + PROMISE,
    )


def _take_from_lines(order: Order, refund: OrderRefund, parts: Mapping[int, int]) -> dict[int, int]:
    """Write the refunded figures and their tax; return the goods part of each line's amount."""
    known = {line.key: line for line in refundable_lines(order)}
    goods = {key: goods_part(known[key], amount) for key, amount in parts.items()}
    for part in refund.lines:
        part["tax"] = tax_part(known[int(part["line"])], int(part["amount"]))
    refund.save(update_fields=["lines"])
    for line_id, part in parts.items():
        OrderLine.objects.filter(pk=line_id).update(refunded_amount=F("refunded_amount") + part)
    amount = sum(parts.values())
    Order.objects.filter(pk=order.pk).update(refunded_amount=F("refunded_amount") + amount)
    order.refresh_from_db()
    return goods


def _move_money(actor: Actor, order: Order, refund: OrderRefund) -> None:
    take_back(actor=actor, order=order, refund=refund)
    assert order.checkout.intent_id is not None  # only what was paid is refunded
    sent = payments.request_refund(
        actor=actor,
        intent_id=order.checkout.intent_id,
        amount=refund.amount,
        reason=refund.reason,
        subject_kind="order_refund",
        subject_id=refund.pk,
        key=f"order_refund:{refund.pk}",
    )
    refund.payment_refund_id = sent.pk
    refund.save(update_fields=["payment_refund_id"])


def _restock_if_whole(order: Order) -> None:
    """Put units back once a line is refunded in full; a part of a price frees no unit."""
    back = [
        (line.variant_id, line.quantity - line.refunded_quantity)
        for line in order.lines.filter(kind__in=IN_PARCELS)
        if line.refunded_quantity < line.quantity and line.refunded_amount == line.paid_amount
    ]
    if not back:
        return
    put_back(back, reference=order.number, shipped=order.state != "paid")
    order.lines.filter(variant_id__in=[variant for variant, _n in back]).update(
        refunded_quantity=F("quantity")
    )


def _event(
    order: Order, refund_id: int, goods: Mapping[int, int], amount: int = 0
) -> OrderRefunded:
    return OrderRefunded(
        order_id=order.pk,
        checkout_id=order.checkout_id,
        shop_id=order.shop_id,
        refund_id=refund_id,
        amount=amount,
        currency=order.currency,
        lines=[(line, part, 0) for line, part in goods.items()],
    )


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
    Locks order, payment. Audited when staff do it. Raises Conflict ``refund_not_failed``.
    """
    refund = get_refund_for(actor, refund_id, access_token)
    destination = destination.strip()
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
    if actor.kind != "staff":
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
    if refund.state != "processing":
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
