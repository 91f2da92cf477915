"""Background work of standing; every job may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from banyan.kernel.actors import Actor

from .actions import (
    count_all,
    end_permits,
    seal_pictures,
    settle_due,
    settle_takedown,
    warn_of_permits,
)


@app.periodic(cron="*/2 * * * *")
@app.task(name="standing.settle_due", queue="soon", queueing_lock="standing.settle_due")
def settle_takedowns(timestamp: int) -> int:
    """Go on with takedowns that could not be settled at once."""
    return settle_due(actor=Actor.system("standing.settle_due"))


@app.task(name="standing.settle", queue="soon")
def settle(takedown_id: str) -> None:
    """Settle a takedown as soon as it is there."""
    settle_takedown(actor=Actor.system("standing.settle"), takedown_id=int(takedown_id))


@app.periodic(cron="41 * * * *")
@app.task(name="standing.end_permits", queue="soon", queueing_lock="standing.end_permits")
def end_old_permits(timestamp: int) -> int:
    """End licences and permits whose last day has passed; returns how many."""
    return end_permits(actor=Actor.system("standing.end_permits"))


@app.periodic(cron="47 * * * *")
@app.task(name="standing.warn_of_permits", queue="soon", queueing_lock="standing.warn_of_permits")
def warn_of_ending_permits(timestamp: int) -> int:
    """Warn shops of licences and permits that end in some weeks; returns of how many."""
    return warn_of_permits(actor=Actor.system("standing.warn_of_permits"))


@app.periodic(cron="*/10 * * * *")
@app.task(name="standing.seal_pictures", queue="soon", queueing_lock="standing.seal_pictures")
def seal_old_pictures(timestamp: int) -> int:
    """Move pictures of permits that the release before left among the media; returns how many."""
    return seal_pictures(actor=Actor.system("standing.seal_pictures"))


@app.periodic(cron="23 * * * *")
@app.task(name="standing.count_all", queue="soon", queueing_lock="standing.count_all")
def count_standing(timestamp: int) -> int:
    """Keep where every selling shop stands; returns how many were counted."""
    return count_all(actor=Actor.system("standing.count_all"))
