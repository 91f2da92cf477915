"""The same tap many times at once: one repin, one board, one post."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.test import Client

from banyan.community import actions as community
from banyan.community import counts
from banyan.community.actions import boards, posts
from banyan.community.models import Board, Post, PostStat
from banyan.people.models import Account
from tests.community.posts import post
from tests.support.factories import actor, member
from tests.support.threads import kinds, run_at_once
from tests.support.weakened import meet, without_unique

pytestmark = pytest.mark.usefixtures("threaded_db")
TAPS = 6


def repin_at_once(monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Let one person show a post on at once; return the repins and how many are counted."""
    shown, who = post(member()), actor(member())
    # All have looked for an earlier one before any writes.
    meet(monkeypatch, posts, "check_text", TAPS)
    results = run_at_once(*[partial(community.repin, actor=who, post_id=shown.pk)] * TAPS)
    assert kinds(results) == {"Post": TAPS}
    counts.fold()
    return Post.objects.filter(repin_of=shown).count(), PostStat.objects.get(post=shown).repins


def test_a_post_is_shown_on_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert repin_at_once(monkeypatch) == (1, 1)


def test_negative_control_without_the_unique_rows_it_is_shown_on_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with without_unique("community_post", "post_repin_once"):
        assert repin_at_once(monkeypatch) == (TAPS, TAPS)


def boards_at_once(monkeypatch: pytest.MonkeyPatch, title: str) -> set[str]:
    owner = actor(member())
    community.make_board(actor=owner, title="Dreams!")
    meet(monkeypatch, boards, "check_names", TAPS)
    results = run_at_once(*[partial(community.make_board, actor=owner, title=title)] * TAPS)
    assert kinds(results) == {"Board": TAPS}
    return {one.slug for one in results}


@pytest.mark.parametrize("title", ["Cups", "Dreams"])
def test_boards_of_one_name_are_one_board(monkeypatch: pytest.MonkeyPatch, title: str) -> None:
    assert len(boards_at_once(monkeypatch, title)) == 1
    assert Board.objects.filter(title=title).count() == 1


def test_negative_control_without_the_unique_address_there_are_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with without_unique("community_board", "board_slug_once"):
        boards_at_once(monkeypatch, "Cups")
        assert Board.objects.filter(title="Cups").count() > 1


def publish_at_once(account: Account, **token: str) -> list[Any]:
    form = {"kind": "question", "body": "Once?"} | token

    def send() -> str:
        browser = Client()
        browser.force_login(account)
        return str(browser.post("/post", form)["Location"])

    return run_at_once(*[send] * TAPS)


def test_one_form_publishes_one_post() -> None:
    assert len(set(publish_at_once(member(), csrfmiddlewaretoken="a" * 64))) == 1
    assert Post.objects.count() == 1


def test_negative_control_a_form_without_its_name_publishes_each_time() -> None:
    publish_at_once(member())
    assert Post.objects.count() == TAPS
