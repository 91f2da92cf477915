"""Who acts."""

from __future__ import annotations

from banyan.kernel.actors import Actor
from banyan.kernel.problems import LoginRequired


def member_id(actor: Actor) -> int:
    """Return the account of whoever acts; LoginRequired for a visitor."""
    if actor.id is None:
        raise LoginRequired()
    return actor.id
