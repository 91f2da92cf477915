"""What orders ask of the floors above: the terms of new lines, and what keeps an order waiting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet

from banyan.kernel.locks import LockKey

if TYPE_CHECKING:
    from .models import OrderLine

Terms = Callable[[Sequence["OrderLine"]], None]

_terms: list[Terms] = []


def register_terms(terms: Terms) -> None:
    """Have ``terms(lines)`` called inside the placing transaction, before its lines are written.

    It puts ids of its own on them (``plan_version_id``), so that nobody has to change them after.
    """
    if terms not in _terms:
        _terms.append(terms)


def freeze_terms(lines: Sequence[OrderLine]) -> None:
    """Put on new lines what is in force now."""
    for terms in _terms:
        terms(lines)


OpenCheck = Callable[[], QuerySet[Any, Any]]

_open: list[OpenCheck] = []


def register_open_check(check: OpenCheck) -> None:
    """Have ``check()`` asked before receipt is taken as confirmed.

    It returns, as a query, the ids of all orders that somebody still argues about.
    """
    if check not in _open:
        _open.append(check)


def argued_about() -> Q:
    """Return the condition that orders which some check keeps open meet."""
    found = Q(pk__in=[])
    for check in _open:
        found |= Q(pk__in=check())
    return found


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a paid line must not leave yet, as text for its buyer and shop, and until when."""

    reason: Any
    until: dt.datetime


HoldCheck = Callable[[Collection["OrderLine"]], Mapping[int, Hold]]
WaitingRights = Callable[[], QuerySet[Any, Any]]

_holds: list[tuple[HoldCheck, WaitingRights]] = []


def register_hold_check(check: HoldCheck, waiting: WaitingRights) -> None:
    """Have ``check(lines)`` asked before anything of paid orders leaves, and for their pages.

    It returns those lines that wait, by id, with one statement at most, and locks nothing. Only
    lines with an ``instance_id`` are asked about; while one is being paid it is asked after the
    listeners of order.paid in that transaction. ``waiting()`` says the same as a query, for lists:
    the ids of the price rights whose lines wait. Whoever ends holds calls ``release_hold`` or
    ``undo_lines``.
    """
    if (check, waiting) not in _holds:
        _holds.append((check, waiting))


def holds_on(lines: Iterable[OrderLine]) -> dict[int, Hold]:
    """Return what keeps these paid lines back, by their ids; no statement for most."""
    asked = [line for line in lines if line.instance_id is not None]
    if not asked:
        return {}
    return {key: hold for check, _ in _holds for key, hold in check(asked).items()}


def lines_that_wait() -> Q:
    """Return the condition that lines which would be held by a check meet."""
    found = Q(pk__in=[])
    for _check, waiting in _holds:
        found |= Q(instance_id__isnull=False, right_id__in=waiting())
    return found


SeatLocks = Callable[[Collection[int], Collection[int]], Sequence[LockKey]]

_seats: list[SeatLocks] = []


def register_seats(find: SeatLocks) -> None:
    """Have ``find(instance_ids, right_ids)`` asked before an order that costs nothing is placed.

    It is paid as it is placed, its coupons locked by then. What a listener of order.paid locks
    before these, of what is played in by these price rights, it returns here, too.
    """
    if find not in _seats:
        _seats.append(find)


def seat_locks(instance_ids: Collection[int], right_ids: Collection[int]) -> list[LockKey]:
    """Return what paying by these price rights locks of what is played in."""
    return [key for find in _seats for key in find(instance_ids, right_ids)]
