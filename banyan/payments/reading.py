"""What a payment on its way reads, each by one remembered statement."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from banyan.kernel.remembered import remembered

from .models import Attempt, Intent
from .rules import BY_LINK


@remembered
def attempts_of(intent_id: int) -> QuerySet[Attempt]:
    """Return the attempts of a payment, the latest first."""
    return Attempt.objects.filter(intent_id=intent_id).order_by("-number")


@remembered
def open_attempts(intent_id: int) -> QuerySet[Attempt]:
    """Return the attempts of a payment that have not ended, oldest first."""
    return Attempt.objects.filter(intent_id=intent_id, outcome="").order_by("number")


def came_by_link(intent: Intent, provider_ref: str) -> bool:
    """Tell whether an attempt of a payment was by its link, so that anybody may have paid it."""
    tried = intent.attempts.filter(provider_ref=provider_ref)
    return tried.filter(Q(lane=BY_LINK) | Q(lane__startswith=f"{BY_LINK}:")).exists()


@remembered
def intent_of_token(token: str) -> QuerySet[Intent]:
    """Return the payment of the token in its addresses."""
    return Intent.objects.filter(token=token)


@remembered
def intent_of_link(code: str) -> QuerySet[Intent]:
    """Return the payment that anybody may pay who has the code of its link."""
    return Intent.objects.filter(link_code=code).exclude(link_code="")


@remembered
def intent_of_provider(provider: str, intent_id: int) -> QuerySet[Intent]:
    """Return a payment if it goes through this provider."""
    return Intent.objects.filter(provider=provider, pk=intent_id)
