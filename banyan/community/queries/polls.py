"""Polls as a reader sees them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from banyan.kernel import clock
from banyan.kernel.actors import Actor

from .. import counts
from ..models import Poll, PollVote


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; ``votes`` is None while the result is not told."""

    id: int
    text: str
    votes: int | None
    mine: bool


@dataclass(frozen=True, slots=True)
class PollShown:
    """A poll: the result is told to whoever voted, and to all when it has closed."""

    closes_at: dt.datetime
    closed: bool
    voted: bool
    people: int
    answers: list[Answer]

    @property
    def told(self) -> bool:
        """Whether the reader sees how many chose what."""
        return self.closed or self.voted


def poll_of(viewer: Actor, post_id: int) -> PollShown | None:
    """Return the poll of an original post, with votes of the last second. Four statements."""
    poll = Poll.objects.filter(pk=post_id).first()
    if poll is None:
        return None
    options = list(poll.options.order_by("position"))
    waiting = counts.pending("votes", [one.pk for one in options])
    mine = PollVote.objects.filter(poll=poll, account_id=viewer.id or 0).first()
    closed = clock.now() >= poll.closes_at
    told = closed or mine is not None
    votes = {one.pk: max(0, one.votes + waiting.get(one.pk, 0)) for one in options}
    return PollShown(
        closes_at=poll.closes_at,
        closed=closed,
        voted=mine is not None,
        people=sum(votes.values()),
        answers=[
            Answer(
                id=one.pk,
                text=one.text,
                votes=votes[one.pk] if told else None,
                mine=mine is not None and mine.option_id == one.pk,
            )
            for one in options
        ],
    )
