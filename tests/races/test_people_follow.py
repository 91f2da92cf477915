"""Two people follow each other at the same instant: both rows must say that they are friends."""

from __future__ import annotations

import contextlib
import threading
from functools import partial

import pytest

from banyan.people import actions as people
from banyan.people.actions import relations
from banyan.people.models import Account, Follow
from tests.support.factories import actor, member
from tests.support.threads import run_at_once

MEET = 1.0


@pytest.fixture
def slow_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let both look for the other's row only after both have written their own, if they can.

    And neither goes on to commit before both have looked.
    """
    look, meeting = relations._follows, threading.Barrier(2)

    def meet() -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(MEET)

    def wait_and_look(follower: int, followee: int) -> bool:
        meet()
        found = look(follower, followee)
        meet()
        return found

    monkeypatch.setattr(relations, "_follows", wait_and_look)


def follow_each_other() -> list[bool]:
    """Let Ana and Ben follow each other at once; return what their rows say."""
    ana, ben = member("ana"), member("ben")

    def follows(one: Account, other: Account) -> None:
        people.follow(actor=actor(one), account_id=other.pk)

    results = run_at_once(lambda: follows(ana, ben), lambda: follows(ben, ana))
    assert results == [None, None]
    return list(Follow.objects.values_list("is_mutual", flat=True))


def test_simultaneous_follows_become_a_friendship(threaded_db: None, slow_look: None) -> None:
    assert follow_each_other() == [True, True]


def test_without_the_lock_of_the_pair_the_friendship_is_missed(
    threaded_db: None, slow_look: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relations, "hold_pair", lambda one, other: None)
    assert follow_each_other() == [False, False]


def test_a_follow_never_survives_a_block_of_the_same_instant(threaded_db: None) -> None:
    for _round in range(10):
        ana, ben = member(), member()
        run_at_once(
            partial(people.follow, actor=actor(ana), account_id=ben.pk),
            partial(people.block, actor=actor(ben), account_id=ana.pk),
        )
        assert not Follow.objects.filter(follower=ana, followee=ben).exists()
