"""Negative controls of the visibility property: a gate without one condition is found out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Q

from banyan.community import access
from banyan.community.models import Post
from banyan.community.queries.feeds import following, gated
from banyan.people.access import Mutes, not_blocked
from banyan.people.models import Account
from tests.community.posts import image
from tests.properties.test_visibility import every_read_agrees
from tests.properties.visibility_world import PEOPLE, Step, World
from tests.support.factories import member

pytestmark = pytest.mark.django_db

Patch = Callable[[pytest.MonkeyPatch], None]


def _open(*_given: Any) -> Q:
    return Q()


def _no_blocks(patch: pytest.MonkeyPatch) -> None:
    def meets(_viewer: Any, person: str) -> Q:
        return Q((f"{person}__is_active", True))

    patch.setattr(access, "meets", meets)


def _feeds_ask_nobody_who_they_are(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gated, "visible_accounts", lambda _viewer: Account.objects.all())


def _no_groups(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(access, "_group_opens", _open)


def _feeds_past_the_gate(patch: pytest.MonkeyPatch) -> None:
    living = Post.objects.filter(deleted_at=None, state=1)
    patch.setattr(gated, "posts_for_meeting", lambda _viewer: living)


def _no_audience(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(access, "_audience", _open)


def _friends_are_anybody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(access, "FRIENDS", access.PUBLIC)
    patch.setattr(access, "PUBLIC", 2)


def _no_mutes(patch: pytest.MonkeyPatch) -> None:
    nothing: frozenset[Any] = frozenset()
    patch.setattr(
        following, "mutes_of", lambda _viewer: Mutes(nothing, nothing, nothing, nothing, nothing)
    )


def _levels_do_not_count(patch: pytest.MonkeyPatch) -> None:
    loud = following.FOLLOWED.people.replace("level <> 1", "true")
    patch.setattr(following, "FOLLOWED", following.Circle(loud))


def _whoever_asks_follows(patch: pytest.MonkeyPatch) -> None:
    asked = following.FOLLOWED.people.replace("AND state = 1", "")
    patch.setattr(following, "FOLLOWED", following.Circle(asked))


def _closed_accounts_speak(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(access, "meets", lambda viewer, person: not_blocked(viewer, f"{person}_id"))


CONTROLS: list[tuple[Patch, list[Step]]] = [
    (_no_blocks, [("block", 0, 1)]),
    (_feeds_ask_nobody_who_they_are, [("close", 1, 0)]),
    (_no_groups, [("leave", 1, 1)]),
    (_feeds_past_the_gate, [("block", 0, 1), ("list", 0, 2), ("repin", 2, 1)]),
    (_no_audience, [("post", 0, 3)]),
    (_friends_are_anybody, []),
    (_no_mutes, [("mute", 0, 1)]),
    (_levels_do_not_count, [("level", 0, 1), ("level", 1, 1), ("level", 2, 1)]),
    (
        _whoever_asks_follows,
        [("unfollow", 0, 1), ("approve", 1, 0), ("follow", 0, 1), ("post", 1, 0)],
    ),
    (_closed_accounts_speak, [("close", 1, 0)]),
]


@pytest.fixture(autouse=True)
def compiled_anew() -> Iterator[None]:
    """What feeds have compiled of the gate is made again from the patched one, and after it."""
    gated.forget()
    yield
    gated.forget()


@pytest.mark.parametrize(
    ("patching", "story"), CONTROLS, ids=lambda one: getattr(one, "__name__", "")
)
def test_negative_control_a_missing_condition_is_found(
    monkeypatch: pytest.MonkeyPatch, patching: Patch, story: list[Step]
) -> None:
    world = World(image(), [member() for _ in range(PEOPLE)])
    world.play(story)
    with transaction.atomic():
        every_read_agrees()  # as it is
        transaction.set_rollback(True)
    assert Account.objects.exists()

    patching(monkeypatch)
    gated.forget()

    with pytest.raises(AssertionError):
        every_read_agrees()
