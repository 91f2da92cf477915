"""Paid lines that wait for something above, a group that is not complete: none leaves before.

What lies beside them in the order goes its way; the order is not shipped while any of it waits.

What is sent stays allocated and is not shipped. What is handed over stays reserved, as before the
payment, so that nobody else is promised it; it is allocated and handed over when the hold ends.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.catalog.actions import allocate, stock_locks
from banyan.catalog.rules import IN_PARCELS
from banyan.kernel import clock, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Busy, Conflict

from ..models import Order, OrderLine
from ..ports import Hold, holds_on
from .handover import hand_over, take_back

logger = logging.getLogger(__name__)


class OrderWaits(Conflict):
    """It may not leave yet; ``extra["until"]`` says when that ends at the latest."""

    code = "order_waits"
    message = _("This order still waits: nothing of it is sent before that is over.")


def check_may_leave(held: Mapping[int, Hold], line_ids: Collection[int]) -> None:
    """Refuse to let lines leave of which one is ``held``: OrderWaits."""
    for line_id in line_ids:
        if hold := held.get(line_id):
            told = _("This order still waits: %(reason)s") % {"reason": hold.reason}
            raise OrderWaits(told, extra={"until": hold.until.isoformat()})


def to_hand_over(lines: Iterable[OrderLine]) -> list[OrderLine]:
    """Return the lines that need no parcel and are not handed over, or given up, yet."""
    return [line for line in lines if line.kind not in IN_PARCELS and line.to_ship]


def kept_back(lines: Sequence[OrderLine]) -> set[int]:
    """Return the lines of just paid orders that are to be handed over later, by id."""
    return set(holds_on(to_hand_over(lines)))


def release_hold(*, actor: Actor, order_ids: Collection[int]) -> list[int]:
    """Hand over now what of these orders waited, each order in a transaction of its own.

    For whoever ended the hold, after that is committed. What is sent can be shipped from then on
    by itself; the order keeps since when (``free_at``). What still waits stays as it is:
    repeatable.
    Locks stock, order. Emits delivery.handed_over, delivery.fell_short. Returns the orders that
    were busy: the caller asks again.
    """
    busy = []
    for order_id in sorted(set(order_ids)):
        try:
            _release(actor, order_id)
        except Busy as error:
            logger.warning("order %s is handed over later: %s", order_id, error)
            busy.append(order_id)
    return busy


def _release(actor: Actor, order_id: int) -> None:
    from .fulfilment import settle

    order = Order.objects.select_related("checkout").get(pk=order_id)
    with transaction.atomic(), caused_by(order.checkout_id):
        variants = [line.variant_id for line in to_hand_over(order.lines.all())]
        if not variants and order.free_at is not None:
            return
        locks.take([*stock_locks(variants), LockKey("order", order_id)])
        lines = list(order.lines.select_related("order").order_by("id"))
        held = holds_on(lines)
        if not held:
            Order.objects.filter(pk=order_id, free_at=None).update(free_at=clock.now())
        loose = [line for line in to_hand_over(lines) if line.pk not in held]
        if not loose or loose[0].order.state != "paid":
            return
        reference = order.checkout.number
        allocate([(line.variant_id, line.to_ship) for line in loose], reference=reference)
        hand_over(actor=actor, checkout=order.checkout, lines=loose)
        # What was paid back while it waited is not kept either.
        paid_back = [line.pk for line in loose if line.refunded_amount]
        take_back(actor=actor, order=order, line_ids=paid_back)
        order.refresh_from_db()
        settle(actor=actor, order=order)
