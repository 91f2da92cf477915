"""Background work of trust; each job may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from . import actions

LOOKS = 40
"""Batches of one minute: between any two others have the lock of the edges."""


@app.periodic(cron="17 * * * *")
@app.task(name="trust.forget", queueing_lock="trust.forget")
def forget(timestamp: int) -> int:
    """Forget edges whose time is over; returns how many."""
    total = 0
    while count := actions.forget_expired():
        total += count
    return total


@app.periodic(cron="* * * * *")
@app.task(queue="bulk", name="trust.look_back", queueing_lock="trust.look_back")
def look_back(timestamp: int) -> int:
    """Go on through what was there before edges were; returns how many rows, 0 once all is done."""
    total = 0
    for _batch in range(LOOKS):
        if not (count := actions.look_back()):
            break
        total += count
    return total
