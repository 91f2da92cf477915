"""What must be settled before somebody leaves with money held between two members."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext as _

from banyan.kernel.personal import Person
from banyan.legal.ports import Obstacle

from .models import Dispute, Escrow


def held_money(person: Person) -> list[Obstacle]:
    """Name every sum in escrow and every open dispute, on either side."""
    if person.account_id is None:
        mine = Q(order__checkout_id=person.guest_id or 0)
    else:
        mine = Q(order__checkout__buyer_id=person.account_id)
        mine |= Q(order__shop__owner_id=person.account_id)
    held = Escrow.objects.filter(mine, state__in=["held", "disputed"]).select_related("order")
    argued = Dispute.objects.filter(mine, state="open").select_related("order")
    escrow = _("Money of order %(number)s is still held.")
    dispute = _("There is an open dispute about order %(number)s.")
    return [
        *(Obstacle("escrow", escrow % {"number": one.order.number}) for one in held),
        *(Obstacle("dispute", dispute % {"number": one.order.number}) for one in argued),
    ]
