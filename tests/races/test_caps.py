"""What a member may keep so many of is never more, however many tabs add to it at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from banyan.community import actions as community
from banyan.community.actions import drafts
from banyan.community.models import PostDraft
from banyan.kernel import clock
from banyan.kernel.problems import Conflict
from banyan.people import actions as people
from banyan.people.actions import mutes
from banyan.people.models import Account, Mute
from banyan.people.rules.relations import MOST_MUTES, WORD
from tests.support.factories import actor, member
from tests.support.threads import kinds, run_at_once
from tests.support.weakened import between

pytestmark = pytest.mark.usefixtures("threaded_db")
Last = Callable[[Account], tuple[Callable[[], Any], Callable[[], Any], Callable[[], int]]]


def last_draft(ana: Account) -> tuple[Callable[[], Any], Callable[[], Any], Callable[[], int]]:
    """Leave room for one draft; return two that want it, and how many there are."""
    now = clock.now()
    PostDraft.objects.bulk_create(
        PostDraft(owner=ana, form={}, created_at=now, updated_at=now)
        for _n in range(community.MOST_DRAFTS - 1)
    )
    save = partial(community.save_draft, actor=actor(ana), form={"body": ["Clay"]})
    return save, save, PostDraft.objects.filter(owner=ana).count


def last_mute(ana: Account) -> tuple[Callable[[], Any], Callable[[], Any], Callable[[], int]]:
    """Leave room for one mute; return two that want it, and how many there are."""
    Mute.objects.bulk_create(
        Mute(actor=ana, kind=WORD, words=f"w{n}", created_at=clock.now())
        for n in range(MOST_MUTES - 1)
    )
    one, other = (
        partial(people.mute_word, actor=actor(ana), word=word) for word in ("pills", "loans")
    )
    return one, other, Mute.objects.filter(actor=ana).count


CAPS = pytest.mark.parametrize(
    ("place", "last", "most", "code"),
    [
        (drafts, last_draft, community.MOST_DRAFTS, "too_many_drafts"),
        (mutes, last_mute, MOST_MUTES, "mutes_full"),
    ],
)


@CAPS
def test_of_two_for_the_last_place_one_has_it(
    monkeypatch: pytest.MonkeyPatch, place: Any, last: Last, most: int, code: str
) -> None:
    one, other, how_many = last(member())
    meanwhile = between(monkeypatch, place, "_require_room", seconds=1.0)
    first, second = run_at_once(one, meanwhile(other))
    assert not isinstance(first, Exception), first
    assert isinstance(second, Conflict), second
    assert second.code == code
    assert how_many() == most


@CAPS
def test_without_the_hold_both_have_it(
    monkeypatch: pytest.MonkeyPatch, place: Any, last: Last, most: int, code: str
) -> None:
    one, other, how_many = last(member())
    monkeypatch.setattr(place, "hold_kept", lambda account_id: None)
    meanwhile = between(monkeypatch, place, "_require_room")
    results = run_at_once(one, meanwhile(other))
    assert not any(isinstance(result, Exception) for result in results), kinds(results)
    assert how_many() == most + 1
