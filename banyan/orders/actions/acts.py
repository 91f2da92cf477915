"""What those who work in a shop did to its orders: a list that the owner reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banyan.catalog.access import works_in
from banyan.kernel import audit
from banyan.kernel.actors import Actor

from ..models import Order


def note_act(
    actor: Actor, order: Order, act: str, *, reason: str = "", detail: Mapping[str, Any] = {}
) -> None:
    """Write an act of a shop's or the platform's people down, under the shop.

    In the act's own transaction. Nothing for buyers and the clock: the order's history has that.
    Of somebody who works there and bought there, everything: it is what an owner looks for.
    """
    if actor.id is None:
        return
    if actor.id == order.checkout.buyer_id and not works_in(actor, order.shop_id):
        return
    audit.record(
        actor=actor,
        action=act,
        subject_kind="shop",
        subject_id=order.shop_id,
        subject_label=order.number,
        reason=reason,
        detail={"order": str(order.pk), **detail},
    )
