"""Background work of campaigns; every job may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from banyan.kernel.actors import Actor

from . import actions


@app.periodic(cron="* * * * * */2")
@app.task(queue="now", name="campaigns.advance", queueing_lock="campaigns.advance")
def advance(timestamp: int) -> int:
    """End what is due; returns how many instances were looked at."""
    return actions.advance(actor=Actor.system("campaigns.advance"))
