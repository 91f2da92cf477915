"""What must be settled before somebody who earns leaves."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from banyan.kernel.personal import Person
from banyan.legal.ports import Obstacle

from .models import Commission
from .states import HELD_STATES


def open_earnings(person: Person) -> list[Obstacle]:
    """Tell of earnings that are not payable yet; payable money is told by its account."""
    waiting = Commission.objects.filter(payee_id=person.account_id or 0, state__in=HELD_STATES)
    if not waiting.exists():
        return []
    text = _("You have earnings whose orders are not over yet.")
    return [Obstacle("earnings", text, reverse("earnings"))]
