"""Background work of the catalogue; every job may run twice."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict

from procrastinate import JobContext
from procrastinate.contrib.django import app

from banyan.kernel.actors import Actor

from . import actions, proof

logger = logging.getLogger(__name__)

# Then no further address is begun, and the next job goes on. With ten seconds for an address, two
# jobs overlap at most, so slow hosts never take all slots. A lock of the queue would do that, too,
# but one that a dead worker's job holds keeps out the next, which keeps out its second start.
FETCH_SECONDS = 8.0


@app.periodic(cron="47 * * * *")
@app.task(queue="bulk", name="catalog.sweep_files", queueing_lock="catalog.sweep_files")
def sweep_files(timestamp: int) -> int:
    """Remove product files that nobody took in; returns how many."""
    return actions.sweep_product_files(actor=Actor.system("catalog.sweep_files"))


@app.periodic(cron="* * * * * */10")
@app.task(
    queue="bulk",
    name="catalog.fetch_pictures",
    priority=-20,
    queueing_lock="catalog.fetch_pictures",
    pass_context=True,
)
def fetch_pictures(context: JobContext, timestamp: int) -> dict[str, int]:
    """Fetch the pictures that product files name by their addresses.

    Not queued by the import: what is due stands in the rows, and so outlives any job.
    """
    until = time.monotonic() + FETCH_SECONDS
    done = actions.fetch_pictures(
        actor=Actor.system("catalog.fetch_pictures"),
        stop=lambda: context.should_abort() or time.monotonic() >= until,
    )
    return asdict(done)


@app.periodic(cron="13 * * * *")
@app.task(queue="bulk", name="catalog.count_words", queueing_lock="catalog.count_words")
def count_words(timestamp: int) -> int:
    """Count words anew, lift what is sold, forget old searches; returns how many words."""
    actions.lift_sold()
    actions.forget_empty_searches()
    return actions.count_words()


@app.periodic(cron="* * * * *")
@app.task(queue="soon", name="catalog.watch_stock", queueing_lock="catalog.watch_stock")
def watch_stock(timestamp: int) -> int:
    """Note what has become low in stock; returns how much."""
    return actions.watch_stock(actor=Actor.system("catalog.watch_stock"))


@app.periodic(cron="* * * * * */20")
@app.task(queue="soon", name="catalog.tell_back", queueing_lock="catalog.tell_back")
def tell_back(timestamp: int) -> int:
    """Tell those who waited what is back in stock; returns how many."""
    return actions.tell_back_in_stock()


@app.periodic(cron="*/5 * * * *")
@app.task(queue="soon", name="catalog.follow_owners", queueing_lock="catalog.follow_owners")
def follow_owners(timestamp: int) -> int:
    """Let members' little shops be open as long as their owners' accounts are; how many moved."""
    return actions.follow_owners(actor=Actor.system("catalog.follow_owners"))


@app.periodic(cron="31 3 * * *")
@app.task(queue="bulk", name="catalog.verify_stock", queueing_lock="catalog.verify_stock")
def verify_stock(timestamp: int) -> int:
    """Recount the stock; drift is logged as an error, never repaired. Returns the drifts."""
    drifts = proof.stock_audit()
    for drift in drifts:
        logger.error("stock drift %s", drift)
    return len(drifts)
