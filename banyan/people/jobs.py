"""Background work of people; each job may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from . import actions


@app.periodic(cron="23 4 * * *")
@app.task(name="people.forget", queueing_lock="people.forget")
def forget(timestamp: int) -> int:
    """Delete old sign-in codes, acts that nobody came back for and old address books.

    Returns how many.
    """
    forgotten = actions.forget_old_codes() + actions.forget_old_intents()
    return forgotten + actions.forget_old_books()


@app.periodic(cron="43 * * * *")
@app.task(queue="bulk", name="people.renew_digests", queueing_lock="people.renew_digests")
def renew_digests(timestamp: int) -> int:
    """Let members be found under a changed secret key; returns how many were written anew."""
    return actions.renew_digests()


@app.periodic(cron="33 * * * *")
@app.task(queue="bulk", name="people.count_words", queueing_lock="people.count_words")
def count_words(timestamp: int) -> int:
    """Count the words of members' names anew; returns how many there are."""
    return actions.count_words()
