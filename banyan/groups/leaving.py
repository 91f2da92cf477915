"""What must be settled before somebody who owns a group leaves."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from banyan.kernel.personal import Person
from banyan.legal.ports import Obstacle

from .models import Group


def owned_alone(person: Person) -> list[Obstacle]:
    """Name every living group that nobody else owns: it is handed over or closed first."""
    alone = Group.objects.filter(
        owners=1,
        closed_at=None,
        memberships__account_id=person.account_id or 0,
        memberships__role="owner",
        memberships__state=1,
    )
    text = _("You alone own the group “%(group)s”. Hand it over or close it first.")
    return [
        Obstacle("group", text % {"group": group.name}, reverse("group", args=[group.slug]))
        for group in alone.order_by("id")
    ]
