"""Places that are bought: what was bought with one, and what its buyer wants if it is gone."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from banyan.orders.models import OrderLine

from .models import Participation

IF_FULL = "if_full"
"""Under which name the choice is asked for, sent along and kept with the place."""
REFUND, OTHER, OWN = "refund", "other", "own"


def line_of(place: Participation) -> OrderLine:
    """Return what was bought with a paid place; the order may hold more."""
    assert place.order_id is not None
    return OrderLine.objects.get(order_id=place.order_id, right_id=place.right_id)


def is_back(place: Participation) -> bool:
    """Tell whether all that was paid for a place went back; its units, where they cost nothing."""
    line = line_of(place)
    if line.paid_amount > line.delivery_amount:
        return line.refunded_amount >= line.paid_amount
    return line.refunded_quantity >= line.quantity


def choices() -> Mapping[str, str]:
    """Return what can be chosen, in words; what nobody chose is the first."""
    return {
        REFUND: _("all my money back"),
        OTHER: _("a place in another group, for no more money"),
        OWN: _("a group of my own"),
    }


def choice_of(given: object) -> str:
    """Return what was chosen; whatever is no choice puts nobody anywhere."""
    return str(given) if given in (OTHER, OWN) else REFUND
