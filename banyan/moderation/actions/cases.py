"""Deciding cases: one decision each, by somebody who is no part of it."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import audit, clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import Conflict, Invalid, NotFound
from banyan.kernel.states import transition
from banyan.kernel.sweeps import sweep
from banyan.people import actions as people

from .. import ports
from ..access import require_moderation, require_uninvolved
from ..events import CaseDecided
from ..models import Case, CaseNote, Decision, Sanction
from ..rules.reasons import (
    AGAINST_PERSON,
    HIDE,
    LONGEST_DAYS,
    REASONS,
    SUSPEND,
    VERDICTS,
)
from ..states import CASE
from .bringing_back import bring_back

TOKEN_BITS = 120


def take_case(*, actor: Actor, case_id: int, reason: str = "") -> Case:
    """Say that one looks at a case; it may be taken over from somebody else. Audited."""
    require_moderation(actor)
    with transaction.atomic():
        case = _open(case_id)
        require_uninvolved(actor, case)
        if case.assignee_id != actor.id:
            Case.objects.filter(pk=case.pk).update(assignee_id=actor.id)
            case.refresh_from_db()
            _audit(actor, case, "case.take", reason)
    return case


def add_note(*, actor: Actor, case_id: int, body: str) -> CaseNote:
    """Write something for other moderators; nobody else reads it."""
    require_moderation(actor)
    case = Case.objects.filter(pk=case_id).first()
    if case is None:
        raise NotFound()
    if not 1 <= len(body.strip()) <= 500:
        raise Invalid(fields={"reason": _("Write 1 to 500 letters.")})
    with transaction.atomic():
        note = CaseNote.objects.create(
            case=case, author_id=actor.id, body=body.strip(), created_at=clock.now()
        )
        _audit(actor, case, "case.note", body)
    return note


def decide_case(
    *,
    actor: Actor,
    case_id: int,
    verdict: str,
    reason: str,
    words: str,
    hidden: bool = False,
    days: int | None = None,
) -> Decision:
    """End an open case. For moderators who are no part of it; the author reads ``words``.

    ``verdict``: dismiss (what the filter held comes back), hide, warn, limit (no posts, comments
    or messages to strangers) or suspend (no sign-in; sessions end) for ``days``, without them
    until it is lifted. ``hidden`` hides the subject beside a warning, limit or suspension. Two
    moderators at once: the first decides, the other gets Conflict. Audited; emits case.decided.
    """
    require_moderation(actor)
    _check(verdict, reason, words, days)
    now = clock.now()
    with transaction.atomic():
        case = _open(case_id)
        require_uninvolved(actor, case)
        if verdict in {*AGAINST_PERSON, "warn"} and case.author_id is None:
            raise Conflict(_("There is nobody whom this could concern."), code="no_author")
        transition(CASE, case, "decided", actor=actor, reason=words, decided_at=now)
        until = now + dt.timedelta(days=days) if days else None
        decision = Decision.objects.create(
            case=case,
            token=new_code(TOKEN_BITS),
            verdict=verdict,
            reason=reason,
            words=words.strip(),
            label=_label(case),
            hidden=_show_or_hide(actor, case, verdict, hidden, words),
            until=until if verdict in AGAINST_PERSON else None,
            by_id=actor.id,
            created_at=now,
        )
        if verdict in AGAINST_PERSON:
            _sanction(actor, case, decision, words)
        _audit(actor, case, "case.decide", words, verdict=verdict, reason_code=reason)
        told = CaseDecided(
            case_id=case.pk, decision_id=decision.pk, verdict=verdict, author_id=case.author_id
        )
        events.emit(told, actor=actor)
    return decision


def _check(verdict: str, reason: str, words: str, days: int | None) -> None:
    fields: dict[str, object] = {}
    if verdict not in VERDICTS:
        fields["verdict"] = _("Choose one of these.")
    if reason not in REASONS:
        fields["code"] = _("Choose one of these.")
    if not 1 <= len(words.strip()) <= 500:
        fields["reason"] = _("Say why.")
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        fields["days"] = _("Give a whole number of days, or nothing for good.")
    if fields:
        raise Invalid(fields=fields)


def _open(case_id: int) -> Case:
    case = Case.objects.filter(pk=case_id).first()
    if case is None:
        raise NotFound()
    if case.state != "open":
        raise Conflict(_("Somebody has decided this already."), code="case_decided")
    return case


def _label(case: Case) -> str:
    known = ports.subject(case.subject_kind)
    found = known.find(case.subject_id) if known else None
    return found.label[:120] if found else ""


def _show_or_hide(actor: Actor, case: Case, verdict: str, hidden: bool, words: str) -> bool:
    """Hide the subject where that was decided, else bring back what the filter had held."""
    known = ports.subject(case.subject_kind)
    if known is None:
        return False
    if verdict == HIDE or hidden:
        if known.hide is None:
            raise Conflict(_("This cannot be hidden by itself."), code="cannot_hide")
        known.hide(actor=actor, subject_id=case.subject_id, reason=words)
        return True
    if case.source == "filter":
        bring_back(actor=actor, kind=case.subject_kind, subject_id=case.subject_id, reason=words)
    return False


def _sanction(actor: Actor, case: Case, decision: Decision, words: str) -> None:
    if case.author_id is None:
        return
    Sanction.objects.create(
        account_id=case.author_id,
        decision=decision,
        kind=decision.verdict,
        until=decision.until,
        created_at=decision.created_at,
    )
    if decision.verdict == SUSPEND:
        people.close_account(actor=actor, account_id=case.author_id, reason=words)


def lift_sanction(*, actor: Actor, sanction_id: int, reason: str) -> Sanction:
    """End a limit or a suspension early. For moderation; audited. Repeatable."""
    require_moderation(actor)
    with transaction.atomic():
        found = Sanction.objects.select_related("decision__case").filter(pk=sanction_id).first()
        if found is None:
            raise NotFound()
        if actor.id is not None and found.account_id == actor.id:
            require_uninvolved(actor, found.decision.case)
        if end_sanction(actor, found, reason):
            audit.record(
                actor=actor,
                action="sanction.lift",
                subject_kind="account",
                subject_id=found.account_id,
                reason=reason,
                detail={"kind": found.kind},
            )
    return found


def end_sanction(actor: Actor, sanction: Sanction, reason: str) -> bool:
    """End a sanction that runs, once; a suspended account opens unless something else closes it."""
    rows = Sanction.objects.filter(pk=sanction.pk, ended_at=None)
    if not rows.update(ended_at=clock.now()):
        return False
    if sanction.kind == SUSPEND:
        people.reopen_account(actor=actor, account_id=sanction.account_id, reason=reason)
    return True


def lift_ended(*, actor: Actor) -> int:
    """End every sanction whose time is over; returns how many."""
    over = Sanction.objects.filter(until__lte=clock.now(), ended_at=None)

    def lift(sanction_id: int) -> int:
        with transaction.atomic():
            sanction = Sanction.objects.get(pk=sanction_id)
            return end_sanction(actor, sanction, "its time is over")

    return sweep("moderation.lift", over, lift, by="until")


def _audit(actor: Actor, case: Case, action: str, reason: str, **detail: str) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject_kind=case.subject_kind,
        subject_id=case.subject_id,
        subject_label=_label(case),
        reason=reason,
        detail={"case": str(case.pk), **detail},
    )
