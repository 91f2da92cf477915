"""Background work of orders; every job may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from banyan.kernel.actors import Actor

from .actions import (
    answer_overdue,
    auto_confirm,
    expire_due,
    lapse_returns,
    remind_shops,
    warn_unpaid,
)
from .actions.pointing import ripen_due


@app.periodic(cron="* * * * * */10")
@app.task(queue="now", queueing_lock="orders.expire")
def expire_reservations(timestamp: int) -> None:
    """Give stock and coupons of unpaid checkouts back; warn those of sales before."""
    warn_unpaid()
    expire_due(actor=Actor.system("expire_reservations"))


@app.periodic(cron="17 * * * *")
@app.task(queue="soon", queueing_lock="orders.confirm")
def confirm_receipts(timestamp: int) -> None:
    """Confirm parcels that were never answered."""
    auto_confirm(actor=Actor.system("confirm_receipts"))


@app.periodic(cron="37 * * * *")
@app.task(queue="soon", queueing_lock="orders.lapse_returns")
def lapse_unsent_returns(timestamp: int) -> None:
    """End returns that were agreed to and never sent."""
    lapse_returns(actor=Actor.system("lapse_unsent_returns"))


@app.periodic(cron="*/5 * * * *")
@app.task(queue="soon", queueing_lock="orders.answers")
def answer_wishes(timestamp: int) -> None:
    """Remind shops of what waits for their answer, and decide what they did not answer."""
    remind_shops(actor=Actor.system("answer_wishes"))
    answer_overdue(actor=Actor.system("answer_wishes"))


@app.periodic(cron="*/5 * * * *")
@app.task(queue="soon", queueing_lock="orders.ripen_points")
def ripen_points(timestamp: int) -> None:
    """Let points be spent whose orders were kept."""
    ripen_due(actor=Actor.system("ripen_points"))
