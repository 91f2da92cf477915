"""What orders do inside the transactions of payments, and what paid orders tell of people."""

from __future__ import annotations

from collections.abc import Sequence

from banyan.kernel import events
from banyan.kernel.events import Happened
from banyan.payments.events import (
    ChargebackClosed,
    ChargebackMoved,
    PaymentCaptured,
    RefundFailed,
    RefundSucceeded,
)
from banyan.trust import ports as trust
from banyan.trust.actions import Seen, record_each
from banyan.trust.ports import Before
from banyan.trust.rules import BROWSER, Key, address_keys
from banyan.trust.subscribers import CONSUMER as TRUST

from . import notices  # noqa: F401 - registers on import
from .actions.charged_back import chargeback_locks, on_closed, on_moved
from .actions.payment import on_captured, payment_locks
from .actions.refunds import on_settled, settled_locks
from .events import OrderPaid
from .models import Checkout
from .reading import checkouts

events.in_transaction(PaymentCaptured, locks=payment_locks)(on_captured)
events.in_transaction(RefundSucceeded, locks=settled_locks)(on_settled)
events.in_transaction(RefundFailed, locks=settled_locks)(on_settled)
events.in_transaction(ChargebackMoved, locks=chargeback_locks)(on_moved)
events.in_transaction(ChargebackClosed, locks=chargeback_locks)(on_closed)


@events.subscribe_together(OrderPaid, consumer=TRUST)
def note_buyers(paid: Sequence[Happened[OrderPaid]]) -> None:
    """Note where members' paid orders go, and with which browser they were placed."""
    bought = checkouts(sorted({event.checkout_id for event, _meta in paid}))
    record_each([Seen(one.buyer_id, _keys(one), "order") for one in bought if one.buyer_id])


def _keys(bought: Checkout) -> list[Key]:
    browser = [Key(BROWSER, bought.visitor)] if bought.visitor else []
    return [*address_keys(bought.address), *browser]


def bought_before(below: int, most: int) -> Sequence[Before]:
    """Return members' paid purchases. See ``trust.ports.before``."""
    paid = Checkout.objects.filter(pk__lt=below, buyer__isnull=False, paid_at__isnull=False)
    return [
        Before(one.pk, one.buyer_id, _keys(one), one.paid_at)
        for one in paid.order_by("-pk")[:most]
        if one.buyer_id is not None and one.paid_at is not None
    ]


trust.before("purchases", "order", bought_before)
