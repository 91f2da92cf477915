"""The only way to what moderation keeps. Absent and forbidden look alike."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from banyan.kernel.actors import Actor
from banyan.kernel.problems import Forbidden, NotFound

from . import ports
from .models import Case, Decision, RightsNotice


def require_moderation(actor: Actor) -> None:
    """Refuse everybody but moderation and the system itself."""
    if actor.kind != "system" and not actor.has_role("moderation"):
        raise Forbidden()


def require_uninvolved(actor: Actor, case: Case) -> None:
    """Refuse whoever a case is about, or who reported it (Forbidden ``own_case``)."""
    if actor.kind == "system" or actor.id is None:
        return
    if case.author_id == actor.id or case.said.filter(reporter_id=actor.id).exists():
        raise Forbidden(_("Somebody else has to decide this: you are part of it."), code="own_case")


def get_subject_for(actor: Actor, kind: str, subject_id: int) -> tuple[ports.Subject, ports.Found]:
    """Return a subject that the actor may see, and what is known of it, or raise NotFound."""
    known = ports.subject(kind)
    if known is None or not known.visible(actor, subject_id):
        raise NotFound()
    found = known.find(subject_id)
    if found is None:
        raise NotFound()
    return known, found


def get_decision(token: str) -> Decision:
    """Return the decision of an unguessable token; what hides or dismisses nothing has no page."""
    found = Decision.objects.select_related("case").filter(token=token).first()
    if found is None or found.verdict == "dismiss":
        raise NotFound()
    return found


def get_notice(token: str) -> tuple[RightsNotice, bool]:
    """Return a notice, and whether its author asks (else its claimant), by either's token."""
    found = RightsNotice.objects.filter(token=token).first()
    if found is not None:
        return found, False
    found = RightsNotice.objects.filter(author_token=token).exclude(state="filed").first()
    if found is None:
        raise NotFound()
    return found, True
