"""Background work of people; each job may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from . import actions


@app.periodic(cron="23 4 * * *")
@app.task(name="people.forget", queueing_lock="people.forget")
def forget(timestamp: int) -> int:
    """Delete old sign-in codes and acts that nobody came back for; returns how many."""
    return actions.forget_old_codes() + actions.forget_old_intents()


@app.periodic(cron="33 * * * *")
@app.task(queue="bulk", name="people.count_words", queueing_lock="people.count_words")
def count_words(timestamp: int) -> int:
    """Count the words of members' names anew; returns how many there are."""
    return actions.count_words()
