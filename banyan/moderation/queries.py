"""Reads of moderation for pages, the desk and the floors above."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet

from banyan.kernel import clock
from banyan.kernel.actors import Actor

from .models import Appeal, Case, Decision, RightsNotice, Sanction
from .rules.reasons import LIMIT, SUSPEND


def _running(account_id: int, kind: str) -> QuerySet[Sanction]:
    lasting = Q(until=None) | Q(until__gt=clock.now())
    return Sanction.objects.filter(lasting, account_id=account_id, kind=kind, ended_at=None)


def is_suspended(account_id: int) -> bool:
    """Tell whether an account is suspended at this moment. One query."""
    return _running(account_id, SUSPEND).exists()


def limit_of(account_id: int) -> Sanction | None:
    """Return the limit an account is under at this moment, or None. One query."""
    return _running(account_id, LIMIT).order_by("-id").first()


def stands_on(kind: str, subject_id: int) -> QuerySet[RightsNotice]:
    """Return the notices of rights holders by which something is kept hidden."""
    hiding = ["taken_down", "countered", "stays_down"]
    return RightsNotice.objects.filter(subject_kind=kind, subject_id=subject_id, state__in=hiding)


def claimed(kind: str) -> QuerySet[RightsNotice]:
    """Return the notices by which something of a kind is hidden for good."""
    return RightsNotice.objects.filter(subject_kind=kind, state="stays_down")


def is_kept_hidden(kind: str, subject_id: int) -> bool:
    """Tell whether a notice, a decision or the word filter keeps something off the pages.

    Three queries at most.
    """
    decided = Decision.objects.filter(
        case__subject_kind=kind, case__subject_id=subject_id, hidden=True
    ).exclude(appeal__state="upheld")
    held = Case.objects.filter(
        subject_kind=kind, subject_id=subject_id, state="open", source="filter"
    )
    return stands_on(kind, subject_id).exists() or decided.exists() or held.exists()


def decisions_about(actor: Actor) -> QuerySet[Decision]:
    """Return what was decided about the actor's own things, latest first."""
    return (
        Decision.objects.filter(case__author_id=actor.id or 0)
        .exclude(verdict="dismiss")
        .select_related("case", "appeal")
        .order_by("-id")
    )


def waiting() -> tuple[int, int, int]:
    """Return how many cases, appeals and notices of rights holders wait. Three queries."""
    return (
        Case.objects.filter(state="open").count(),
        Appeal.objects.filter(state="open").count(),
        RightsNotice.objects.filter(state="filed").count(),
    )


def figures_of_notices() -> list[tuple[str, int]]:
    """Return how many notices of rights holders there are in each state. One query."""
    rows = RightsNotice.objects.values_list("state").annotate(n=Count("id")).order_by("state")
    return [(state, int(n)) for state, n in rows]
