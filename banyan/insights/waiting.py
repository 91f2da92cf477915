"""What waits for a person: counted once per look at the desk's home."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Exists, Min, OuterRef, Q
from procrastinate.contrib.django.models import ProcrastinateJob

from banyan.catalog.models import Shop
from banyan.earnings.actions.payouts import SMALLEST_PAYOUT
from banyan.earnings.queries import Payable, payable_now
from banyan.kernel import clock, relay
from banyan.kernel.models import AuditEntry, DeadEvent
from banyan.ledger.proof import last_proof
from banyan.market.models import Dispute
from banyan.notify.models import Message
from banyan.orders.models import OrderRefund
from banyan.payments.models import Chargeback, Intent, Payout, ProviderMessage, Refund
from banyan.payments.queries import waiting_by_hand
from banyan.payments.rules import CHARGEBACK_ANSWER, NEEDS_A_PERSON

STALLED = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Shops:
    """Shops that wait for approval, and since when the first of them."""

    waiting: int
    oldest: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Refunds:
    """Refunds that need another destination, that are late, and that a shop has not answered."""

    failed: int
    overdue: int
    asked: int
    other_failed: int


@dataclass(frozen=True, slots=True)
class Payments:
    """Payments for what was gone, provider messages that need a person, chargebacks to answer.

    ``answer_by`` is when the first of those has to be answered.
    """

    unplaced: int
    messages: int
    chargebacks: int
    answer_by: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Machinery:
    """Events that no consumer took, events not yet delivered, jobs that failed or stand still."""

    undelivered: int
    behind: int
    failed_jobs: int
    stalled_jobs: int
    unsent: int


def shops_waiting() -> Shops:
    """Count shops. One query."""
    pending = Shop.objects.filter(state="pending").order_by("created_at")
    times = list(pending.values_list("created_at", flat=True))
    return Shops(len(times), times[0] if times else None)


def refunds_waiting() -> Refunds:
    """Count refunds. Four queries."""
    late = Q(state="processing", due_by__lt=clock.now())
    others = Refund.objects.filter(state="failed").exclude(subject_kind="order_refund")
    return Refunds(
        failed=OrderRefund.objects.filter(state="failed").count(),
        overdue=OrderRefund.objects.filter(late).count(),
        asked=OrderRefund.objects.filter(state="requested").count(),
        other_failed=others.count(),
    )


def disputes_waiting() -> int:
    """Count disputes without a decision. One query."""
    return Dispute.objects.filter(state="open").count()


def payments_waiting() -> Payments:
    """Count payments. Three queries. An unplaced one whose refund has left waits no more."""
    unplaced = Intent.objects.filter(state="captured_unplaced")
    back = Refund.objects.filter(state__in=("succeeded", "covered")).values("intent_id")
    to_answer = Chargeback.objects.filter(state__in=CHARGEBACK_ANSWER)
    found = to_answer.aggregate(n=Count("pk"), first=Min("due_by"))
    return Payments(
        chargebacks=found["n"],
        answer_by=found["first"],
        unplaced=unplaced.exclude(pk__in=back).count(),
        messages=ProviderMessage.objects.filter(outcome__in=NEEDS_A_PERSON, looked_at=None).count(),
    )


def payouts_waiting() -> Payable:
    """Return what could be paid out. Three queries."""
    return payable_now(minimum=SMALLEST_PAYOUT)


def sends_waiting() -> int:
    """Count payouts that a person has yet to send. One query."""
    return waiting_by_hand().count()


def parts_waiting() -> int:
    """Count parts of orders that were given up and are not sent again. One query."""
    later = Payout.objects.filter(
        subject_kind=OuterRef("subject_kind"), subject_id=OuterRef("subject_id"),
        pk__gt=OuterRef("pk"),
    ).exclude(payment_ref="")  # fmt: skip
    given_up = Payout.objects.filter(~Exists(later), state="failed").exclude(payment_ref="")
    return given_up.count()


def machinery() -> Machinery:
    """Count what stands still behind the pages. Seven queries."""
    lag = relay.lag()
    late = clock.now() - STALLED
    jobs = ProcrastinateJob.objects
    waiting = Q(status="todo") & (Q(scheduled_at=None) | Q(scheduled_at__lt=late))
    return Machinery(
        undelivered=DeadEvent.objects.filter(resolved_at=None).count(),
        behind=max(lag.values(), default=0),
        failed_jobs=jobs.filter(status="failed").count(),
        stalled_jobs=jobs.filter(waiting, procrastinateevent__type="deferred",
                                 procrastinateevent__at__lt=late).count(),
        unsent=Message.objects.filter(state="failed").count(),
    )  # fmt: skip


def proof() -> AuditEntry | None:
    """Return the last proof of the books. One query."""
    return last_proof()
