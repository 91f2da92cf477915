"""Asking for an amount by a link or its code; it is paid once, whoever pays."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from banyan.kernel import audit, clock, locks
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.locks import LockKey
from banyan.kernel.money import Money
from banyan.kernel.problems import Invalid
from banyan.kernel.states import transition
from banyan.ledger import actions as ledger
from banyan.ledger.actions import Book
from banyan.ledger.rules import Entry

from ..events import ChargebackMoved, PaymentCaptured
from ..models import Intent, PaymentRequest, Refund
from ..problems import RefundTooLarge, RequestNotOpen
from ..rules import OPEN, REQUEST
from ..states import PAYMENT_REQUEST
from .books import clearing_account
from .intents import new_intent
from .refunds import request_refund

LONGEST = dt.timedelta(days=30)
LARGEST = 10**9  # minor units
_TRY = dt.timedelta(hours=2)
_LEAST = dt.timedelta(minutes=15)  # that somebody who presses Pay has to pay
_ACCOUNTS = {"shop": "shop_payable"}


def ask_for_payment(
    *,
    actor: Actor,
    payee_kind: str,
    payee_id: int,
    amount: Money,
    note: str,
    good_for: dt.timedelta,
) -> PaymentRequest:
    """Ask for ``amount`` for a payee; who may ask for them is the caller's to know.

    Raises Invalid, by field. Posts nothing and emits nothing: nothing has happened yet.
    """
    errors = {}
    if not 0 < amount.amount <= LARGEST:
        errors["amount"] = _("Enter an amount above zero.")
    if not 1 <= len(note.strip()) <= 120:
        errors["note"] = _("Say what it is for, in 1 to 120 letters.")
    if not dt.timedelta(0) < good_for <= LONGEST:
        errors["days"] = _("Choose 1 to 30 days.")
    if errors:
        raise Invalid(fields=errors)
    now = clock.now()
    return PaymentRequest.objects.create(
        code=new_code(128),
        payee_kind=payee_kind,
        payee_id=payee_id,
        asked_by=actor.id or 0,
        amount=amount.amount,
        currency=amount.currency,
        note=note.strip(),
        created_at=now,
        expires_at=now + good_for,
    )


def intent_for_request(*, actor: Actor, request: PaymentRequest, provider: str) -> Intent:
    """Return the payment by which an open request is paid with ``provider``.

    One for all who pay it that way, so that they share what is open at the provider; one that is
    about to end is left to whoever began it. Raises RequestNotOpen, ProviderUnknown (also for a way
    to pay that needs an account).
    """
    now = clock.now()
    with transaction.atomic():
        request = _locked(request.pk)
        if request.state != "open" or now >= request.expires_at:
            raise RequestNotOpen(detail=request.state)
        waiting = Intent.objects.filter(
            subject_kind=REQUEST,
            subject_id=request.pk,
            provider=provider,
            state__in=OPEN,
            expires_at__gte=min(now + _LEAST, request.expires_at),
        ).first()
        if waiting is not None:
            return waiting
        intent = new_intent(
            subject_kind=REQUEST,
            subject_id=request.pk,
            provider=provider,
            amount=Money(request.amount, request.currency),
            description=request.note,
            payer_id=None,
            expires_at=min(request.expires_at, now + _TRY),
        )
        intent.save()
        return intent


def cancel_request(*, actor: Actor, request_id: int) -> PaymentRequest:
    """Take a request back; repeatable. Raises RequestNotOpen for a paid one.

    What was begun to pay it is given up by the sweep, within seconds.
    """
    with transaction.atomic():
        request = _locked(request_id)
        if request.state == "paid":
            raise RequestNotOpen(detail=request.state)
        if request.state == "open":
            transition(PAYMENT_REQUEST, request, "cancelled", actor=actor)
    return request


def expire_request(*, actor: Actor, request_id: int) -> PaymentRequest:
    """End a request whose time has passed; repeatable."""
    with transaction.atomic():
        request = _locked(request_id)
        if request.state == "open" and clock.now() >= request.expires_at:
            transition(PAYMENT_REQUEST, request, "expired", actor=actor)
    return request


def request_locks(event: PaymentCaptured) -> list[LockKey]:
    """Return the lock of the account that a paid request is credited to."""
    if event.subject_kind != REQUEST:
        return []
    return ledger.lock_keys([_owed(PaymentRequest.objects.get(pk=event.subject_id))])


def on_request_captured(event: PaymentCaptured, actor: Actor) -> None:
    """Mark a request paid and credit its payee; inside the capturing transaction.

    Posts ``payment_request:{id}:paid`` (clearing -X, payee +X). Raises RequestNotOpen when it was
    paid by another payment, taken back or has expired: the caller sends the money back.
    """
    if event.subject_kind != REQUEST:
        return
    request = _locked(event.subject_id)
    if request.state != "open":
        raise RequestNotOpen(detail=request.state)
    transition(
        PAYMENT_REQUEST,
        request,
        "paid",
        actor=actor,
        intent_id=event.intent_id,
        paid_at=clock.now(),
    )
    locks.take_postponed()
    _post(actor, request, f"{REQUEST}:{request.pk}:paid", "payment_request.paid", request.amount)


def bearing_locks(event: ChargebackMoved) -> list[LockKey]:
    """Return the lock of the account of whoever was paid by a request."""
    if event.subject_kind != REQUEST:
        return []
    return ledger.lock_keys([_owed(PaymentRequest.objects.get(pk=event.subject_id))])


def bear(event: ChargebackMoved, actor: Actor) -> None:
    """Whoever was paid by a request bears what the payer's bank takes, or gets it back.

    Posts ``chargeback:{id}:{number}:borne`` (payee -A, clearing +A; negative the other way round).
    """
    if event.subject_kind != REQUEST:
        return
    request = PaymentRequest.objects.get(pk=event.subject_id)
    key = f"chargeback:{event.chargeback_id}:{event.number}:borne"
    _post(actor, request, key, "chargeback.borne", -event.amount)


def refund_request(*, actor: Actor, request_id: int, amount: int, reason: str, key: str) -> Refund:
    """Give ``amount`` of a paid request back the way it was paid; once per ``key``. Audited.

    Who may is the caller's to know. Posts ``{key}:granted`` (payee -R, clearing +R). Raises
    RefundTooLarge, RequestNotOpen for one that is not paid, Invalid without a reason.
    """
    if not 1 <= len(reason.strip()) <= 200:
        raise Invalid(fields={"reason": _("Say why, in 1 to 200 letters.")})
    request = PaymentRequest.objects.get(pk=request_id)
    if request.state != "paid" or request.intent_id is None:
        raise RequestNotOpen(detail=request.state)
    with transaction.atomic():
        locks.take([LockKey("payment", request.intent_id), *ledger.lock_keys([_owed(request)])])
        known = Refund.objects.filter(key=key).first()
        if known is None and not _reserve(request, amount):
            raise RefundTooLarge(detail=f"{amount} of request {request_id}")
        refund = request_refund(
            actor=actor,
            intent_id=request.intent_id,
            amount=amount,
            reason=reason.strip(),
            subject_kind=REQUEST,
            subject_id=request_id,
            key=key,
        )
        if known is None:
            _post(actor, request, f"{key}:granted", "payment_request.refunded", -amount)
            audit.record(
                actor=actor,
                action="payment_request.refund",
                subject_kind=REQUEST,
                subject_id=request_id,
                reason=reason.strip(),
                detail={"amount": amount},
            )
    return refund


def _locked(request_id: int) -> PaymentRequest:
    return PaymentRequest.objects.select_for_update(no_key=True).get(pk=request_id)


def _reserve(request: PaymentRequest, amount: int) -> bool:
    room = PaymentRequest.objects.filter(pk=request.pk, refunded_amount__lte=F("amount") - amount)
    return amount > 0 and room.update(refunded_amount=F("refunded_amount") + amount) == 1


def _owed(request: PaymentRequest) -> Book:
    return ledger.account(
        kind=_ACCOUNTS[request.payee_kind],
        owner_kind=request.payee_kind,
        owner_id=request.payee_id,
        currency=request.currency,
    )


def _post(actor: Actor, request: PaymentRequest, key: str, kind: str, amount: int) -> None:
    clearing = clearing_account(request.currency)
    ledger.post(
        key=key,
        kind=kind,
        subject_kind=REQUEST,
        subject_id=request.pk,
        entries=[Entry(clearing.pk, -amount), Entry(_owed(request).pk, amount)],
        currency=request.currency,
        actor=actor,
        memo=request.note,
    )
