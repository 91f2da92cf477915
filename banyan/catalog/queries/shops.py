"""Reads of the catalogue for pages."""

from __future__ import annotations

from banyan.kernel.models import StateChange

from ..models import Shop
from ..states import SHOP


def last_decision(shop: Shop) -> str:
    """Return the reason of the shop's latest move, as its owner may read it. One query."""
    moves = StateChange.objects.filter(machine=SHOP.name, subject_id=shop.pk)
    return moves.order_by("-id").values_list("reason", flat=True).first() or ""
