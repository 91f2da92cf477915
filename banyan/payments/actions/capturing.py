"""The one action with which money arrives."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass, replace
from typing import Any

from django.db import InterfaceError, OperationalError, transaction

from banyan.kernel import clock, events, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.ids import new_code
from banyan.kernel.money import Money
from banyan.kernel.problems import Busy, Problem
from banyan.kernel.remembered import get
from banyan.kernel.states import transition, transition_telling
from banyan.ledger import actions as ledger
from banyan.ledger.rules import Entry

from .. import arrivals, providers
from ..events import PaymentCaptured, PaymentUnplaced
from ..models import Intent, ProviderMessage
from ..providers.base import Provider
from ..reading import came_by_link
from ..rules import SETTLED, Outcome, is_late
from ..states import INTENT
from .books import clearing_account, provider_account
from .notes import capture_attempt, close_attempt, keep_message, note_told
from .refunds import request_refund

logger = logging.getLogger(__name__)
_SHARED = {"wallet", "stock"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What a provider vouches for: ``money`` arrived at ``at``, under its ``provider_ref``."""

    provider_ref: str
    money: Money
    at: dt.datetime


class NotOurs(Exception):  # noqa: N818 - not an error, a verdict
    """The provider that told of a payment has no such intent with us."""


class _NotTaken(Exception):  # noqa: N818 - not an error, a verdict
    """Internal money was not taken after all, for the reason of the code."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class _Refused(Exception):  # noqa: N818 - not an error, a verdict
    """What was paid for could not be placed, for the reason of the code."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class _PaidTwice(Exception):  # noqa: N818 - not an error, a verdict
    """The intent was paid before, under another provider_ref."""


def capture(*, actor: Actor, intent_id: int, paid: Paid) -> Outcome:
    """Book that the payment arrived, and place what it is for; once, however often it is told.

    Must be outermost: one transaction takes the payment's lock with all locks that the listeners
    of payment.captured declare. Posts ``intent:{id}:captured`` (provider -X, clearing +X).

    Outcomes: CAPTURED (emits payment.captured); ALREADY_CAPTURED; AMOUNT_MISMATCH (nothing is
    booked, a person has to look); UNPLACED when the money came too late, a listener refused with
    a Problem, or a listener failed twice: booked, a full refund requested, payment.unplaced
    emitted; SECOND_PAYMENT when this intent was already paid under another provider_ref: booked as
    an unplaced intent of its own and refunded; DECLINED when internal money was not there.
    Raises Busy (nothing happened; to be told again), and what the database raises when it is away.
    """
    return capture_told(actor=actor, intent=get(Intent, intent_id), paid=paid, message=None)


def capture_told(
    *, actor: Actor, intent: Intent, paid: Paid, message: ProviderMessage | None
) -> Outcome:
    """Do what :func:`capture` does, and note its outcome on the message that told of it.

    A message that is not kept yet is kept by the same transaction; where that fails, alone and
    without an outcome. ``intent`` may be old, or only name an id and a provider: it is read under
    its lock. Raises NotOurs, with nothing kept, when that provider has no such payment.
    """
    if is_booked(intent, paid):
        note_told(message, Outcome.ALREADY_CAPTURED)
        return Outcome.ALREADY_CAPTURED
    capturing = _Capturing(actor, intent, providers.get(intent.provider), paid, message)
    try:
        return _run(capturing)
    except (_NotTaken, _PaidTwice) as verdict:
        if message is not None and message.handled_at is not None:
            return Outcome(message.outcome)  # the same message again
        with caused_by(intent.cause_id):
            if isinstance(verdict, _PaidTwice):
                return _second_payment(capturing)
            return _declined(capturing, verdict.code)


def is_booked(intent: Intent, paid: Paid) -> bool:
    """Tell without a lock whether this very payment is in the books: they never forget it.

    Most payments are told twice, by the message and by the browser that comes back.
    """
    same = paid.provider_ref == intent.provider_ref
    return intent.state in SETTLED and same and paid.money == Money(intent.amount, intent.currency)


