"""Bringing back what was hidden, unless something else keeps it off the pages."""

from __future__ import annotations

from django.db import connection

from banyan.kernel.actors import Actor

from .. import ports
from ..queries import is_kept_hidden


def bring_back(*, actor: Actor, kind: str, subject_id: int, reason: str) -> None:
    """Show a subject again once nothing keeps it hidden any more; inside the caller's transaction.

    What hid it has ended already: the last one of several to end brings it back. Repeatable.
    """
    known = ports.subject(kind)
    if known is None or known.restore is None:
        return
    _in_turn(kind, subject_id)
    if not is_kept_hidden(kind, subject_id):
        known.restore(actor=actor, subject_id=subject_id, reason=reason)


def _in_turn(kind: str, subject_id: int) -> None:
    """Wait for whoever ends something else about it: of two at once one has to see the other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"moderation:{kind}:{subject_id}"],
        )
