"""What those who work in a shop did to its goods and prices: a list that the owner reads."""

from __future__ import annotations

from banyan.kernel import audit
from banyan.kernel.actors import Actor


def note_act(actor: Actor, shop_id: int, act: str, label: str, *, change: str = "") -> None:
    """Write an act down under the shop, in its own transaction; ``change`` says from what to what.

    Nothing for the clock.
    """
    if actor.id is None:
        return
    audit.record(
        actor=actor,
        action=act,
        subject_kind="shop",
        subject_id=shop_id,
        subject_label=label,
        detail={"change": change} if change else {},
    )
