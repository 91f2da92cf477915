"""Background work. Every job may run twice, and two workers may run one at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any

from django.db import close_old_connections
from django.db.models import QuerySet
from procrastinate.contrib.django import app

from banyan.kernel import clock, sweeps
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Busy

from . import actions
from .models import (
    Chargeback,
    Intent,
    PaymentRequest,
    Payout,
    PayoutReturn,
    ProviderMessage,
    Refund,
)
from .problems import ProviderUnreachable
from .providers.base import Kind
from .rules import FIRST_CHECK, OPEN, REQUEST, check_delay

logger = logging.getLogger(__name__)

BATCH = 50
# With five for an answer two sweeps overlap at most, and leave threads to others. A lock of the
# queue would do that, too, but one that a dead worker's job holds keeps out the next, which keeps
# out its second start.
SECONDS = 8.0
CRON = Actor.system("payments.cron")


@app.task(name="payments.submit_refund")
def submit_refund(refund_id: str) -> None:
    """Send one refund to its provider; the sweep repeats what fails here."""
    _in_job(actions.submit_refund, actor=CRON, refund_id=int(refund_id))


@app.task(name="payments.submit_payout")
def submit_payout(payout_id: str) -> None:
    """Send one payout to its provider; the sweep repeats what fails here."""
    _in_job(actions.submit_payout, actor=CRON, payout_id=int(payout_id))


@app.periodic(cron="* * * * * */10")
@app.task(name="payments.sweep", queueing_lock="payments.sweep")
def sweep(timestamp: int) -> None:
    """Every ten seconds: do what is due and was not done by those who should have."""
    _in_job(run_sweep, turn=timestamp // 10)


def run_sweep(turn: int = 0) -> dict[str, int]:
    """Check open payments, expire, submit and poll refunds and payouts, handle kept messages.

    Payments that nothing is left to be paid for are given up first, so that they are closed at
    once. After ``SECONDS`` no provider is asked any further; each ``turn`` asks about something
    else first, so that one that does not answer keeps nothing from its turn for long.
    Returns how many of each were done. One that fails is logged and does not stop the others.
    """
    done = {
        "left_over": sweeps.sweep("payments.left_over", _left_over(), _give_up),
        "requests": sweeps.sweep(
            "payments.requests", _overdue_requests(), _expire, by="expires_at"
        ),
        "messages": sweeps.sweep("payments.messages", _unhandled(), _handle, by="received_at"),
    }
    until = monotonic() + SECONDS
    names = list(_ASKED)
    first = turn % len(names)
    for name in names[first:] + names[:first]:
        done[name] = _ASKED[name](until) if monotonic() < until else 0
    return done


_ASKED: dict[str, Callable[[float], int]] = {
    "intents": lambda until: _each(_due_intents(), actions.check_intent, "intent_id", until),
    "refunds_out": lambda until: _each(
        _due(Refund, "requested"), actions.submit_refund, "refund_id", until
    ),
    "refunds_asked": lambda until: _each(
        _due(Refund, "submitted"), actions.poll_refund, "refund_id", until
    ),
    "payouts_out": lambda until: _each(
        _due(Payout, "requested"), actions.submit_payout, "payout_id", until
    ),
    "payouts_asked": lambda until: _each(
        _due(Payout, "submitted"), actions.poll_payout, "payout_id", until
    ),
    "returns_out": lambda until: _each(
        _due(PayoutReturn, "requested"), actions.submit_return, "return_id", until
    ),
    "returns_asked": lambda until: _each(
        _due(PayoutReturn, "submitted"), actions.poll_return, "return_id", until
    ),
    "chargebacks": lambda until: _each(
        _due_chargebacks(), actions.check_chargeback, "chargeback_id", until
    ),
    "heard": lambda until: _hear(_unheard(), until),
}
"""What providers are asked about, in turn; each tells how many it did until then."""


def _due_intents() -> Iterable[int]:
    """Yield intents to check, each claimed by moving its next check on."""
    now = clock.now()
    due = (
        Intent.objects.filter(next_check_at__lte=now)
        .order_by("next_check_at")
        .values_list("pk", "next_check_at", "checks", "expires_at")[:BATCH]
    )
    for pk, next_check_at, checks, expires_at in list(due):
        again = now + check_delay(checks)
        if now < expires_at:
            again = min(again, expires_at)
        claimed = Intent.objects.filter(pk=pk, next_check_at=next_check_at).update(
            next_check_at=again, checks=checks + 1
        )
        if claimed:
            yield pk


def _due(model: type[Refund | Payout | PayoutReturn], state: str) -> list[int]:
    due = model.objects.filter(state=state, next_attempt_at__lte=clock.now())
    return list(due.order_by("next_attempt_at").values_list("pk", flat=True)[:BATCH])


def _due_chargebacks() -> list[int]:
    due = Chargeback.objects.filter(next_check_at__lte=clock.now()).order_by("next_check_at")
    return list(due.values_list("pk", flat=True)[:BATCH])


def _left_over() -> QuerySet[Intent]:
    """Return payments that wait for a request which was paid another way, taken back, or is over.

    Whoever pays one all the same gets it back.
    """
    over = PaymentRequest.objects.exclude(state="open").values("pk")
    return Intent.objects.filter(
        next_check_at__isnull=False, subject_kind=REQUEST, state__in=OPEN, subject_id__in=over
    )


def _give_up(intent_id: int) -> int:
    actions.cancel_intent(actor=CRON, intent_id=intent_id)
    return 1


def _overdue_requests() -> QuerySet[PaymentRequest]:
    return PaymentRequest.objects.filter(state="open", expires_at__lte=clock.now())


def _expire(request_id: int) -> int:
    actions.expire_request(actor=CRON, request_id=request_id)
    return 1


def _unhandled() -> QuerySet[ProviderMessage]:
    """Return kept messages that nobody finished: the process died, or a lock was not to be had."""
    return _left().exclude(kind=Kind.CHARGEBACK_CHANGED)


def _unheard() -> list[int]:
    """Return kept messages of which the provider has still to say what they are about."""
    left = _left().filter(kind=Kind.CHARGEBACK_CHANGED)
    return list(left.order_by("received_at").values_list("pk", flat=True)[:BATCH])


def _left() -> QuerySet[ProviderMessage]:
    before = clock.now() - FIRST_CHECK
    return ProviderMessage.objects.filter(handled_at=None, received_at__lte=before)


def _hear(ids: Iterable[int], until: float) -> int:
    """Ask about each; a provider that is away is not asked about the others, which would wait."""
    done = 0
    for pk in ids:
        try:
            actions.handle_stored(message_id=pk)
            done += 1
        except ProviderUnreachable as error:
            logger.warning("message %s and those after it: later (%s)", pk, error)
            return done
        except Busy as error:
            logger.warning("message %s: later (%s)", pk, error)
        except Exception:
            logger.exception("message %s failed", pk)
        if monotonic() >= until:
            break
    return done


def _handle(message_id: int) -> int:
    actions.handle_stored(message_id=message_id)
    return 1


def _each(ids: Iterable[int], act: Callable[..., Any], name: str, until: float) -> int:
    """Do what is due, one after the other; what is not begun in time is not claimed, either."""
    done = 0
    for pk in ids:
        try:
            act(actor=CRON, **{name: pk})
            done += 1
        except (Busy, ProviderUnreachable) as error:
            logger.warning("%s %s: later (%s)", name, pk, error)
        except Exception:
            logger.exception("%s %s failed", name, pk)
        if monotonic() >= until:
            break
    return done


def _in_job(act: Callable[..., Any], **arguments: Any) -> None:
    try:
        act(**arguments)
    finally:
        close_old_connections()
