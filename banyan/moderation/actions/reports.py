"""Saying that something is wrong; what waits for a moderator is a case, one per subject."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Forbidden, Invalid, LoginRequired
from banyan.kernel.ratelimits import hit

from ..access import get_subject_for
from ..events import CaseOpened
from ..models import Case, Report
from ..rules.reasons import REASONS

REPORTS_A_DAY = 40


def report(*, actor: Actor, kind: str, subject_id: int, reason: str, note: str = "") -> Report:
    """Say that something is wrong with what one sees. For members, 40 a day.

    A second time returns one's first report while its case is open. The author never learns who
    it was. Raises NotFound for what the reporter may not see, Invalid, Forbidden ``report_own``.
    Emits case.opened with the first report of a subject.
    """
    if actor.id is None:
        raise LoginRequired()
    _known, found = get_subject_for(actor, kind, subject_id)
    if found.author_id == actor.id:
        raise Forbidden(_("This is your own."), code="report_own")
    if reason not in REASONS:
        raise Invalid(fields={"reason": _("Choose one of these.")})
    if len(note.strip()) > 1000:
        raise Invalid(fields={"note": _("At most 1,000 letters.")})
    hit(f"report:{actor.id}", REPORTS_A_DAY, 86_400)
    with transaction.atomic():
        case = _open_case(kind, subject_id, found.author_id, "report", actor)
        try:
            with transaction.atomic():
                made = Report.objects.create(
                    case=case,
                    reporter_id=actor.id,
                    reason=reason,
                    note=note.strip(),
                    created_at=clock.now(),
                )
        except IntegrityError:
            return Report.objects.get(case=case, reporter_id=actor.id)
        Case.objects.filter(pk=case.pk).update(reports=F("reports") + 1)
    return made


def hold(*, actor: Actor, kind: str, subject_id: int, author_id: int | None) -> Case:
    """Let a moderator look at what the word filter held back. In the caller's transaction.

    Where it was reported before, that case says from now on that it is held, too.
    """
    case = _open_case(kind, subject_id, author_id, "filter", actor)
    if case.source != "filter":
        case.source = "filter"
        case.save(update_fields=["source"])
    return case


def _open_case(
    kind: str, subject_id: int, author_id: int | None, source: str, actor: Actor
) -> Case:
    """Return the open case of a subject, locked against a decision until the commit."""
    while True:
        opened = Case.objects.filter(subject_kind=kind, subject_id=subject_id, state="open")
        case = opened.select_for_update().first()
        if case is not None:
            return case
        try:
            with transaction.atomic():
                case = Case.objects.create(
                    subject_kind=kind,
                    subject_id=subject_id,
                    author_id=author_id,
                    source=source,
                    opened_at=clock.now(),
                )
        except IntegrityError as error:
            if "moderation_case_one_open" not in str(error):
                raise
            continue  # somebody reported it at the same moment: theirs is the case
        told = CaseOpened(case_id=case.pk, subject_kind=kind, subject_id=subject_id, source=source)
        events.emit(told, actor=actor)
        return case
