"""Paying out what we owe."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from banyan.kernel import clock, events, locks
from banyan.kernel.actors import Actor, caused_by, current_cause
from banyan.kernel.money import Money
from banyan.kernel.problems import Conflict
from banyan.ledger import actions as ledger
from banyan.ledger.rules import Entry

from .. import destinations, providers
from ..events import PayoutFailed, PayoutPaid, PayoutRequested, PayoutReturned
from ..models import Payout
from ..problems import (
    PayoutNotSupported,
    ProviderRefused,
    ProviderUnreachable,
    RefundKeyReused,
)
from ..providers.base import Kind, PayoutOrder, ProviderState, SplitOrder, Splits, Status
from ..rules import (
    SPLIT_PATIENCE,
    Outcome,
    Reference,
    check_delay,
    split_delay,
    try_delay,
)
from ..states import PAYOUT
from .books import in_transit_account, provider_account
from .notes import keep_answer, note_outcome
from .sending import write_final_word, write_submitted

logger = logging.getLogger(__name__)

E = TypeVar("E", PayoutRequested, PayoutPaid, PayoutFailed, PayoutReturned)


def request_payout(
    *,
    actor: Actor,
    provider: str,
    subject_kind: str,
    subject_id: int,
    amount: Money,
    destination: Mapping[str, Any],
    key: str,
) -> Payout:
    """Decide to pay ``amount`` out to ``destination`` (in the provider's terms); once per ``key``.

    In the caller's transaction, which posts what it owes -> payouts_in_transit itself. Raises
    PayoutNotSupported, RefundKeyReused. Emits payout.requested; the provider is asked after the
    commit. The sandbox's destination is {"account": text}; by hand it is {"name", "account"}, kept
    sealed until the payout has ended.
    """
    can = providers.get(provider).capabilities
    if not can.payouts:
        raise PayoutNotSupported(detail=provider)
    if can.by_hand:
        destination = destinations.sealed(destination)
    return write_payout(
        actor=actor,
        provider=provider,
        subject_kind=subject_kind,
        subject_id=subject_id,
        amount=amount,
        destination=destination,
        key=key,
    )


def write_payout(
    *,
    actor: Actor,
    provider: str,
    subject_kind: str,
    subject_id: int,
    amount: Money,
    destination: Mapping[str, Any],
    key: str,
    payment_ref: str = "",
) -> Payout:
    """Write a payout or a split that is to be sent, and say so; once per ``key``."""
    before = Payout.objects.filter(key=key).first()
    if before is not None:
        if (before.amount, before.currency) != (amount.amount, amount.currency):
            raise RefundKeyReused(detail=key)
        return before
    now = clock.now()
    with transaction.atomic():
        payout = Payout.objects.create(
            provider=provider,
            subject_kind=subject_kind,
            subject_id=subject_id,
            amount=amount.amount,
            currency=amount.currency,
            destination=dict(destination),
            payment_ref=payment_ref,
            key=key,
            created_at=now,
            next_attempt_at=now,
            cause_id=current_cause(),
        )
        events.emit(_event(PayoutRequested, payout), actor=actor)
    return payout


def submit_payout(*, actor: Actor, payout_id: int) -> Payout:
    """Send a requested payout to its provider; repeatable, and safe to run twice at once.

    Not inside a transaction. Does nothing before the row's ``next_attempt_at``, which each try
    moves on. A refusal makes the payout failed and emits payout.failed; a part of a payment is sent
    again first, under the same key, for three days. The last part of a payment waits for those
    before it: it lets the rest go, and nothing would be left for them.
    """
    payout = Payout.objects.get(pk=payout_id)
    now = clock.now()
    claimed = Payout.objects.filter(
        pk=payout_id, state="requested", attempts=payout.attempts, next_attempt_at__lte=now
    ).update(attempts=F("attempts") + 1, next_attempt_at=now + try_delay(payout.attempts))
    if claimed:
        with caused_by(payout.cause_id):
            _submit(actor, payout)
    payout.refresh_from_db()
    return payout


def _submit(actor: Actor, payout: Payout) -> None:
    if _must_wait(payout):
        logger.warning("payout %s waits for the parts before it", payout.pk)
        return
    try:
        state = _carried(payout)
    except ProviderUnreachable as error:
        logger.warning("payout %s waits for its provider: %s", payout.pk, error)
        return
    except ProviderRefused as refusal:
        if payout.payment_ref and clock.now() < payout.created_at + SPLIT_PATIENCE:
            _try_later(payout, refusal)
            return
        settle_payout(
            actor=actor,
            payout_id=payout.pk,
            succeeded=False,
            provider_ref="",
            failure=refusal.reason,
        )
        return
    _act_on(actor, payout, state)


def _try_later(payout: Payout, refusal: ProviderRefused) -> None:
    """Let a part that was refused be sent again, under the same key; nothing of it has moved."""
    logger.warning("part %s is refused, and sent again later: %s", payout.pk, refusal)
    Payout.objects.filter(pk=payout.pk, state="requested").update(
        failure=refusal.reason[:200],
        next_attempt_at=clock.now() + split_delay(payout.attempts),
    )


def _must_wait(payout: Payout) -> bool:
    if not payout.payment_ref or not payout.destination["last"]:
        return False
    parts = Payout.objects.filter(provider=payout.provider, payment_ref=payout.payment_ref)
    return parts.filter(state="requested", destination__last=False).exists()


def poll_payout(*, actor: Actor, payout_id: int) -> Payout:
    """Ask the provider how a submitted payout stands; not inside a transaction.

    What is sent by hand waits for a person, and nobody is asked.
    """
    payout = Payout.objects.get(pk=payout_id)
    if payout.state != "submitted" or providers.is_by_hand(payout.provider):
        return payout
    Payout.objects.filter(pk=payout_id, state="submitted").update(
        attempts=F("attempts") + 1, next_attempt_at=clock.now() + check_delay(payout.attempts)
    )
    with caused_by(payout.cause_id):
        _act_on(actor, payout, _asked_about(payout))
    payout.refresh_from_db()
    return payout


def _act_on(actor: Actor, payout: Payout, state: ProviderState) -> None:
    if state.status != Status.PENDING:
        succeeded = state.status == Status.SUCCEEDED
        outcome = settle_payout(
            actor=actor,
            payout_id=payout.pk,
            succeeded=succeeded,
            provider_ref=state.provider_ref,
            money=state.money,
            failure=state.failure,
        )
        kind = Kind.PAYOUT_PAID if succeeded else Kind.PAYOUT_FAILED
        keep_answer(payout.provider, kind, _order(payout).reference, state, outcome)
        return
    with transaction.atomic():
        fresh = Payout.objects.select_for_update(no_key=True).get(pk=payout.pk)
        if fresh.state == "requested":
            write_submitted(PAYOUT, fresh, actor=actor, state=state)
            if providers.is_by_hand(fresh.provider):
                Payout.objects.filter(pk=fresh.pk).update(next_attempt_at=None)


def settle_payout(
    *,
    actor: Actor,
    payout_id: int,
    succeeded: bool,
    provider_ref: str,
    money: Money | None = None,
    failure: str = "",
    message_id: int | None = None,
) -> Outcome:
    """Write the provider's final word on a payout; once, however often it is told. Outermost.

    Success posts ``payout:{id}:paid`` (payouts_in_transit -P, provider +P) and emits payout.paid;
    failure emits payout.failed, on which whoever asked books the money back. Locks what the
    listeners of either event declare, then the payout's own row. A sealed destination goes.
    """
    payout = Payout.objects.get(pk=payout_id)
    event = (
        _event(PayoutPaid, payout) if succeeded else _event(PayoutFailed, payout, reason=failure)
    )
    target = provider_account(providers.carrier(payout.provider), None, payout.currency)
    transit = in_transit_account(payout.currency)
    with transaction.atomic(), caused_by(payout.cause_id):
        locks.take(events.locks_for(event))
        payout = Payout.objects.select_for_update(no_key=True).get(pk=payout_id)
        outcome = _judge(payout, succeeded=succeeded, money=money)
        if outcome is Outcome.SETTLED:
            write_final_word(
                PAYOUT,
                payout,
                "paid" if succeeded else "failed",
                actor=actor,
                provider_ref=provider_ref,
                failure=failure,
            )
            if "sealed" in payout.destination:
                Payout.objects.filter(pk=payout.pk).update(destination={})
            if succeeded:
                ledger.post(
                    key=f"payout:{payout.pk}:paid",
                    kind="payout.paid",
                    subject_kind="payout",
                    subject_id=payout.pk,
                    entries=[Entry(transit.pk, -payout.amount), Entry(target.pk, payout.amount)],
                    currency=payout.currency,
                    actor=actor,
                    memo=provider_ref,
                )
            events.emit(event, actor=actor)
        note_outcome(message_id, outcome)
    return outcome


def return_payout(*, actor: Actor, payout_id: int, reason: str) -> bool:
    """Write that what had left came back; says whether it is news. Outermost.

    Posts ``payout:{id}:returned`` (provider -P, payouts_in_transit +P), emits payout.returned, on
    which whoever asked books the money back. Locks what its listeners declare, then the payout's
    own row. Raises Conflict ``payout_not_sent`` for one that has not been paid.
    """
    payout = Payout.objects.get(pk=payout_id)
    event = _event(PayoutReturned, payout, reason=reason)
    source = provider_account(providers.carrier(payout.provider), None, payout.currency)
    transit = in_transit_account(payout.currency)
    with transaction.atomic(), caused_by(payout.cause_id):
        locks.take(events.locks_for(event))
        payout = Payout.objects.select_for_update(no_key=True).get(pk=payout_id)
        if payout.state == "returned":
            return False
        if payout.state != "paid":
            raise Conflict(_("Nobody has said that this payout was sent."), code="payout_not_sent")
        write_final_word(PAYOUT, payout, "returned", actor=actor, provider_ref="", failure=reason)
        ledger.post(
            key=f"payout:{payout.pk}:returned",
            kind="payout.returned",
            subject_kind="payout",
            subject_id=payout.pk,
            entries=[Entry(source.pk, -payout.amount), Entry(transit.pk, payout.amount)],
            currency=payout.currency,
            actor=actor,
            memo=reason,
        )
        events.emit(event, actor=actor)
    return True


def _judge(payout: Payout, *, succeeded: bool, money: Money | None) -> Outcome:
    if payout.state in ("paid", "failed", "returned"):
        same = succeeded == (payout.state != "failed")
        return Outcome.ALREADY_SETTLED if same else Outcome.CONTRADICTION
    if succeeded and money is not None and money != Money(payout.amount, payout.currency):
        return Outcome.AMOUNT_MISMATCH
    return Outcome.SETTLED


def _carried(payout: Payout) -> ProviderState:
    if payout.payment_ref:
        return splitting(payout.provider).split(split_order(payout))
    return providers.carrier(payout.provider).payout(_order(payout))


def _asked_about(payout: Payout) -> ProviderState:
    if payout.payment_ref:
        return splitting(payout.provider).query_split(split_order(payout))
    return providers.get(payout.provider).query_payout(_order(payout))


def splitting(provider: str) -> Splits:
    """Return a provider that passes money on; PayoutNotSupported when it is none or is not set."""
    adapter = providers.get(provider)
    if not isinstance(adapter, Splits) or not adapter.splits():
        raise PayoutNotSupported(detail=f"{provider} passes nothing on")
    return adapter


def split_order(payout: Payout) -> SplitOrder:
    """Return a split in the provider's terms."""
    return SplitOrder(
        reference=str(Reference("payout", payout.pk, 1)),
        payment_ref=payout.payment_ref,
        money=Money(payout.amount, payout.currency),
        account=payout.destination["account"],
        last=payout.destination["last"],
        provider_ref=payout.provider_ref,
    )


def _order(payout: Payout) -> PayoutOrder:
    return PayoutOrder(
        reference=str(Reference("payout", payout.pk, 1)),
        money=Money(payout.amount, payout.currency),
        destination=destinations.opened(payout.destination),
        provider_ref=payout.provider_ref,
    )


def _event(kind: type[E], payout: Payout, **more: str) -> E:
    return kind(
        payout_id=payout.pk,
        subject_kind=payout.subject_kind,
        subject_id=payout.subject_id,
        amount=payout.amount,
        currency=payout.currency,
        **more,
    )
