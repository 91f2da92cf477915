"""Background work of coupons, points and price rights; every job may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from banyan.kernel.actors import Actor

from .actions import expire_grants, expire_points, expire_rights, remind_of_ending


@app.periodic(cron="*/5 * * * *")
@app.task(queue="soon", queueing_lock="entitlements.expire")
def expire_held_coupons(timestamp: int) -> None:
    """End coupons that nobody used in time."""
    expire_grants(actor=Actor.system("expire_held_coupons"))


@app.periodic(cron="*/5 * * * *")
@app.task(queue="soon", queueing_lock="entitlements.expire_points")
def expire_held_points(timestamp: int) -> None:
    """End points that nobody spent in time."""
    expire_points(actor=Actor.system("expire_held_points"))


@app.periodic(cron="*/5 * * * *")
@app.task(queue="soon", queueing_lock="entitlements.expire_rights")
def expire_held_rights(timestamp: int) -> None:
    """End prices that nobody bought at in time."""
    expire_rights(actor=Actor.system("expire_held_rights"))


@app.periodic(cron="7 * * * *")
@app.task(queue="bulk", queueing_lock="entitlements.remind_of_ending")
def remind_of_ending_coupons(timestamp: int) -> int:
    """Remind members of coupons that end soon; returns how many."""
    return remind_of_ending()
