"""Background work of media; every job may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from banyan.kernel.actors import Actor

from . import actions


@app.task(queue="bulk", name="media.make_renditions", priority=-10)
def make_renditions(image_id: int) -> int:
    """Make the renditions that an image lacks; returns how many."""
    return actions.make_renditions(image_id=image_id)


@app.periodic(cron="41 * * * *")
@app.task(queue="bulk", name="media.sweep", queueing_lock="media.sweep")
def sweep(timestamp: int) -> int:
    """Remove staged uploads nobody used and cards of past months; returns how many went."""
    sweeper = Actor.system("media.sweep")
    staged, cards = actions.sweep_staged(actor=sweeper), actions.sweep_cards(actor=sweeper)
    return staged + cards + actions.sweep_videos(actor=sweeper)
