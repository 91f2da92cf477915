"""The audit log: what staff (or people on their own accounts) did; labels survive deletion."""

from __future__ import annotations

from typing import Any

from . import clock
from .actors import Actor, current_cause
from .models import AuditEntry


def record(
    *,
    actor: Actor,
    action: str,
    subject_kind: str,
    subject_id: int,
    subject_label: str = "",
    reason: str = "",
    detail: dict[str, Any] | None = None,
) -> AuditEntry:
    """Write one entry, in the caller's transaction so that it stands or falls with the act.

    ``action`` is a verb with a dot ("shop.approve"), ``subject_label`` how people call the
    subject, ``detail`` JSON for operators (never secrets, never contact data).
    """
    return AuditEntry.objects.create(
        action=action,
        subject_kind=subject_kind,
        subject_id=subject_id,
        subject_label=subject_label[:200],
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=str(actor)[:120],
        reason=reason[:500],
        detail=detail or {},
        cause_id=current_cause(),
        at=clock.now(),
    )
