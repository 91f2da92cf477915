"""Orders followed for mechanics that pay when a friend has really bought, and kept it."""

from __future__ import annotations

import logging

from django.db import transaction

from banyan.kernel import clock, locks
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Busy
from banyan.orders.models import Order

from ..mechanic import Arrival, Play, mechanic, mechanics, terms_of
from ..models import Participation
from ..seats import is_back
from .applying import Stage, apply

logger = logging.getLogger(__name__)


def follow_paid(*, actor: Actor, order_id: int) -> None:
    """Tell of a paid order whose buyer takes part in something of its shop that watches orders.

    Two statements for an order that nobody watches. Repeatable.
    """
    order = Order.objects.select_related("checkout").get(pk=order_id)
    if order.checkout.buyer_id is None:
        return
    watching = [code for code, kind in mechanics().items() if kind.watches]
    rows = Participation.objects.filter(
        account_id=order.checkout.buyer_id,
        state="in",
        order_id=None,
        campaign__shop_id=order.shop_id,
        campaign__mechanic__in=watching,
        created_at__lte=order.checkout.created_at,
    )
    for one_id in rows.order_by("id").values_list("id", flat=True):
        _tell(actor, one_id, "bought", order)


def follow(*, actor: Actor, order_id: int, hook: str) -> None:
    """Tell those who follow an order that it was "received", or "refunded" in full.

    Of who bought something with their place, that alone counts, and nothing beside it.
    """
    rows = Participation.objects.filter(order_id=order_id)
    watching = {code for code, kind in mechanics().items() if kind.watches}
    found = rows.filter(campaign__mechanic__in=watching).order_by("id")
    for one in found:
        order = Order.objects.get(pk=order_id)
        if hook == "refunded" and not _is_given_back(order, one):
            continue
        _tell(actor, one.pk, hook, order)


def _is_given_back(order: Order, one: Participation) -> bool:
    if one.right_id is None:
        return order.refunded_amount >= order.total_amount
    return is_back(one)


def decide_due(*, actor: Actor, limit: int = 500) -> int:
    """Let mechanics decide about those whose moment has come; returns how many."""
    due = Participation.objects.filter(due_at__lte=clock.now()).order_by("due_at")
    ids = list(due.values_list("id", flat=True)[:limit])
    for one_id in ids:
        try:
            _tell(actor, one_id, "due", None)
        except Busy as error:
            logger.warning("place %s is decided later: %s", one_id, error)
        except Exception:
            logger.exception("place %s is not decided", one_id)
    return len(ids)


def _tell(actor: Actor, one_id: int, hook: str, order: Order | None) -> None:
    rows = Participation.objects.select_related("instance__campaign__shop", "instance__version")
    instance_id = rows.get(pk=one_id).instance_id
    with transaction.atomic():
        locks.take([LockKey("instance", instance_id)])
        one = rows.get(pk=one_id)
        instance = one.instance
        if hook == "due" and (one.due_at is None or one.due_at > clock.now()):
            return
        kind = mechanic(instance.campaign.mechanic)
        asked = Play(instance.campaign, terms_of(instance), instance, None, clock.now())
        told = getattr(kind, hook)
        effects = told(asked, one) if order is None else told(asked, one, order)
        if hook == "due":
            Participation.objects.filter(pk=one.pk).update(due_at=None)
        stage = Stage(actor=actor, instance=instance, person=None, arrival=Arrival())
        apply(effects, stage)
