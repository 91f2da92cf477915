"""Saying that something is wrong, and the legal texts in force."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils.translation import get_language
from ninja import Router, Status
from pydantic import StringConstraints

from banyan.legal.queries import current
from banyan.moderation import actions as moderation
from banyan.moderation.queries import decisions_about

from .gate import ANYONE, READ, WRITE, actor
from .schemas import Answer, Body, Id, IdOut

router = Router(tags=["moderation"])
Reason = Literal[
    "spam", "harassment", "hate", "violence", "sexual", "self_harm", "fraud", "false", "private",
    "rights", "illegal", "other",
]  # fmt: skip


class ReportBody(Body):
    """What is wrong with what; ``kind`` is post, comment or account."""

    kind: Literal["post", "comment", "account"]
    id: Id
    reason: Reason
    note: Annotated[str, StringConstraints(max_length=1000)] = ""


class ReportAnswer(Answer):
    """The report, as its reporter may know it."""

    id: IdOut
    reason: str


class DecisionAnswer(Answer):
    """What was decided about something of the reader's."""

    id: IdOut
    verdict: str
    reason: str
    words: str
    about: str
    until: dt.datetime | None
    decided_at: dt.datetime


class LegalAnswer(Answer):
    """A legal text; version 0 is a sample that came with the software."""

    kind: str
    version: int
    language: str
    body: str


@router.post("/reports", auth=WRITE, response={201: ReportAnswer})
def report(request: HttpRequest, body: ReportBody) -> Any:
    """Report something one sees; while it is looked at, the same report is returned."""
    made = moderation.report(
        actor=actor(request),
        kind=body.kind,
        subject_id=body.id,
        reason=body.reason,
        note=body.note,
    )
    return Status(201, ReportAnswer(id=made.pk, reason=made.reason))


@router.get("/me/decisions", auth=READ, response=list[DecisionAnswer])
def decisions(request: HttpRequest) -> Any:
    """List the last hundred decisions of moderators about the reader's own things."""
    return [
        DecisionAnswer(
            id=row.pk,
            verdict=row.verdict,
            reason=row.reason,
            words=row.words,
            about=row.label,
            until=row.until,
            decided_at=row.created_at,
        )
        for row in decisions_about(actor(request))[:100]
    ]


@router.get("/legal/{kind}", auth=ANYONE, response=LegalAnswer)
def legal_text(
    request: HttpRequest, kind: Literal["terms", "privacy", "refund", "merchant", "fees"]
) -> Any:
    """Return the version of a legal text that is in force, in the language asked for."""
    shown = current(kind, get_language() or "en")
    return LegalAnswer(
        kind=shown.kind, version=shown.version, language=shown.language, body=shown.body
    )
