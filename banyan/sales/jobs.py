"""Background work of sales; every job may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from banyan.kernel.actors import Actor

from . import actions


@app.periodic(cron="* * * * * */2")
@app.task(queue="now", name="sales.advance", queueing_lock="sales.advance")
def advance(timestamp: int) -> int:
    """Begin, admit, expire, hand over and end what is due; returns how many sales are open."""
    return actions.advance_sales(actor=Actor.system("sales.advance"))


@app.periodic(cron="* * * * * */10")
@app.task(queue="soon", name="sales.tell_starting", queueing_lock="sales.tell_starting")
def tell_starting(timestamp: int) -> int:
    """Tell those who asked of the sales that begin; returns how many."""
    return actions.tell_starting()
