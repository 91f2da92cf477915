"""Background work of coupons; every job may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from banyan.kernel.actors import Actor

from .actions import expire_grants


@app.periodic(cron="*/5 * * * *")
@app.task(queue="soon", queueing_lock="entitlements.expire")
def expire_held_coupons(timestamp: int) -> None:
    """End coupons that nobody used in time."""
    expire_grants(actor=Actor.system("expire_held_coupons"))
