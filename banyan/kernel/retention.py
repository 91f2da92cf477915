"""Ending what is kept no longer: every table's declared time, counted by one nightly job.

Packages that sweep a table themselves name their job in the declaration; the others are swept here.
Either way what is late is counted, so that a sweep that stopped is seen on the desk.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import models, transaction
from django.db.models import Q

from . import audit, clock
from .actors import Actor
from .models import AuditEntry
from .personal import KEEPER, Erase, Holding, Kept, declared

logger = logging.getLogger(__name__)

ENDED = "retention.end"
BATCH = 1_000
MOST = 200
"""Batches of one table in one night; the next night goes on."""
SLACK = dt.timedelta(days=2)
"""What is over for longer than this should be gone, whichever job ends it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What a run ended and what is late, by table; ``failed`` are tables that raised."""

    rows: dict[str, int]
    late: dict[str, int]
    failed: list[str]


def timed() -> Iterator[tuple[Holding, Kept]]:
    """Yield the tables whose rows end by the clock, by name."""
    for holding in sorted(declared().values(), key=lambda each: each.model._meta.label):
        if holding.kept is not None:
            yield holding, holding.kept


def end_all(*, actor: Actor, batch: int = BATCH, most: int = MOST) -> Ended:
    """End the rows whose time is over, table by table; returns and audits how many.

    Each batch commits alone and passes over rows that somebody holds, so it may be stopped, run
    twice and run at once. A table that fails is logged and does not keep the others. Outside any
    transaction.
    """
    now = clock.now()
    done = Ended({}, {}, [])
    for holding, kept in timed():
        label = holding.model._meta.label
        try:
            if kept.by == KEEPER:
                _note(done.rows, label, _end(holding, kept, now, batch, most))
            _note(done.late, label, over(holding, kept, now - SLACK).count())
        except Exception:
            logger.exception("retention of %s failed", label)
            done.failed.append(label)
    logger.info("retention ended %s, late %s", done.rows, done.late)
    for label, count in done.late.items():
        logger.error("retention: %s rows of %s are late", count, label)
    audit.record(
        actor=actor,
        action=ENDED,
        subject_kind="retention",
        subject_id=0,
        detail={"ended": done.rows, "late": done.late, "failed": done.failed},
    )
    return done


def last_end() -> AuditEntry | None:
    """Return what the last run ended (``detail``) and when, or None. One query."""
    runs = AuditEntry.objects.filter(subject_kind="retention", subject_id=0, action=ENDED)
    return runs.order_by("-id").first()


def _note(told: dict[str, int], label: str, count: int) -> None:
    if count:
        told[label] = count


def over(holding: Holding, kept: Kept, now: dt.datetime) -> models.QuerySet[models.Model]:
    """Return the rows that are kept no longer at ``now``; those blanked before are none of them."""
    late = holding.model._base_manager.filter(kept.over(now)).order_by("pk")
    return late.filter(_full(holding)) if holding.erase is Erase.BLANK else late


def _end(holding: Holding, kept: Kept, now: dt.datetime, batch: int, most: int) -> int:
    """End one table's rows in key order: what cannot go is passed by, not met for ever."""
    count, after = 0, Q()
    for _turn in range(most):
        with transaction.atomic():
            rows = over(holding, kept, now).filter(after)
            held = rows.select_for_update(skip_locked=True, of=("self",))
            keys = list(held.values_list("pk", flat=True)[:batch])
            found = holding.model._base_manager.filter(pk__in=keys)
            if holding.erase is Erase.BLANK:
                found.update(**holding.emptied())
            else:
                found.delete()
        count += len(keys)
        if len(keys) < batch:
            break
        after = Q(pk__gt=keys[-1])
    return count


def _full(holding: Holding) -> Q:
    full = Q(pk__in=[])
    for name, value in holding.emptied().items():
        full |= Q(**{f"{name}__isnull": False}) if value is None else ~Q(**{name: value})
    return full
