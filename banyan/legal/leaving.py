"""What must be settled before somebody leaves, as far as the lower floors know it."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from banyan.kernel.money import Money, format_money
from banyan.kernel.personal import Person
from banyan.ledger.queries import accounts_of, balance
from banyan.people.models import StaffRole

from .ports import Obstacle, register_check


def _money(person: Person) -> list[Obstacle]:
    """Name every sum that is on one of the person's accounts, or owed from one."""
    if person.account_id is None:
        return []
    found = []
    for account in accounts_of(owner_kind="account", owner_id=person.account_id):
        left = balance(account)
        if left.amount > 0:
            text = _("%(money)s of yours is here. Have it paid out first.")
        elif left.amount < 0:
            text = _("You owe %(money)s. Please settle it with us first.")
        else:
            continue
        told = format_money(Money(abs(left.amount), left.currency))
        found.append(Obstacle("money", text % {"money": told}, reverse("statement")))
    return found


def _staff(person: Person) -> list[Obstacle]:
    if not StaffRole.objects.filter(account_id=person.account_id or 0).exists():
        return []
    return [Obstacle("staff", _("You work for the platform. Give your roles back first."))]


def register() -> None:
    """Say so wherever somebody wants to leave."""
    register_check("money", _money)
    register_check("staff", _staff)
