"""Background work of notify; each job may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from . import actions


@app.periodic(cron="* * * * * */10")
@app.task(name="notify.deliver_due", queueing_lock="notify.deliver_due")
def deliver_due(timestamp: int) -> int:
    """Send queued messages, and again those that did not leave; returns how many left."""
    return actions.deliver_due()
