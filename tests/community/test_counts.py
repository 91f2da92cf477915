"""Likes and their kin: seen at once, folded exactly once, counted again at night."""

from __future__ import annotations

import pytest

from banyan.community import actions as community
from banyan.community import counts
from banyan.community.models import Post, PostStat
from banyan.community.queries import posts
from banyan.community.queries.posts import Figures
from banyan.kernel.actors import Actor
from banyan.kernel.models import CounterDelta
from banyan.people import actions as people
from tests.community.posts import post
from tests.support.factories import actor, member

pytestmark = pytest.mark.django_db


def figures(row: Post) -> Figures:
    [shown] = posts.hydrate(Actor.guest(), [row.pk])
    return Figures(shown.likes, shown.comments, shown.saves, shown.repins)


def test_ones_own_like_is_seen_at_once_and_stays_after_the_fold() -> None:
    row = post(member())
    community.like(actor=actor(member()), post_id=row.pk)
    assert figures(row) == Figures(likes=1)
    assert not PostStat.objects.filter(likes__gt=0).exists()

    assert counts.fold() == 1

    assert figures(row) == Figures(likes=1)
    assert PostStat.objects.get(pk=row.pk).likes == 1
    assert not CounterDelta.objects.exists()
    assert counts.fold() == 0


def test_acts_that_repeat_count_once_and_are_taken_back_once() -> None:
    row, reader = post(member()), actor(member())
    board = community.make_board(actor=reader, title="Warm things")
    for _again in range(2):
        community.like(actor=reader, post_id=row.pk)
        community.save_to_board(actor=reader, post_id=row.pk, board_id=board.pk)
        shown_on = community.repin(actor=reader, post_id=row.pk)
    word = community.comment(actor=reader, post_id=row.pk, body="Lovely")
    assert figures(row) == Figures(1, 1, 1, 1)
    counts.fold()

    for _again in range(2):
        community.unlike(actor=reader, post_id=row.pk)
        community.take_from_board(actor=reader, post_id=row.pk, board_id=board.pk)
        community.delete_comment(actor=reader, comment_id=word.pk)
        community.delete_post(actor=reader, post_id=shown_on.pk)

    assert figures(row) == Figures(0, 0, 0, 0)
    counts.fold()
    stat = PostStat.objects.get(pk=row.pk)
    assert (stat.likes, stat.comments, stat.saves, stat.repins) == (0, 0, 0, 0)


def test_a_refused_like_counts_nothing() -> None:
    ana, ben = member(), member()
    row = post(ana)
    people.block(actor=actor(ana), account_id=ben.pk)
    with pytest.raises(Exception, match="not_found"):
        community.like(actor=actor(ben), post_id=row.pk)
    assert not CounterDelta.objects.exists()


def test_the_nightly_count_mends_what_is_wrong_and_leaves_the_rest() -> None:
    row, other = post(member()), post(member())
    for liked in (row, other):
        community.like(actor=actor(member()), post_id=liked.pk)
    counts.fold()
    PostStat.objects.filter(pk=row.pk).update(likes=7)

    assert counts.recount() == 1
    assert counts.recount() == 0
    assert PostStat.objects.get(pk=row.pk).likes == 1


def test_the_nightly_count_leaves_alone_what_waits_to_be_folded() -> None:
    row = post(member())
    community.like(actor=actor(member()), post_id=row.pk)
    counts.fold()
    community.like(actor=actor(member()), post_id=row.pk)

    counts.recount()
    counts.fold()

    assert PostStat.objects.get(pk=row.pk).likes == 2
