"""What notify asks of the floors above: what a reminder is about.

Each kind of reminder has one who knows: ``register_subject("sale.starts", find)`` in
``AppConfig.ready()``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from django.core.exceptions import ImproperlyConfigured

from banyan.kernel.actors import Actor


@dataclass(frozen=True, slots=True)
class Subject:
    """What somebody is reminded of: its title in the language of this request, and its path.

    It is not named to a reader who has not said to be ``min_age`` years old.
    """

    title: str
    url: str
    min_age: int = 0


class FindSubject(Protocol):
    """Says what a reminder is about."""

    def __call__(self, *, actor: Actor, subject_id: int, asking: bool) -> Subject:
        """Return it, or raise NotFound when ``actor`` may not see it.

        ``asking``: somebody wants to be reminded; Conflict when there is nothing to wait for.
        """


_finders: dict[str, FindSubject] = {}


def register_subject(kind: str, find: FindSubject) -> None:
    """Name who knows the subjects of a kind of reminder."""
    _finders[kind] = find


def subject_of(kind: str, *, actor: Actor, subject_id: int, asking: bool = False) -> Subject:
    """Return what a reminder of ``kind`` is about; see :class:`FindSubject`."""
    find = _finders.get(kind)
    if find is None:
        raise ImproperlyConfigured(f"nobody knows what {kind} reminds of")
    return find(actor=actor, subject_id=subject_id, asking=asking)
