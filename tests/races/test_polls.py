"""One person votes many times at once: one vote, counted once."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import connection

from banyan.community import actions as community
from banyan.community import counts
from banyan.community.models import PollOption, PollVote
from banyan.kernel.problems import Problem
from tests.support.factories import actor, member
from tests.support.threads import run_at_once

pytestmark = pytest.mark.usefixtures("threaded_db")


def vote_at_once() -> tuple[int, int]:
    """Let one person vote for both answers eight times; return the votes and what is counted."""
    made = community.publish_post(
        actor=actor(member()),
        images=[],
        kind="question",
        title="Which?",
        poll=community.PollWish(["A", "B"]),
    )
    options = list(made.poll.options.values_list("pk", flat=True))
    voter = actor(member())
    results = run_at_once(
        *(
            partial(community.vote, actor=voter, post_id=made.pk, option_id=options[n % 2])
            for n in range(8)
        )
    )
    assert [one for one in results if isinstance(one, Problem)] == []
    counts.fold()
    return PollVote.objects.count(), sum(PollOption.objects.values_list("votes", flat=True))


def test_one_person_has_one_vote() -> None:
    assert vote_at_once() == (1, 1)


def test_negative_control_without_the_unique_rows_a_vote_counts_again() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE community_pollvote DROP CONSTRAINT poll_vote_once")
    try:
        votes, counted = vote_at_once()
        assert votes == counted > 1
    finally:
        PollVote.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE community_pollvote ADD CONSTRAINT poll_vote_once"
                " UNIQUE (poll_id, account_id)"
            )
