"""What payments ask of the floors above: where a payer is led, who sends a part again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from banyan.kernel.actors import Actor

from .models import Intent, Payout

SubjectPage = Callable[[Intent], str | None]


class PassOnAgain(Protocol):
    """Sends what a part that failed was to pass on once more; returns the part that does it."""

    def __call__(self, *, actor: Actor, payout_id: int, reason: str) -> Payout:
        """Write the new part, or refuse with a Problem."""
        ...


_pages: dict[str, SubjectPage] = {}
_parts: dict[str, PassOnAgain] = {}


def register_part(subject_kind: str, again: PassOnAgain) -> None:
    """Say who decides about parts of payments for a kind of subject."""
    _parts[subject_kind] = again


def can_pass_on_again(part: Payout) -> bool:
    """Tell whether a payout is a part that was given up, and that somebody can send again."""
    return part.state == "failed" and bool(part.payment_ref) and part.subject_kind in _parts


def pass_on_again(*, actor: Actor, part: Payout, reason: str) -> Payout:
    """Let whoever decides about a part send it again; refuses and audits as they do."""
    return _parts[part.subject_kind](actor=actor, payout_id=part.pk, reason=reason)


def register_subject_page(subject_kind: str, page: SubjectPage) -> None:
    """Name the page of a kind of subject: ``page(intent)`` is its path, or None to stay.

    Whoever asks has the intent's unguessable token, so the path may carry one of its own.
    """
    _pages[subject_kind] = page


def subject_page(intent: Intent) -> str | None:
    """Return the path of what ``intent`` pays for, where its kind has a page."""
    page = _pages.get(intent.subject_kind)
    return page(intent) if page else None
