"""Background work of groups; each job may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from . import actions


@app.periodic(cron="* * * * * */10")
@app.task(name="groups.tell_offers", queueing_lock="groups.tell_offers")
def tell_offers(timestamp: int) -> int:
    """Tell members of new offers, batch after batch; returns how many batches."""
    return actions.tell_offers()
