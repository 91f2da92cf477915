"""Orders followed for mechanics that pay when a friend has really bought, and kept it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from banyan.kernel import audit, clock, locks
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Invalid, NotFound
from banyan.kernel.remembered import remembered
from banyan.kernel.sweeps import sweep
from banyan.notify.actions import notify
from banyan.orders.models import Order
from banyan.trust.queries import is_reviewer

from ..causes import cause_of_order
from ..mechanic import Arrival, Mechanic, Play, mechanic, mechanics, terms_of
from ..models import Instance, Participation
from ..queries import bringing, brought_by
from ..seats import is_back
from ..words import titled
from .applying import Stage, apply


def follow_paid(*, actor: Actor, order_id: int) -> None:
    """Tell of a paid order whose buyer takes part in something of its shop that watches orders.

    One statement for an order that nobody watches, which is nearly every order. Repeatable.
    """
    found = _of_buyers([order_id], _watching())
    if not found:
        return
    order = Order.objects.select_related("checkout").get(pk=order_id)
    for one in found:
        _tell(actor, one.pk, "bought", order)


def watched_orders(order_ids: list[int]) -> set[int]:
    """Return those of paid orders that :func:`follow_paid` has something to tell of. One
    statement."""
    return {one.watched for one in _of_buyers(order_ids, _watching())}  # type: ignore[attr-defined]  # annotated


@remembered
def _of_buyers(order_ids: list[int], watching: list[str]) -> QuerySet[Participation]:
    """Return the places without an order that buyers had in a shop when they placed these there.

    ``watched`` is the order.
    """
    placed = "account__checkouts__orders"
    rows = Participation.objects.filter(
        **{f"{placed}__in": order_ids},
        state="in",
        order_id=None,
        campaign__shop=F(f"{placed}__shop"),
        campaign__mechanic__in=watching,
        created_at__lte=F("account__checkouts__created_at"),
    )
    return rows.annotate(watched=F(placed)).order_by("id")


def _watching() -> list[str]:
    return sorted(code for code, kind in mechanics().items() if kind.watches)


def offer_paid(*, actor: Actor, order_id: int, shop_id: int) -> None:
    """Tell the buyer of a paid order what it brings. One statement where its shop brings nothing.

    Repeatable as far as notices are.
    """
    if not bringing([shop_id]):
        return
    order = Order.objects.select_related("checkout").get(pk=order_id)
    buyer_id = order.checkout.buyer_id
    brought = brought_by([order], buyer_id=buyer_id).get(order_id) if buyer_id else None
    if buyer_id is None or brought is None or brought.play is not None:
        return
    campaign = brought.campaign
    notify(
        recipient_id=buyer_id,
        kind="campaign.brought",
        group_key=f"campaign.brought:{order_id}",
        url=f"/campaign/{campaign.code}?order={order_id}",
        data=titled(campaign),
    )


def follow(*, actor: Actor, order_id: int, hook: str) -> None:
    """Tell those who follow an order that it was "received", or "refunded" and stands no more.

    Entries of a draw count orders without following one: they are told of every refund.
    """
    order = Order.objects.select_related("checkout").get(pk=order_id)
    watching = {code: kind for code, kind in mechanics().items() if kind.watches}
    found = Participation.objects.filter(order_id=order_id, campaign__mechanic__in=watching)
    ids = [*found.order_by("id").values_list("id", flat=True)]
    if hook == "refunded" and order.checkout.buyer_id is not None:
        counting = Participation.objects.filter(
            account_id=order.checkout.buyer_id,
            state="in",
            campaign__shop_id=order.shop_id,
            campaign__mechanic__in=[code for code, kind in watching.items() if kind.pooled],
        )
        ids += counting.order_by("id").values_list("id", flat=True)
    for one_id in ids:
        _tell(actor, one_id, hook, order)


def undo_begun(*, actor: Actor, order_id: int) -> None:
    """Tell what an order has begun, and still runs, that the order stands no more. Repeatable."""
    rows = Instance.objects.select_related("campaign__shop", "version").filter(ended_at=None)
    for found in rows.filter(cause=cause_of_order(order_id)):
        with transaction.atomic():
            locks.take([LockKey("instance", found.pk)])
            instance = rows.filter(pk=found.pk).first()
            if instance is None:
                continue
            kind, terms = mechanic(instance.campaign.mechanic), terms_of(instance)
            if kind.stands(terms, Order.objects.get(pk=order_id)):
                continue
            asked = Play(instance.campaign, terms, instance, None, clock.now())
            stage = Stage(actor=actor, instance=instance, person=None, arrival=Arrival())
            apply(kind.undone(asked), stage)


def decide_due(*, actor: Actor) -> int:
    """Let mechanics decide about those whose moment has come; returns how many."""
    due = Participation.objects.filter(due_at__lte=clock.now())

    def decide(one_id: int) -> int:
        _tell(actor, one_id, "due", None)
        return 1

    return sweep("campaigns.decide", due, decide, by="due_at")


def clear_place(*, actor: Actor, place_id: int, reason: str) -> Participation:
    """Let a place count that was flagged, as a reviewer found it right; audited. Repeatable.

    What waits for it is decided at the next turn of the clock. Locks instance. Raises NotFound for
    others than reviewers and for places without a flag, Invalid without a reason.
    """
    if not is_reviewer(actor):
        raise NotFound()
    if not reason.strip():
        raise Invalid(fields={"reason": _("Say why.")})
    flagged = Participation.objects.filter(pk=place_id, data__has_key="flag")
    with transaction.atomic():
        locks.take([LockKey("instance", one.instance_id) for one in flagged])
        one = flagged.select_related("account").first()
        if one is None:
            raise NotFound()
        if "cleared" in one.data:
            return one
        now = clock.now()
        one.data = one.data | {"cleared": now.isoformat()}
        one.due_at = now if one.state == "in" and one.data.get("reason") == "held" else one.due_at
        one.save(update_fields=["data", "due_at"])
        audit.record(
            actor=actor,
            action="place.clear",
            subject_kind="account",
            subject_id=one.account_id,
            subject_label=f"@{one.account.handle}",
            reason=reason.strip(),
        )
    return one


def _stands(kind: Mechanic[Any], terms: Any, one: Participation, order: Order) -> bool:
    """Tell whether what is followed still counts: of who bought something with a place, that."""
    return not is_back(one) if one.right_id is not None else kind.stands(terms, order, one)


def _tell(actor: Actor, one_id: int, hook: str, order: Order | None) -> None:
    rows = Participation.objects.select_related("instance__campaign__shop", "instance__version")
    instance_id = rows.get(pk=one_id).instance_id
    with transaction.atomic():
        locks.take([LockKey("instance", instance_id)])
        one = rows.get(pk=one_id)
        instance = one.instance
        if hook == "due" and (one.due_at is None or one.due_at > clock.now()):
            return
        kind, terms = mechanic(instance.campaign.mechanic), terms_of(instance)
        followed = order if order is not None and one.order_id == order.pk else None
        if hook == "refunded" and followed and _stands(kind, terms, one, followed):
            return
        asked = Play(instance.campaign, terms, instance, None, clock.now())
        told = getattr(kind, hook)
        effects = told(asked, one) if order is None else told(asked, one, order)
        if hook == "due":
            Participation.objects.filter(pk=one.pk).update(due_at=None)
        stage = Stage(actor=actor, instance=instance, person=None, arrival=Arrival())
        apply(effects, stage)
