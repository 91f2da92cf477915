"""Background work of deliveries; every job may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from banyan.kernel.actors import Actor

from .actions import expire_due, mend_pools, remind_due


@app.periodic(cron="*/5 * * * *")
@app.task(queue="soon", queueing_lock="delivery.vouchers")
def vouchers_end(timestamp: int) -> None:
    """End vouchers whose time ran out, and have holders reminded before that."""
    expire_due(actor=Actor.system("vouchers_end"))
    remind_due(actor=Actor.system("vouchers_end"))


@app.periodic(cron="* * * * *")
@app.task(queue="soon", queueing_lock="delivery.pools")
def pools_follow(timestamp: int) -> None:
    """Let the stock of key products be what their pools hold."""
    mend_pools(actor=Actor.system("pools_follow"))
