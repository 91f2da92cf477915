"""Background work of the chat; each job may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from . import actions


@app.periodic(cron="* * * * * */10")
@app.task(queue="bulk", name="chat.tell_large_rooms", queueing_lock="chat.tell_large_rooms")
def tell_large_rooms(timestamp: int) -> int:
    """Tell members of large groups what was said; returns how many batches."""
    return actions.tell_large_rooms()
