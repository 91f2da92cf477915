"""Background work of standing; every job may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from banyan.kernel.actors import Actor

from .actions import settle_due


@app.periodic(cron="*/2 * * * *")
@app.task(name="standing.settle_due", queue="soon", queueing_lock="standing.settle_due")
def settle_takedowns(timestamp: int) -> int:
    """Go on with takedowns that could not be settled at once."""
    return settle_due(actor=Actor.system("standing.settle_due"))
