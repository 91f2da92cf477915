"""What payments do when something was paid or promised: place it, or hand it to its job."""

from __future__ import annotations

from collections.abc import Sequence

from banyan.kernel import events
from banyan.kernel.events import Happened, Meta
from banyan.trust import ports as trust
from banyan.trust.actions import Seen, record_each
from banyan.trust.ports import Before
from banyan.trust.rules import PAYMENT, Key
from banyan.trust.subscribers import CONSUMER as TRUST

from .actions.requests import bear, bearing_locks, on_request_captured, request_locks
from .events import ChargebackMoved, PaymentCaptured, PayoutRequested, RefundRequested
from .models import Intent
from .queries import payers_told

CONSUMER = "payments.out"
# A job slot is a thread: a provider that does not answer keeps no more of them than there are.
LANES = 2

events.in_transaction(PaymentCaptured, locks=request_locks)(on_request_captured)
events.in_transaction(ChargebackMoved, locks=bearing_locks)(bear)


@events.subscribe(RefundRequested, consumer=CONSUMER)
def send_refund(event: RefundRequested, meta: Meta) -> None:
    """Queue the sending; the provider is never called inside the relay's transaction."""
    from .jobs import submit_refund

    lane = _lane_of(event.refund_id)
    submit_refund.configure(lock=lane).defer(refund_id=str(event.refund_id))


@events.subscribe(PayoutRequested, consumer=CONSUMER)
def send_payout(event: PayoutRequested, meta: Meta) -> None:
    """Queue the sending; the provider is never called inside the relay's transaction."""
    from .jobs import submit_payout

    lane = _lane_of(event.payout_id)
    submit_payout.configure(lock=lane).defer(payout_id=str(event.payout_id))


def _lane_of(row_id: int) -> str:
    return f"payments.out.{(row_id >> 22) % LANES}"


@events.subscribe_together(PaymentCaptured, consumer=TRUST)
def note_payers(captured: Sequence[Happened[PaymentCaptured]]) -> None:
    """Note by which means accounts have paid, where the provider tells."""
    told = payers_told(sorted({event.intent_id for event, _meta in captured}))
    record_each([Seen(account, [Key(PAYMENT, mark)], "payment") for account, mark in told.values()])


def paid_before(below: int, most: int) -> Sequence[Before]:
    """Return members' captured payments. See ``trust.ports.before``."""
    captured = Intent.objects.filter(
        pk__lt=below, payer_id__isnull=False, captured_at__isnull=False
    )
    rows = list(captured.order_by("-pk")[:most])
    told = payers_told([one.pk for one in rows])
    return [
        Before(
            one.pk,
            one.payer_id,
            [Key(PAYMENT, told[one.pk][1])] if one.pk in told else [],
            one.captured_at,
        )
        for one in rows
        if one.payer_id is not None and one.captured_at is not None
    ]


trust.before("payments", "payment", paid_before)
