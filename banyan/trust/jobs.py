"""Background work of trust; each job may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from . import actions


@app.periodic(cron="17 * * * *")
@app.task(name="trust.forget", queueing_lock="trust.forget")
def forget(timestamp: int) -> int:
    """Forget edges whose time is over; returns how many."""
    total = 0
    while count := actions.forget_expired():
        total += count
    return total
