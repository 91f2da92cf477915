"""The shape in which every package tells its part of one story; who asks puts them in order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.functional import Promise

from .labels import word
from .models import AuditEntry, StateChange
from .money import Money

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Part:
    """A line within a chapter: a step of a price, a posting of a journal."""

    label: Text
    amount: Money
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chapter:
    """One thing that happened.

    ``topic`` groups and colours: share, price, stock, order, payment, parcel, message, earning,
    book, refund, staff. ``row`` is (kind, id) of what it is about, for whoever has pages;
    ``tone`` is good, bad or empty. ``balanced`` tells of a journal whether ``parts`` sum to zero.
    """

    at: dt.datetime
    topic: str
    text: Text
    id: int
    who: str = ""
    amount: Money | None = None
    detail: Text = ""
    ref: str = ""
    parts: tuple[Part, ...] = ()
    row: tuple[str, int] | None = None
    tone: str = ""
    balanced: bool | None = None


def in_order(chapters: Iterable[Chapter]) -> list[Chapter]:
    """Return chapters by time; what happened at the same moment, in the order it was written."""
    return sorted(chapters, key=lambda chapter: (chapter.at, chapter.id))


def moves_of(subjects: Mapping[str, Iterable[int]]) -> list[StateChange]:
    """Return the recorded moves of machines (by name) for these rows. One query."""
    wanted = Q(pk=None)
    for machine, ids in subjects.items():
        wanted |= Q(machine=machine, subject_id__in=list(ids))
    return list(StateChange.objects.filter(wanted).order_by("id"))


def audit_of(subjects: Mapping[str, Iterable[int]]) -> list[AuditEntry]:
    """Return what staff and people did to these rows, oldest first. One query."""
    wanted = Q(pk=None)
    for kind, ids in subjects.items():
        wanted |= Q(subject_kind=kind, subject_id__in=list(ids))
    return list(AuditEntry.objects.filter(wanted).order_by("id"))


def who_moved(move: StateChange) -> str:
    """Return how a move's actor is called."""
    return move.actor_label or str(word(move.actor_kind))


def sums_to_zero(parts: Sequence[Part]) -> bool:
    """Tell whether the parts of each currency sum to zero."""
    sums: dict[str, int] = {}
    for part in parts:
        sums[part.amount.currency] = sums.get(part.amount.currency, 0) + part.amount.amount
    return not any(sums.values())
