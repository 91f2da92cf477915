"""Background work of moderation; each job may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from banyan.kernel.actors import Actor

from . import actions

US = Actor.system("moderation")


@app.periodic(cron="*/5 * * * *")
@app.task(name="moderation.go_on", queueing_lock="moderation.go_on")
def go_on(timestamp: int) -> int:
    """End sanctions whose time is over and take the next step of notices; returns how many."""
    return actions.lift_ended(actor=US) + actions.move_due(actor=US)
