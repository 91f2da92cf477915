"""What must be settled before somebody who earns leaves."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from banyan.kernel.personal import Person
from banyan.legal.ports import Obstacle

from .models import Commission, PayoutItem
from .states import HELD_STATES


def open_earnings(person: Person) -> list[Obstacle]:
    """Tell of earnings that are not payable yet, and of payouts under way.

    Payable money is told by its account.
    """
    payee = person.account_id or 0
    found = []
    if Commission.objects.filter(payee_id=payee, state__in=HELD_STATES).exists():
        text = _("You have earnings whose orders are not over yet.")
        found.append(Obstacle("earnings", text, reverse("earnings")))
    if PayoutItem.objects.filter(payee_id=payee, state="submitted").exists():
        text = _("A payout to you is under way.")
        found.append(Obstacle("payout", text, reverse("earnings")))
    return found
