"""Background work of campaigns; every job may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from banyan.kernel.actors import Actor

from . import actions, proof


@app.periodic(cron="* * * * * */2")
@app.task(queue="now", name="campaigns.advance", queueing_lock="campaigns.advance")
def advance(timestamp: int) -> int:
    """End what is due; returns how many instances were looked at."""
    return actions.advance(actor=Actor.system("campaigns.advance"))


@app.periodic(cron="* * * * * */5")
@app.task(queue="now", name="campaigns.lapse", queueing_lock="campaigns.lapse")
def lapse(timestamp: int) -> int:
    """Give unpaid places back, and those that were kept for nobody; returns how many."""
    us = Actor.system("campaigns.lapse")
    return actions.lapse_due(actor=us) + actions.free_places(actor=us)


@app.periodic(cron="* * * * * */5")
@app.task(queue="soon", name="campaigns.settle_orders", queueing_lock="campaigns.settle_orders")
def settle_orders(timestamp: int) -> int:
    """Undo, let go or refund a part of orders that are due; returns how many were looked at."""
    return actions.settle_orders(actor=Actor.system("campaigns.settle_orders"))


@app.periodic(cron="23 * * * *")
@app.task(queue="bulk", name="campaigns.warn_of_blocks", queueing_lock="campaigns.warn_of_blocks")
def warn_of_blocks(timestamp: int) -> int:
    """Tell those concerned of apps that seem to block this host; returns how many were told."""
    return actions.warn_of_blocks(actor=Actor.system("campaigns.warn_of_blocks"))


@app.periodic(cron="* * * * *")
@app.task(queue="soon", name="campaigns.ask_beacons", queueing_lock="campaigns.ask_beacons")
def ask_beacons(timestamp: int) -> int:
    """Ask public beacons for the rounds that draws wait for; returns how many spoke."""
    return actions.ask_beacons(actor=Actor.system("campaigns.ask_beacons"))


@app.periodic(cron="37 4 * * *")
@app.task(queue="bulk", name="campaigns.recount", queueing_lock="campaigns.recount")
def recount(timestamp: int) -> int:
    """Count everything again; returns how many questions are contradicted."""
    return len(proof.prove(actor=Actor.system("campaigns.recount")))
