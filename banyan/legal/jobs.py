"""Background work of legal; each job may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from banyan.kernel.actors import Actor

from . import actions

US = Actor.system("legal")


@app.periodic(cron="* * * * *")
@app.task(queue="bulk", name="legal.exports", queueing_lock="legal.exports")
def exports(timestamp: int) -> int:
    """Make the exports that were asked for; returns how many."""
    return actions.make_exports(actor=US)


@app.periodic(cron="17 * * * *")
@app.task(queue="bulk", name="legal.erase", queueing_lock="legal.erase")
def erase(timestamp: int) -> int:
    """Erase whose grace is over, and exports that nobody fetched; returns how many."""
    return actions.erase_due(actor=US) + actions.expire_exports(actor=US)
