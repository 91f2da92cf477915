"""Background work of the market; every job may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from banyan.kernel.actors import Actor

from .actions import release_due


@app.periodic(cron="*/5 * * * *")
@app.task(name="market.release_due", queue="soon", queueing_lock="market.release_due")
def release_escrows(timestamp: int) -> int:
    """Give sellers what is past the buyer's window; returns how many were looked at."""
    return release_due(actor=Actor.system("market.release_due"))
