"""What moderation asks of the floors above: what can be reported, and how it is hidden."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.utils.functional import Promise

from banyan.kernel.actors import Actor


@dataclass(frozen=True, slots=True)
class Found:
    """A subject as a moderator and its author read it; ``url`` is its page, or nothing.

    ``author_id`` is the account it is by; ``text`` what it says, ``images`` the pictures it shows.
    Nothing of it is shown to a reader who has not said to be ``min_age`` years old.
    """

    author_id: int | None
    label: str
    url: str = ""
    text: str = ""
    images: Sequence[int] = ()
    min_age: int = 0


class Hide(Protocol):
    """Takes a subject off every page, or brings it back, in the caller's transaction."""

    def __call__(self, *, actor: Actor, subject_id: int, reason: str) -> None:
        """Do it; repeatable."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of thing that can be reported.

    ``name`` is what people call one; ``visible`` tells whether somebody may see it (and so report
    it); ``find`` returns it for moderators, hidden or not, None when it is gone for good.
    ``hide`` and ``restore`` are empty for what cannot be hidden alone, such as an account.
    ``report_url`` is the page where it is reported instead of our own, for kinds with their own.
    """

    kind: str
    name: str | Promise
    visible: Callable[[Actor, int], bool]
    find: Callable[[int], Found | None]
    hide: Hide | None = None
    restore: Hide | None = None
    report_url: Callable[[int], str] | None = None


_subjects: dict[str, Subject] = {}


def register(subject: Subject) -> None:
    """Let a kind be reported. Called in ``AppConfig.ready()``; the last one of a kind counts."""
    _subjects[subject.kind] = subject


def subject(kind: str) -> Subject | None:
    """Return a kind of subject, or None when nobody registered it."""
    return _subjects.get(kind)


def kinds() -> dict[str, str | Promise]:
    """Return the names of every kind, by kind."""
    return {kind: each.name for kind, each in _subjects.items()}
