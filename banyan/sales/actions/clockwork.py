"""What happens to a sale because time passes. Every step is repeatable and decides by the clock.

Claims never wait for this: whether a sale is on is read from its window.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable

from django.db import transaction
from django.db.models import F, QuerySet

from banyan.catalog.actions import stock_locks, unhold
from banyan.kernel import clock, locks, tickets
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Busy, IllegalTransition
from banyan.kernel.remembered import remembered
from banyan.kernel.states import transition, transition_telling

from ..events import SaleEnded, SaleSoldOut, SaleStarted
from ..models import Bucket, Right, Sale, SaleItem
from ..queries import buckets_of, left_in
from ..rules import WARM_UP
from ..states import SALE
from .claiming import lapse
from .codes import expire_codes
from .room import admit, draw_places
from .warning import tell_released, warn_ending

MOST_AT_ONCE = 500
logger = logging.getLogger(__name__)


def advance_sales(*, actor: Actor) -> int:
    """Advance every sale that is not settled; returns how many there are.

    Of those that are, units that were claimed before the end and not ordered in time go back.
    """
    sales = _unsettled()
    _each(sales, lambda sale: advance_sale(actor=actor, sale=sale))
    _each(_settled_with_late(clock.now()), lambda sale: _expire(actor, sale))
    return len(sales)


def _each(sales: Iterable[Sale], act: Callable[[Sale], object]) -> None:
    for sale in sales:
        try:
            act(sale)
        except (Busy, IllegalTransition) as error:
            logger.warning("sale %s goes on later: %s", sale.pk, error)
        except Exception:
            # One that cannot go on must not hold up the others.
            logger.exception("sale %s does not go on", sale.pk)


def _expire(actor: Actor, sale: Sale) -> None:
    expire_codes(actor=actor, sale=sale)
    expire_rights(actor=actor, sale=sale)


@remembered
def _unsettled() -> QuerySet[Sale]:
    return Sale.objects.filter(settled_at=None).exclude(state="draft").order_by("id")


@remembered
def _settled_with_late(now: dt.datetime) -> QuerySet[Sale]:
    late = Right.objects.filter(state__in=["issued", "bound"], expires_at__lte=now)
    return Sale.objects.filter(pk__in=late.values("sale_id"), settled_at__isnull=False)


def advance_sale(*, actor: Actor, sale: Sale) -> None:
    """Do what is due for one sale."""
    now = clock.now()
    _start(actor, sale)
    _expire(actor, sale)
    warn_ending(sale=sale)
    if sale.leftover_at is not None and now >= sale.leftover_at and sale.state != "ended":
        move_leftover(actor=actor, sale=sale)
    if sale.admission == "queue" and sale.state != "ended":
        draw_places(actor=actor, sale=sale)
        admit(actor=actor, sale_id=sale.pk)
    _mark_sold_out(actor, sale)
    if sale.state != "ended" and now >= sale.ends_at:
        with transaction.atomic():
            told = SaleEnded(sale_id=sale.pk, shop_id=sale.shop_id)
            transition_telling(SALE, sale, "ended", event=told, actor=actor, ended_at=sale.ends_at)
    if sale.state == "ended":
        settle_sale(actor=actor, sale_id=sale.pk)


def _start(actor: Actor, sale: Sale) -> None:
    now = clock.now()
    if sale.state == "scheduled" and sale.starts_at - WARM_UP <= now < sale.starts_at:
        with transaction.atomic():
            transition(SALE, sale, "warm", actor=actor)
    if sale.state in {"scheduled", "warm"} and sale.starts_at <= now:
        told = SaleStarted(sale_id=sale.pk, shop_id=sale.shop_id)
        with transaction.atomic():
            transition_telling(SALE, sale, "on", event=told, actor=actor)


def _mark_sold_out(actor: Actor, sale: Sale) -> None:
    if sale.state not in {"on", "sold_out"}:
        return
    left = sum(left_in(bucket) for bucket in buckets_of(sale))
    if sale.state == "on" and not left:
        told = SaleSoldOut(sale_id=sale.pk, shop_id=sale.shop_id)
        with transaction.atomic():
            transition_telling(SALE, sale, "sold_out", event=told, actor=actor)
    elif sale.state == "sold_out" and left:
        with transaction.atomic():
            transition(SALE, sale, "on", actor=actor, reason="a unit came back")


def expire_rights(*, actor: Actor, sale: Sale) -> int:
    """Give units back that were claimed and not ordered in time, and say so; returns how many."""
    due = _unused(sale.pk, clock.now())
    if not due:
        return 0
    ended = 0
    for item in SaleItem.objects.filter(pk__in={right.item_id for right in due}):
        mine = {right.pk: right for right in due if right.item_id == item.pk}
        with transaction.atomic():
            ended += lapse(actor=actor, item=item, rights=[*mine])
            over = Right.objects.filter(pk__in=mine, state__in=["expired", "issued"])
            tell_released(sale=sale, rights=[mine[pk] for pk in over.values_list("id", flat=True)])
    return ended


@remembered
def _unused(sale_id: int, now: dt.datetime) -> QuerySet[Right]:
    rights = Right.objects.filter(sale_id=sale_id, state="bound", expires_at__lte=now)
    return rights.order_by("expires_at")[:MOST_AT_ONCE]


def move_leftover(*, actor: Actor, sale: Sale) -> int:
    """Make what the buckets for codes and fans have left public; returns how many units."""
    buckets = buckets_of(sale)
    if not any(b.kind != "public" and b.size > b.taken for b in buckets):
        return 0
    moved = 0
    with transaction.atomic():
        locks.take([LockKey("bucket", bucket.pk) for bucket in buckets])
        fresh = buckets_of(sale)
        public = {bucket.item_id: bucket for bucket in fresh if bucket.kind == "public"}
        for bucket in fresh:
            left = bucket.size - bucket.taken
            if bucket.kind == "public" or not left:
                continue
            target = public[bucket.item_id]
            Bucket.objects.filter(pk=bucket.pk).update(size=F("size") - left)
            Bucket.objects.filter(pk=target.pk).update(size=F("size") + left)
            target.size += left
            if target.pool_id is not None:
                tickets.raise_stock(pool_id=target.pool_id, stock=target.size)
            moved += left
    return moved


def settle_sale(*, actor: Actor, sale_id: int) -> bool:
    """Make what an ended sale has left free stock; tells whether it is done. Repeatable.

    A ticket that was drawn just before the end may still be on its way to its right: such a sale
    waits for the longest time a transaction may take. Locks the stock, then the buckets.
    """
    sale = Sale.objects.get(pk=sale_id)
    if sale.settled_at is not None or sale.ended_at is None:
        return sale.settled_at is not None
    if sale.ticketed and clock.now() < sale.ended_at + tickets.LONGEST_TRANSACTION:
        return False
    buckets = buckets_of(sale)
    with transaction.atomic():
        keys = stock_locks(bucket.item.variant_id for bucket in buckets)
        locks.take([*keys, *(LockKey("bucket", bucket.pk) for bucket in buckets)])
        # Behind the locks: a second worker finds it settled.
        if not Sale.objects.filter(pk=sale.pk, settled_at=None).update(settled_at=clock.now()):
            return True
        left = [
            (bucket.item.variant_id, n) for bucket in buckets_of(sale) if (n := _close(bucket)) > 0
        ]
        if left:
            unhold(left, reference=f"sale:{sale.pk}")
        SaleItem.objects.filter(sale=sale).update(live=False)
    return True


def _close(bucket: Bucket) -> int:
    """Leave a bucket just as many units as are taken; return how many it had more."""
    taken = bucket.taken
    if bucket.pool_id is not None:
        tickets.close_sale(pool_id=bucket.pool_id)
        taken = Right.objects.filter(
            bucket=bucket, state__in=["bound", "reserved", "redeemed"]
        ).count()
    Bucket.objects.filter(pk=bucket.pk).update(taken=taken, size=taken)
    return bucket.size - taken