def _run(capturing: _Capturing) -> Outcome:
    """Place the payment, or book it unplaced where a listener refused it.

    After a listener has failed twice for no good reason, do without it. Each try is a transaction
    of its own, so that the usual one needs no savepoint.
    """
    for _ in range(2):
        try:
            return capturing.run()
        except _Refused as refusal:
            return capturing.run(refuse=refusal.code)
        except (NotOurs, _NotTaken, _PaidTwice, Problem, OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("placing the payment of intent %s failed", capturing.intent.pk)
    return capturing.run(refuse="handler_failed")


@dataclass(slots=True)
class _Capturing:
    """One telling of one payment."""

    actor: Actor
    intent: Intent
    adapter: Provider
    paid: Paid
    message: ProviderMessage | None
    unplaced_as: Outcome = Outcome.UNPLACED

    def run(self, *, refuse: str = "") -> Outcome:
        kept: Any = self.message.pk if self.message else None
        try:
            with transaction.atomic(durable=True):
                self._take()
                with caused_by(self.intent.cause_id):
                    outcome = self._decide(refuse)
        except NotOurs:
            raise
        except Exception:
            if self.message is not None:
                self.message.pk = kept  # what this transaction wrote is gone
                keep_message(self.message)
            raise
        arrivals.tell(self.intent.token)
        return outcome

    def _take(self) -> None:
        """Lock and read the payment alone: most tellings of one that is booked need no more."""
        try:
            locks.take_reading("payment", self.intent)
        except Intent.DoesNotExist as error:
            raise NotOurs from error
        if self.intent.provider != self.adapter.name:
            raise NotOurs

    def _lock(self) -> list[Entry]:
        """Lock what this purchase has to itself, postpone what others wait for; the entries."""
        intent = self.intent
        source = provider_account(self.adapter, intent.payer_id, intent.currency)
        clearing = clearing_account(intent.currency)
        keys = [
            *events.locks_for(_captured(intent)),
            *events.locks_for(_unplaced(intent, "")),
            *ledger.lock_keys([source, clearing]),
        ]
        shared = [key for key in keys if key.kind in _SHARED]
        locks.take(key for key in keys if key.kind not in _SHARED)
        locks.postpone(shared)
        if self.adapter.capabilities.internal:
            locks.take_postponed()  # the money itself is in one of these accounts
        return [
            Entry(source.pk, -self.paid.money.amount),
            Entry(clearing.pk, self.paid.money.amount),
        ]

    def _decide(self, refuse: str) -> Outcome:
        intent, paid = self.intent, self.paid
        if intent.state in SETTLED and paid.provider_ref != intent.provider_ref:
            raise _PaidTwice
        if paid.money != Money(intent.amount, intent.currency):
            return self._mismatch()
        if intent.state in SETTLED:
            return self._noted(Outcome.ALREADY_CAPTURED)
        entries = self._lock()
        late = is_late(state=intent.state, paid_at=paid.at, expires_at=intent.expires_at)
        reason = refuse or ("too_late" if late else "")
        if not reason:
            # Before what others wait for: if it is not placed, all of this is undone.
            self._noted(Outcome.CAPTURED)
            self._place(entries)
            return Outcome.CAPTURED
        if self.adapter.capabilities.internal:
            raise _NotTaken(reason)
        self._book(intent, entries)
        self._unplace(intent, reason)
        return self._noted(self.unplaced_as)

    def _noted(self, outcome: Outcome) -> Outcome:
        """Write on the message that told of it what became of it; returns that."""
        note_told(self.message, outcome)
        return outcome

    def _place(self, entries: list[Entry]) -> None:
        """Book and place; raises what ends the transaction, with the code of what refused."""
        try:
            if self.adapter.capabilities.internal:
                self._book(self.intent, entries)  # at once: the money may not be there
            with ledger.together():
                if not self.adapter.capabilities.internal:
                    self._book(self.intent, entries)
                transition_telling(
                    INTENT,
                    self.intent,
                    "captured",
                    event=_captured(self.intent),
                    actor=self.actor,
                    **self._arrived(""),
                )
        except Busy:
            raise
        except Problem as problem:
            logger.warning("intent %s cannot be placed: %s", self.intent.pk, problem)
            raise _Refused(problem.code) from problem

    def _book(self, intent: Intent, entries: list[Entry]) -> None:
        ledger.post(
            key=f"intent:{intent.pk}:captured",
            kind="payment.captured",
            subject_kind="intent",
            subject_id=intent.pk,
            entries=entries,
            currency=intent.currency,
            actor=self.actor,
            memo=self.paid.provider_ref,
        )

    def _arrived(self, reason: str) -> dict[str, Any]:
        """Write that the attempt brought the money; return what the intent says of it from now."""
        ref = self.paid.provider_ref
        elsewhere = capture_attempt(self.intent, ref)
        return {
            "reason": reason,
            "provider_ref": ref,
            "captured_amount": self.paid.money.amount,
            "captured_at": self.paid.at,
            "failure": reason[:200],
            "next_check_at": clock.now() if elsewhere else None,
            "checks": 0,
        }

    def _unplace(self, intent: Intent, reason: str) -> None:
        locks.take_postponed()
        logger.error("intent %s is captured but unplaced: %s", intent.pk, reason)
        arrived = self._arrived(reason)
        transition(INTENT, intent, "captured_unplaced", actor=self.actor, **arrived)
        request_refund(
            actor=Actor.system("payments"),
            intent_id=intent.pk,
            amount=intent.captured_amount,
            reason=f"unplaced: {reason}",
            subject_kind="intent",
            subject_id=intent.pk,
            key=f"intent:{intent.pk}:unplaced",
        )
        events.emit(_unplaced(intent, reason), actor=self.actor)

    def _mismatch(self) -> Outcome:
        logger.error(
            "intent %s: %s arrived instead of %s %s",
            self.intent.pk,
            self.paid.money,
            self.intent.amount,
            self.intent.currency,
        )
        close_attempt(self.intent, self.paid.provider_ref, outcome="mismatch")
        return self._noted(Outcome.AMOUNT_MISMATCH)


def _second_payment(capturing: _Capturing) -> Outcome:
    """Book money that nobody asked for twice as an intent of its own, and send it back."""
    first, paid = capturing.intent, capturing.paid
    logger.error("intent %s was paid twice: %s too", first.pk, paid.provider_ref)
    # What came by the link is whoever's: it must never become credit of the buyer.
    payer_id = None if came_by_link(first, paid.provider_ref) else first.payer_id
    with transaction.atomic(durable=True):
        second, _ = Intent.objects.get_or_create(
            provider=first.provider,
            provider_ref=paid.provider_ref,
            defaults={
                "subject_kind": first.subject_kind,
                "subject_id": first.subject_id,
                "payer_id": payer_id,
                "amount": paid.money.amount,
                "currency": paid.money.currency,
                "token": new_code(128),
                "description": first.description,
                "created_at": clock.now(),
                "expires_at": first.expires_at,
                "cause_id": first.cause_id,
            },
        )
        close_attempt(first, paid.provider_ref, outcome="captured")
    again = replace(capturing, intent=second, unplaced_as=Outcome.SECOND_PAYMENT)
    return again.run(refuse="second_payment")


def _declined(capturing: _Capturing, code: str) -> Outcome:
    from .inquiry import end_attempt

    return end_attempt(
        actor=capturing.actor,
        intent_id=capturing.intent.pk,
        provider_ref=capturing.paid.provider_ref,
        outcome="declined",
        failure=code,
        message_id=capturing.message.pk if capturing.message else None,
    )


def _captured(intent: Intent) -> PaymentCaptured:
    return PaymentCaptured(
        intent_id=intent.pk,
        subject_kind=intent.subject_kind,
        subject_id=intent.subject_id,
        amount=intent.amount,
        currency=intent.currency,
    )


def _unplaced(intent: Intent, reason: str) -> PaymentUnplaced:
    return PaymentUnplaced(
        intent_id=intent.pk,
        subject_kind=intent.subject_kind,
        subject_id=intent.subject_id,
        amount=intent.captured_amount or intent.amount,
        currency=intent.currency,
        reason=reason,
    )
