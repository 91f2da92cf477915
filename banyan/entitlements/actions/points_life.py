"""Points over time: granted by an order, frozen, available; taken back, given back, run out."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import F

from banyan.kernel import clock, locks
from banyan.kernel.actors import Actor
from banyan.kernel.money import minor_digits
from banyan.kernel.states import Move, transition_each
from banyan.kernel.sweeps import sweep
from banyan.ledger.rules import portion

from ..models import PointsLot, PointsPurse, PointsTerms, PointsUse
from ..rules import earned, take_in_order
from ..states import POINTS_LOT
from .points import points_locks, put_back


def grant_points(
    *,
    account_id: int,
    shop_id: int,
    currency: str,
    order_id: int,
    order_number: str,
    paid: int,
) -> PointsLot | None:
    """Grant what an order earns for ``paid``, minor units of its goods alone; frozen at first.

    Once for each order, however often it is called. None where the shop gives none for it.
    """
    terms = PointsTerms.objects.filter(shop_id=shop_id, is_on=True, currency=currency).first()
    points = earned(paid, earn=terms.earn, unit=10 ** minor_digits(currency)) if terms else 0
    if terms is None or not points:
        return None
    with transaction.atomic():
        purse, _made = PointsPurse.objects.get_or_create(account_id=account_id, terms=terms)
        lot, _made = PointsLot.objects.get_or_create(
            order_id=order_id,
            defaults={
                "purse": purse,
                "order_number": order_number,
                "points": points,
                "left": points,
                "life_days": terms.life_days,
                "created_at": clock.now(),
            },
        )
    return lot


def receive_points(*, order_id: int, available_at: dt.datetime) -> None:
    """Say when an order's points can be spent: it was received. Repeatable."""
    lot = PointsLot.objects.filter(order_id=order_id, state="granted", available_at=None)
    lot.update(available_at=available_at)


def ripen_points(*, actor: Actor, order_id: int) -> None:
    """Let an order's points be spent, after what is owed. Repeatable; locks points before."""
    lot = PointsLot.objects.filter(
        order_id=order_id, state="granted", available_at__lte=clock.now()
    ).first()
    if lot is None:
        return
    locks.require(*points_locks([lot.purse_id]))
    assert lot.available_at is not None
    purse = PointsPurse.objects.get(pk=lot.purse_id)
    covered = min(purse.owed, lot.left)
    lot.left -= covered
    purse.owed -= covered
    purse.available += lot.left
    purse.save(update_fields=["owed", "available"])
    lot.expires_at = lot.available_at + dt.timedelta(days=lot.life_days)
    lot.save(update_fields=["left", "expires_at"])
    _move(actor, lot, "available" if lot.left else "spent")


def take_back_points(*, actor: Actor, order_id: int, kept: int, whole: int) -> None:
    """Take back what an order earned, but for ``kept`` of ``whole`` that it still cost.

    On running totals, so that it may be called again. What is no longer there is taken from
    other points of the same purse, then owed. Locks points before, once they can be spent.
    """
    lot = PointsLot.objects.filter(order_id=order_id).first()
    if lot is None:
        return
    back = lot.points - lot.points * kept // whole - lot.reversed
    if back <= 0:
        return
    own, lapsed = take_in_order(back, [lot.left, lot.expired])
    was_available = lot.state != "granted"
    PointsLot.objects.filter(pk=lot.pk).update(
        left=F("left") - own, expired=F("expired") - lapsed, reversed=F("reversed") + back
    )
    lot.refresh_from_db()
    if was_available:
        _take_from_purse(actor, lot.purse_id, own, back - own - lapsed)
    if lot.reversed == lot.points and lot.state != "reversed":
        _move(actor, lot, "reversed")
    elif not lot.left and lot.state == "available":
        _move(actor, lot, "spent")


def _take_from_purse(actor: Actor, purse_id: int, own: int, more: int) -> None:
    """Take ``own`` off a purse, and ``more`` out of its other lots; what is missing is owed."""
    locks.require(*points_locks([purse_id]))
    purse = PointsPurse.objects.get(pk=purse_id)
    lots = list(
        PointsLot.objects.filter(purse_id=purse_id, state="available", left__gt=0).order_by(
            "expires_at", "id"
        )
    )
    taken = take_in_order(more, [lot.left for lot in lots])
    for lot, part in zip(lots, taken, strict=True):
        if part:
            lot.left -= part
            lot.save(update_fields=["left"])
            if not lot.left:
                _move(actor, lot, "spent")
    purse.available -= own + sum(taken)
    purse.owed += more - sum(taken)
    purse.save(update_fields=["available", "owed"])


def give_back_points(*, actor: Actor, order_id: int, back: int, whole: int) -> None:
    """Give back the points that an order was paid with, ``back`` of ``whole`` in all so far.

    On running totals, so that it may be called again. Locks points before.
    """
    use = PointsUse.objects.filter(order_id=order_id, state="spent").first()
    if use is None:
        return
    due = portion(use.points, back, whole) - use.returned
    if due > 0:
        locks.require(*points_locks([use.purse_id]))
        put_back(actor=actor, use=use, points=due)


def expire_points(*, actor: Actor) -> int:
    """End points whose time is over. Returns how many lots."""
    due = PointsLot.objects.filter(state="available", expires_at__lte=clock.now())

    def expire(lot_id: int) -> int:
        purse_id = PointsLot.objects.values_list("purse_id", flat=True).get(pk=lot_id)
        with transaction.atomic():
            locks.take(points_locks([purse_id]))
            lot = due.filter(pk=lot_id).first()
            if lot is None:
                return 0
            PointsPurse.objects.filter(pk=purse_id).update(available=F("available") - lot.left)
            lot.expired, lot.left = lot.expired + lot.left, 0
            lot.save(update_fields=["left", "expired"])
            _move(actor, lot, "expired")
        return 1

    return sweep("entitlements.points", due, expire, by="expires_at")


def _move(actor: Actor, lot: PointsLot, to: str) -> None:
    transition_each(Move(POINTS_LOT, lot, to), actor=actor)
