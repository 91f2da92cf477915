"""An author says why a decision is wrong, once, and another moderator decides."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import audit, clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Forbidden, Invalid, NotFound
from banyan.kernel.states import transition

from ..access import get_decision, require_moderation, require_uninvolved
from ..events import DecisionAppealed, DecisionReviewed
from ..models import Appeal, Decision
from ..states import APPEAL
from .bringing_back import bring_back
from .cases import end_sanction


def appeal(*, actor: Actor, token: str, body: str) -> Appeal:
    """Ask that another moderator looks at a decision; once per decision.

    Whoever has the token may: a suspended author cannot sign in. Raises Conflict ``appealed``.
    Emits decision.appealed.
    """
    decision = get_decision(token)
    if not 1 <= len(body.strip()) <= 2000:
        raise Invalid(fields={"body": _("Say what happened, in 1 to 2,000 letters.")})
    try:
        with transaction.atomic():
            made = Appeal.objects.create(
                decision=decision, body=body.strip(), created_at=clock.now()
            )
            told = DecisionAppealed(decision_id=decision.pk, appeal_id=made.pk)
            events.emit(told, actor=actor)
    except IntegrityError as error:
        raise Conflict(_("You have appealed this already."), code="appealed") from error
    return made


def review_appeal(*, actor: Actor, appeal_id: int, upheld: bool, reason: str) -> Appeal:
    """Decide an appeal; whoever made the decision may not (Forbidden ``own_decision``).

    Upheld, what was hidden comes back unless something else hides it, and a limit or suspension
    ends. The author reads ``reason``.
    Audited; emits decision.reviewed.
    """
    require_moderation(actor)
    if not 1 <= len(reason.strip()) <= 500:
        raise Invalid(fields={"reason": _("Say why.")}, code="reason_missing")
    with transaction.atomic():
        found = Appeal.objects.select_related("decision__case").filter(pk=appeal_id).first()
        if found is None:
            raise NotFound()
        require_uninvolved(actor, found.decision.case)
        if actor.id is not None and found.decision.by_id == actor.id:
            raise Forbidden(_("Another moderator has to look at this."), code="own_decision")
        transition(
            APPEAL,
            found,
            "upheld" if upheld else "dismissed",
            actor=actor,
            reason=reason,
            answer=reason.strip(),
            by_id=actor.id,
            decided_at=clock.now(),
        )
        if upheld:
            _undo(actor, found.decision, reason)
        audit.record(
            actor=actor,
            action="decision.review",
            subject_kind=found.decision.case.subject_kind,
            subject_id=found.decision.case.subject_id,
            subject_label=found.decision.label,
            reason=reason,
            detail={"upheld": upheld},
        )
        told = DecisionReviewed(decision_id=found.decision_id, appeal_id=found.pk, upheld=upheld)
        events.emit(told, actor=actor)
    return found


def _undo(actor: Actor, decision: Decision, reason: str) -> None:
    case = decision.case
    if decision.hidden:
        bring_back(actor=actor, kind=case.subject_kind, subject_id=case.subject_id, reason=reason)
    sanction = getattr(decision, "sanction", None)
    if sanction is not None:
        end_sanction(actor, sanction, reason)
