"""What must be settled before somebody with a shop leaves."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from banyan.kernel.personal import Person
from banyan.legal.ports import Obstacle

from .models import Shop


def open_business(person: Person) -> list[Obstacle]:
    """Name every shop in which others work: it is not closed over their heads."""
    shops = Shop.objects.filter(owner_id=person.account_id or 0).exclude(state="closed")
    return [
        Obstacle(
            "shop",
            _("Others work in your shop “%(shop)s”. Hand it over or let them go first.")
            % {"shop": shop.name},
            reverse("studio_home"),
        )
        for shop in shops.order_by("id")
        if shop.staff.exclude(account_id=shop.owner_id).exists()
    ]
