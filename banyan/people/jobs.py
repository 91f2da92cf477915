"""Background work of people; each job may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from . import actions


@app.periodic(cron="23 4 * * *")
@app.task(name="people.forget", queueing_lock="people.forget")
def forget(timestamp: int) -> int:
    """Delete old sign-in codes and acts that nobody came back for; returns how many."""
    return actions.forget_old_codes() + actions.forget_old_intents()
