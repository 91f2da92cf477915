"""Background work of earnings; each job may run twice."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from banyan.kernel.actors import Actor

from . import actions, settling


@app.periodic(cron="* * * * *")
@app.task(name="earnings.release_due", queueing_lock="earnings.release_due")
def release_due(timestamp: int) -> int:
    """Make payable what is past its return window; returns how many."""
    return actions.release_due(actor=Actor.system("earnings.release_due"))


@app.periodic(cron="*/10 * * * *")
@app.task(queue="bulk", name="earnings.find_circles", queueing_lock="earnings.find_circles")
def find_circles(timestamp: int) -> int:
    """Look for people who buy through each other in a circle; returns how much was held."""
    return actions.find_circles(actor=Actor.system("earnings.find_circles"))


@app.periodic(cron="40 3 * * *")
@app.task(
    queue="bulk",
    name="earnings.forget_former_owners",
    queueing_lock="earnings.forget_former_owners",
)
def forget_former_owners(timestamp: int) -> int:
    """Forget where the money of shops went that somebody owned; returns how many."""
    return actions.forget_former_owners()


@app.task(name="earnings.settle", retry=RetryStrategy(max_attempts=10, exponential_wait=4))
def settle(order_id: str, key: str) -> None:
    """Bring what was passed on for an order to what its shop is due."""
    actor = Actor.system("earnings.settle")
    settling.settle_order(actor=actor, order_id=int(order_id), key=key)
