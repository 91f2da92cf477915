"""Housekeeping of the kernel's tables. Every job is repeatable and may run twice at once."""

from __future__ import annotations

from django.db import connection
from procrastinate.contrib.django import app

from . import clock, idempotency, ratelimits, retention, tickets
from .actors import Actor
from .models import RateBucket
from .personal import KEEPER


@app.periodic(cron="* * * * * */10")
@app.task(queueing_lock="kernel.sweep_tickets", name="kernel.sweep_tickets")
def sweep_tickets(timestamp: int) -> None:
    """Give lapsed and lost tickets back to their sales."""
    tickets.sweep()


@app.periodic(cron="7 * * * *")
@app.task(queueing_lock="kernel.forget", name="kernel.forget")
def forget(timestamp: int) -> None:
    """Delete what nobody may ask for any more: old answers, rate windows, cached pages."""
    idempotency.forget_old()
    forget_rate_buckets()
    forget_cached()


@app.periodic(cron="37 3 * * *")
@app.task(queue="bulk", queueing_lock=KEEPER, name=KEEPER)
def end_retention(timestamp: int) -> dict[str, int]:
    """End the rows that are kept no longer; returns how many of each table."""
    return retention.end_all(actor=Actor.system(KEEPER)).rows


def forget_rate_buckets() -> int:
    """Delete windows that no limit looks at any more. Returns how many."""
    before = clock.now() - ratelimits.KEPT
    deleted, _ = RateBucket.objects.filter(window_start__lt=before).delete()
    return deleted


def forget_cached() -> int:
    """Delete expired rows of the database cache, whichever cache is configured."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM kernel_cache WHERE expires < %s", [clock.now()])
        return int(cursor.rowcount)
