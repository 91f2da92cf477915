"""What must be settled before somebody leaves who opened a group."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from banyan.kernel.personal import Person
from banyan.legal.ports import Obstacle

from .models import Grant


def open_perks(person: Person) -> list[Obstacle]:
    """Tell of what is owed to a leader and not payable yet."""
    owed = Grant.objects.filter(account=person.account_id or 0, kind="perk", cost__gt=0, amount=0)
    if not owed.exists():
        return []
    text = _("You have earnings whose orders are not over yet.")
    return [Obstacle("earnings", text, reverse("earnings"))]
