"""What moderation tells: cases, decisions, appeals, notices of rights holders."""

from __future__ import annotations

from typing import ClassVar

from banyan.kernel.events import Event


class CaseOpened(Event):
    """Something waits for a moderator. ``source``: report, filter, rights."""

    name: ClassVar[str] = "case.opened"
    subject: ClassVar[str] = "case_id"
    case_id: int
    subject_kind: str
    subject_id: int
    source: str


class CaseDecided(Event):
    """A moderator decided. ``verdict``: dismiss, hide, warn, limit, suspend."""

    name: ClassVar[str] = "case.decided"
    subject: ClassVar[str] = "case_id"
    case_id: int
    decision_id: int
    verdict: str
    author_id: int | None = None


class DecisionAppealed(Event):
    """Somebody asks that another moderator looks at a decision."""

    name: ClassVar[str] = "decision.appealed"
    subject: ClassVar[str] = "decision_id"
    decision_id: int
    appeal_id: int


class DecisionReviewed(Event):
    """An appeal was decided by somebody else; when upheld, what was decided is undone."""

    name: ClassVar[str] = "decision.reviewed"
    subject: ClassVar[str] = "decision_id"
    decision_id: int
    appeal_id: int
    upheld: bool


class NoticeFiled(Event):
    """A rights holder says that something infringes their rights."""

    name: ClassVar[str] = "rights_notice.filed"
    subject: ClassVar[str] = "notice_id"
    notice_id: int
    subject_kind: str
    subject_id: int


class NoticeMoved(Event):
    """A notice went on. ``state``: taken_down, refused, countered, restored, stays_down."""

    name: ClassVar[str] = "rights_notice.moved"
    subject: ClassVar[str] = "notice_id"
    notice_id: int
    state: str
