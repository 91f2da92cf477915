"""Background work of earnings; each job may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from banyan.kernel.actors import Actor

from . import actions


@app.periodic(cron="* * * * *")
@app.task(name="earnings.release_due", queueing_lock="earnings.release_due")
def release_due(timestamp: int) -> int:
    """Make payable what is past its return window; returns how many."""
    return actions.release_due(actor=Actor.system("earnings.release_due"))
