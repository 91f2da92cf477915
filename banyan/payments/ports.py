"""What payments ask of the floors above: where a payer is led once a payment has an end."""

from __future__ import annotations

from collections.abc import Callable

from .models import Intent

SubjectPage = Callable[[Intent], str | None]

_pages: dict[str, SubjectPage] = {}


def register_subject_page(subject_kind: str, page: SubjectPage) -> None:
    """Name the page of a kind of subject: ``page(intent)`` is its path, or None to stay.

    Whoever asks has the intent's unguessable token, so the path may carry one of its own.
    """
    _pages[subject_kind] = page


def subject_page(intent: Intent) -> str | None:
    """Return the path of what ``intent`` pays for, where its kind has a page."""
    page = _pages.get(intent.subject_kind)
    return page(intent) if page else None
