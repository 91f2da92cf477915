"""Somebody reads on while others write: no page repeats a card, and none that stayed is missed."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.community import actions as community
from banyan.community import queries
from banyan.community.queries.feeds import following
from banyan.kernel.actors import Actor
from banyan.media.models import Image
from banyan.people import actions as people
from banyan.people.models import Account
from tests.community.posts import image, post
from tests.support.factories import actor, member

pytestmark = pytest.mark.django_db
SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
PAGE = 3
# Between two pages somebody publishes, or takes away the n-th of what there is.
between = st.one_of(
    st.tuples(st.just("publish"), st.just(0)), st.tuples(st.just("delete"), st.integers(0, 30))
)
stories = st.lists(st.lists(between, max_size=4), min_size=3, max_size=8)
Turn = Callable[[str], tuple[list[int], str]]


class Reader:
    """Reads a feed page by page, by whatever cursor it hands out."""

    def __init__(self, who: Actor, kind: str) -> None:
        self.who, self.kind = who, kind

    def read(self, cursor: str) -> tuple[list[int], str]:
        """Return a page and the next cursor, empty at the end."""
        if self.kind == "explore":
            found = queries.explore(self.who, cursor=cursor, page=PAGE)
            return [pk for pk, _reason in found.posts], found.next
        before = int(cursor) if cursor else queries.END
        ids = queries.following_ids(self.who, before=before, page=PAGE)
        return ids, str(ids[-1]) if len(ids) == PAGE else ""


def _happen(acts: list[tuple[str, int]], author: Account, picture: Image, alive: list[int]) -> None:
    for act, which in acts:
        if act == "publish":
            alive.append(post(author, picture=picture).pk)
        elif alive:
            gone = alive.pop(which % len(alive))
            community.delete_post(actor=actor(author), post_id=gone)


@pytest.mark.parametrize("kind", ["short list", "long list", "explore"])
@settings(
    max_examples=100 if SOAK else 8, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(story=stories)
def test_reading_on_neither_repeats_nor_misses(
    kind: str, story: list[list[tuple[str, int]]]
) -> None:
    with transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(following, "FORM_C_FROM", 0 if kind == "long list" else 500)
        ana, who, picture = member(), member(), image()
        people.follow(actor=actor(who), account_id=ana.pk)
        alive = [post(ana, picture=picture).pk for _ in range(14)]
        at_first = list(alive)
        reader = Reader(actor(who), kind)
        seen: list[int] = []
        page, cursor = reader.read("")
        for acts in [*story, *[[]] * 30]:
            seen += page
            _happen(acts, ana, picture, alive)
            if not cursor:
                break
            page, cursor = reader.read(cursor)
        assert len(seen) == len(set(seen)), "a card came twice"
        stayed = set(at_first) & set(alive)
        assert stayed <= set(seen), "a card that was there all the time was missed"
        transaction.set_rollback(True)


def test_negative_control_pages_by_number_would_repeat_and_miss() -> None:
    ana, who = member(), member()
    people.follow(actor=actor(who), account_id=ana.pk)
    picture = image()
    made = [post(ana, picture=picture).pk for _ in range(6)]

    def page(number: int) -> list[int]:
        return queries.following_ids(actor(who), page=50)[number * PAGE : (number + 1) * PAGE]

    first = page(0)
    post(ana, picture=picture)
    assert set(first) & set(page(1)), "a new one pushes a card onto the next page"
    community.delete_post(actor=actor(ana), post_id=made[-1])
    community.delete_post(actor=actor(ana), post_id=made[-2])
    assert not set(made[2:3]) <= set(first) | set(page(1)), "and one taken away hides another"
