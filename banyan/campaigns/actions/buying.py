"""Places that are bought: paid in the paying transaction, given back unpaid, told of refunds.

What leads to a purchase gives a price right with the reserved place; the order carries the right,
and so finds its place again.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.entitlements.actions import revoke_price_rights
from banyan.entitlements.costs import most_off
from banyan.entitlements.models import Coupon, PriceRight
from banyan.kernel import clock, locks
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.money import Money
from banyan.kernel.problems import Busy
from banyan.kernel.sweeps import MOST, PIECE, sweep
from banyan.orders.actions import (
    difference_due,
    give_back_difference,
    release_hold,
    undo_lines,
)
from banyan.orders.actions.payment import withdraw_checkout
from banyan.orders.events import OrderPaid
from banyan.orders.models import Checkout, OrderLine

from ..effects import GiveCoupon, Leave, Tell
from ..honour import APOLOGY
from ..mechanic import Arrival, Play, mechanic, terms_of
from ..models import Participation
from ..problems import Refused
from ..seats import IF_FULL, REFUND, line_of
from .applying import Stage, apply, promise_more
from .seating import is_gone, seat_again, seat_locks

logger = logging.getLogger(__name__)


def paid_locks(event: OrderPaid) -> list[LockKey]:
    """Return what :func:`on_paid` needs: the instances that the order was bought in, and others."""
    if not event.instances:
        return []
    return [*(LockKey("instance", one) for one in event.instances), *seat_locks(event)]


def on_paid(event: OrderPaid, actor: Actor) -> None:
    """Let the places count that an order pays for. Inside the paying transaction.

    A place that is gone, by the deadline and not by when a job saw it, is taken again as far as
    there is one (see ``seating``). Else raises TooLate: the payment then goes back in full, and
    there is no phantom member.
    """
    if not event.instances:
        return
    rows = Participation.objects.filter(
        instance_id__in=event.instances,
        right_id__in=PriceRight.objects.filter(checkout_id=event.checkout_id).values("pk"),
    )
    for one in rows.select_related("instance__campaign__shop", "instance__version").order_by("id"):
        if is_gone(one):
            one = seat_again(actor=actor, one=one)
        instance = one.instance
        Participation.objects.filter(pk=one.pk).update(
            checkout_id=event.checkout_id, order_id=event.order_id
        )
        one.checkout_id, one.order_id = event.checkout_id, event.order_id
        stage = Stage(actor=actor, instance=instance, person=None, arrival=Arrival())
        kind = mechanic(instance.campaign.mechanic)
        asked = Play(instance.campaign, terms_of(instance), instance, None, clock.now())
        apply(kind.paid(asked, one), stage)


def lapse_due(*, actor: Actor, piece: int = PIECE, most: int = MOST) -> int:
    """Give reserved places back whose time is over and that no order waits for; returns how many.

    A place whose order is placed and unpaid stays until that order is paid or ends; where it can
    be taken again (``reseats``), for as long as any place, counted from that order.
    """
    due = Participation.objects.filter(state="reserved", expires_at__lte=clock.now())
    return sweep(
        "campaigns.lapse",
        due,
        lambda one_id: _lapse(actor, one_id),
        by="expires_at",
        piece=piece,
        most=most,
    )


def lapse(*, actor: Actor, ids: Collection[int]) -> int:
    """Give some reserved places back, each in its own transaction; returns how many were."""
    done = 0
    for one_id in ids:
        try:
            done += _lapse(actor, one_id)
        except Busy as error:
            logger.warning("place %s lapses later: %s", one_id, error)
    return done


def _lapse(actor: Actor, one_id: int) -> bool:
    one = Participation.objects.get(pk=one_id)
    with transaction.atomic():
        locks.take([LockKey("instance", one.instance_id)])
        rows = Participation.objects.select_related("instance__campaign__shop", "instance__version")
        one = rows.get(pk=one_id)
        if one.state != "reserved":
            return False
        instance = one.instance
        kind = mechanic(instance.campaign.mechanic)
        if one.right_id is not None:
            right = PriceRight.objects.get(pk=one.right_id)
            if right.state == "held":
                if not revoke_price_rights(actor=actor, right_ids=[right.pk]):
                    return False  # an order took it just now
            elif right.state == "reserved" and kind.reseats:
                if clock.now() < _kept_until(one, right):
                    return False
            elif right.state not in {"expired", "revoked"}:
                return False
        stage = Stage(actor=actor, instance=instance, person=None, arrival=Arrival())
        asked = Play(instance.campaign, terms_of(instance), instance, None, clock.now())
        apply([Leave(one, "unpaid"), *kind.lapse(asked, one)], stage)
    return True


def _kept_until(one: Participation, right: PriceRight) -> dt.datetime:
    """Return until when a place waits for the payment of its order: as long as it waited for it."""
    assert one.expires_at is not None
    assert right.checkout_id is not None
    placed = Checkout.objects.values_list("created_at", flat=True).get(pk=right.checkout_id)
    return max(one.expires_at, placed + (one.expires_at - one.created_at))


def apologise(*, actor: Actor, checkout_id: int, money: Money) -> None:
    """Tell whoever paid too late that all of it goes back, with a coupon where the terms name one.

    Once per purchase. No coupon where the budget or its own cap has none left. Locks instance,
    campaign, entitlement.
    """
    rights = OrderLine.objects.filter(order__checkout_id=checkout_id, instance_id__isnull=False)
    places = Participation.objects.filter(right_id__in=rights.values("right_id"))
    rows = places.select_related("instance__campaign__shop", "instance__version")
    one = rows.order_by("id").first()
    if one is None:
        return
    instance = one.instance
    coupon_id = mechanic(instance.campaign.mechanic).apology(terms_of(instance))
    data = {"amount": money.amount, "currency": money.currency}
    with transaction.atomic():
        locks.take([LockKey("instance", instance.pk), LockKey("campaign", one.campaign_id)])
        instance.refresh_from_db()
        stage = Stage(actor=actor, instance=instance, person=None, arrival=Arrival())
        apply([Tell(one.account_id, "campaign.too_late", data)], stage)
        if coupon_id is not None:
            cost = most_off(Coupon.objects.get(pk=coupon_id).terms) or 0
            cause = f"purchase:{checkout_id}"
            try:
                with transaction.atomic():
                    promise_more(instance, cost)
                    given = GiveCoupon(one.account_id, coupon_id, APOLOGY, cause, cost)
                    apply([given], stage)
            except Refused as refused:
                logger.info("no coupon for the late payment of %s: %s", checkout_id, refused.reason)


# -- what has to be done about orders, outside the transaction that decided it ---------------------


def settle_orders(*, actor: Actor, piece: int = PIECE, most: int = MOST) -> int:
    """Undo, let go, or give a part back of what is due; returns how many orders were done with.

    Each in its own transaction; what cannot be done now stays due and is tried again.
    """
    due = Participation.objects.filter(order_due_at__lte=clock.now())

    def settle(one_id: int) -> int:
        one = Participation.objects.select_related("instance__campaign").get(pk=one_id)
        if not _settle_order(actor, one):
            return 0
        Participation.objects.filter(pk=one.pk, order_due_at=one.order_due_at).update(
            order_due_at=None
        )
        return 1

    return sweep("campaigns.settle_orders", due, settle, by="order_due_at", piece=piece, most=most)


def _settle_order(actor: Actor, one: Participation) -> bool:
    """Do what is due for one place; tells whether that is all."""
    title = one.instance.campaign.title
    if one.state in {"lost", "out"}:
        if one.order_id is None:
            return _give_up(actor, one)
        line_id = line_of(one).pk
        reason = _("%(title)s did not come about.") % {"title": title}
        left = undo_lines(actor=actor, line_ids=[line_id], reason=reason)
        return left.get(line_id) not in {"busy", "server_error"}
    if one.order_id is None:
        return True
    paid = one.data.get("paid", one.amount)
    if paid > one.amount:
        line_id = line_of(one).pk
        if due := difference_due(order_line_id=line_id, unit_amount=one.amount):
            give_back_difference(
                actor=actor,
                order_line_id=line_id,
                amount=due,
                key=f"place:{one.pk}:{one.amount}",
                reason=_("%(title)s: the price fell.") % {"title": title},
            )
        Participation.objects.filter(pk=one.pk).update(data=one.data | {"paid": one.amount})
    return not release_hold(actor=actor, order_ids=[one.order_id])


def _give_up(actor: Actor, one: Participation) -> bool:
    """Take an unpaid place's right back, and the order that was placed with it.

    Not the order of who wants to be seated elsewhere: it can still be paid in its time.
    """
    if one.right_id is None:
        return True
    right = PriceRight.objects.get(pk=one.right_id)
    stays = one.data.get(IF_FULL, REFUND) != REFUND
    if right.state == "reserved" and right.checkout_id is not None and not stays:
        withdraw_checkout(actor=actor, checkout_id=right.checkout_id, reason="campaign is over")
    revoke_price_rights(actor=actor, right_ids=[right.pk])
    return True
