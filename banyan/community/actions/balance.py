"""How many paid and rewarded posts a member wants."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid
from banyan.people.access import member_id

from .. import rules
from ..models import FeedChoice


def choose_paid(*, actor: Actor, paid: str) -> None:
    """Choose usual, fewer or none. Repeatable."""
    if paid not in rules.CHOICES:
        raise Invalid(fields={"paid": _("Choose one of these.")})
    FeedChoice.objects.update_or_create(account_id=member_id(actor), defaults={"paid": paid})
