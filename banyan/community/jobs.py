"""Background work of the community; every job may run twice."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from . import actions, counts
from .models import Post


@app.periodic(cron="* * * * * */2")
@app.task(queue="now", queueing_lock="community.fold")
def fold_counts(timestamp: int) -> None:
    """Fold likes, comments, saves, repins and votes into the figures that pages read."""
    counts.fold()


@app.periodic(cron="41 3 * * *")
@app.task(queue="bulk", queueing_lock="community.recount")
def recount(timestamp: int) -> None:
    """Count again what was touched lately."""
    counts.recount()


@app.periodic(cron="23 * * * *")
@app.task(queue="bulk", queueing_lock="community.count_words")
def count_words(timestamp: int) -> None:
    """Count the words of public posts anew."""
    actions.count_words()


@app.periodic(cron="13 * * * *")
@app.task(queue="bulk", queueing_lock="community.forget_sessions")
def forget_sessions(timestamp: int) -> None:
    """Delete ranked feeds that are no longer read."""
    actions.forget_sessions()


@app.periodic(cron="*/10 * * * *")
@app.task(queue="bulk", queueing_lock="community.count_heat")
def count_heat(timestamp: int) -> None:
    """Count anew how many people talk about each topic."""
    actions.count_heat()


@app.task(queue="bulk", retry=RetryStrategy(max_attempts=10, exponential_wait=4))
def tell_of_every_post(post_id: str, day: str) -> None:
    """Tell the followers of a post who asked to hear of each, a batch a transaction.

    Whom a run that failed has told is told nothing by the next one.
    """
    post = Post.objects.select_related("repin_of").filter(pk=int(post_id)).first()
    after = 0 if post else None
    while post is not None and after is not None:
        after = actions.tell_followers(post=post, day=day, after=after)


@app.periodic(cron="* * * * * */20")
@app.task(queue="bulk", queueing_lock="community.fetch_previews")
def fetch_previews(timestamp: int) -> None:
    """Fetch what the addresses in new posts lead to."""
    actions.fetch_previews()
