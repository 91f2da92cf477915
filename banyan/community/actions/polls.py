"""Polls: asking, and one vote for each person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, NotFound
from banyan.people.access import member_id

from .. import counts
from ..access import get_post_for
from ..models import Poll, PollOption, PollVote, Post
from .checking import Fields

MOST_DAYS = 30


@dataclass(frozen=True, slots=True)
class PollWish:
    """A poll to be: two to four answers, open for so many days."""

    options: Sequence[str]
    days: int = 3


def check_poll(wish: PollWish | None) -> Fields:
    """Return what is wrong with a poll."""
    if wish is None:
        return {}
    texts = [text.strip() for text in wish.options]
    if not 2 <= len(texts) <= 4 or not all(texts) or len(set(texts)) < len(texts):
        return {"poll": _("Give two to four different answers.")}
    if any(len(text) > 60 for text in texts):
        return {"poll": _("At most 60 letters for an answer.")}
    if not 1 <= wish.days <= MOST_DAYS:
        return {"poll": _("A poll is open for 1 to 30 days.")}
    return {}


def open_poll(post: Post, wish: PollWish) -> None:
    """Write a checked poll with its post, in the caller's transaction."""
    poll = Poll.objects.create(post=post, closes_at=post.created_at + dt.timedelta(days=wish.days))
    PollOption.objects.bulk_create(
        PollOption(poll=poll, position=position, text=text.strip())
        for position, text in enumerate(wish.options)
    )


def vote(*, actor: Actor, post_id: int, option_id: int) -> PollVote:
    """Vote in a poll, once; a second time returns the first vote, whatever it asks for.

    Raises NotFound, or Conflict ``poll_closed``.
    """
    by = member_id(actor)
    post = get_post_for(actor, post_id)
    content_id = post.repin_of_id or post.pk
    option = (
        PollOption.objects.select_related("poll").filter(pk=option_id, poll_id=content_id).first()
    )
    if option is None:
        raise NotFound()
    now = clock.now()
    if now >= option.poll.closes_at:
        raise Conflict(_("This poll has closed."), code="poll_closed")
    try:
        return _cast(option, by, now)
    except IntegrityError as error:
        if "poll_vote_once" not in str(error):
            raise
    return PollVote.objects.get(poll_id=content_id, account_id=by)


def _cast(option: PollOption, by: int, now: dt.datetime) -> PollVote:
    with transaction.atomic():
        row = PollVote.objects.create(
            poll_id=option.poll_id, option=option, account_id=by, created_at=now
        )
        counts.count("votes", option.pk)
    return row
