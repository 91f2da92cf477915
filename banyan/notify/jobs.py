"""Background work of notify; each job may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from . import actions


@app.periodic(cron="* * * * * */10")
@app.task(name="notify.deliver_due", queueing_lock="notify.deliver_due")
def deliver_due(timestamp: int) -> int:
    """Send queued messages, and again those that did not leave; returns how many left."""
    return actions.deliver_due()


@app.periodic(cron="* * * * * */5")
@app.task(queue="soon", name="notify.push_due", queueing_lock="notify.push_due")
def push_due(timestamp: int) -> int:
    """Push what is due to browsers, fifty at a time; returns how many left."""
    return actions.push_due()


@app.periodic(cron="*/5 * * * *")
@app.task(queue="bulk", name="notify.send_digests", queueing_lock="notify.send_digests")
def send_digests(timestamp: int) -> int:
    """Queue the digests that are due; returns how many."""
    return actions.send_digests()


@app.periodic(cron="41 4 * * *")
@app.task(queue="bulk", name="notify.forget", queueing_lock="notify.forget")
def forget(timestamp: int) -> int:
    """Forget contacts that are not needed any more, and old allowances; returns how many."""
    return actions.forget_reminders() + actions.forget_old_days()
