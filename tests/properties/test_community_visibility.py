"""Whoever follows, blocks, leaves or hides: every way to a post agrees with one obvious rule."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.community import actions as community
from banyan.community import queries
from banyan.community.access import (
    get_board_for,
    get_post_for,
    likers,
    visible_boards,
    visible_posts,
)
from banyan.community.models import Board, BoardPost, Comment, Like, Post
from banyan.community.queries import feed
from banyan.kernel import relay
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound, Problem
from banyan.media.models import Image
from banyan.notify.queries import notifications
from banyan.people import actions as people
from banyan.people.models import Account, Block, Follow
from tests.community.posts import image, post
from tests.support.factories import actor, member

pytestmark = pytest.mark.django_db
SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
PEOPLE = 3
somebody = st.integers(0, PEOPLE - 1)
pick = st.integers(0, 11)
step = st.one_of(
    st.tuples(st.just("follow"), somebody, somebody),
    st.tuples(st.just("follow_each_other"), somebody, somebody),
    st.tuples(st.just("unfollow"), somebody, somebody),
    st.tuples(st.just("block"), somebody, somebody),
    st.tuples(st.just("unblock"), somebody, somebody),
    st.tuples(st.just("close"), somebody, st.just(0)),
    st.tuples(st.just("post"), somebody, st.sampled_from([0, 0, 0, 1, 2, 3])),
    st.tuples(st.just("repin"), somebody, pick),
    st.tuples(st.just("delete"), pick, st.just(0)),
    st.tuples(st.just("hide"), pick, st.just(0)),
    st.tuples(st.just("like"), somebody, pick),
    st.tuples(st.just("comment"), somebody, pick),
    st.tuples(st.just("answer"), somebody, pick),
    st.tuples(st.just("take_comment_away"), pick, st.just(0)),
    st.tuples(st.just("save"), somebody, pick),
    st.tuples(st.just("close_board"), somebody, st.just(0)),
)
stories = st.lists(step, min_size=4, max_size=24)
Step = tuple[str, int, int]
# Every story begins in a lively place, so that few steps are needed to spoil something.
BEFORE: list[Step] = [
    *(("follow_each_other", one, (one + 1) % PEOPLE) for one in range(PEOPLE)),
    *(("post", one, 0) for one in range(PEOPLE)),
    *(("repin", (one + 1) % PEOPLE, one) for one in range(PEOPLE)),
    *(("post", one, 2) for one in range(PEOPLE)),
    *(("comment", one, which) for one in range(PEOPLE) for which in (0, 1)),
    *(("answer", one, 0) for one in range(PEOPLE)),
    *(("like", one, 0) for one in range(PEOPLE)),
    *(("save", one, which) for one in range(PEOPLE) for which in (0, 1)),
]


@dataclass
class World:
    """The people, the posts, and what they do to one another by public actions."""

    picture: Image
    cast: list[Account] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)

    def play(self, story: list[Step]) -> None:
        for name, one, other in [*BEFORE, *story]:
            act: Callable[[int, int], Any] = getattr(self, f"do_{name}")
            # Refused and pointless acts belong to the story: they must change nothing.
            with contextlib.suppress(Problem, IndexError):
                act(one, other)

    def do_follow(self, one: int, other: int) -> None:
        people.follow(actor=actor(self.cast[one]), account_id=self.cast[other].pk)

    def do_follow_each_other(self, one: int, other: int) -> None:
        self.do_follow(one, other)
        self.do_follow(other, one)

    def do_unfollow(self, one: int, other: int) -> None:
        people.unfollow(actor=actor(self.cast[one]), account_id=self.cast[other].pk)

    def do_block(self, one: int, other: int) -> None:
        people.block(actor=actor(self.cast[one]), account_id=self.cast[other].pk)

    def do_unblock(self, one: int, other: int) -> None:
        people.unblock(actor=actor(self.cast[one]), account_id=self.cast[other].pk)

    def do_close(self, one: int, _other: int) -> None:
        people.close_account(actor=actor(self.cast[one]), account_id=self.cast[one].pk, reason="x")

    def do_post(self, one: int, visibility: int) -> None:
        self.posts.append(post(self.cast[one], picture=self.picture, visibility=visibility))

    def do_repin(self, one: int, which: int) -> None:
        source = self.posts[which % len(self.posts or [0])]
        self.posts.append(community.repin(actor=actor(self.cast[one]), post_id=source.pk))

    def do_delete(self, which: int, _other: int) -> None:
        row = self.posts[which]
        community.delete_post(actor=actor(row.author), post_id=row.pk)

    def do_hide(self, which: int, _other: int) -> None:
        Post.objects.filter(pk=self.posts[which].pk).update(state=2)  # as moderation will

    def do_like(self, one: int, which: int) -> None:
        community.like(actor=actor(self.cast[one]), post_id=self._post(which))

    def do_comment(self, one: int, which: int) -> None:
        community.comment(actor=actor(self.cast[one]), post_id=self._post(which), body="hello")

    def do_answer(self, one: int, which: int) -> None:
        parent = list(Comment.objects.order_by("id"))[which % max(1, Comment.objects.count())]
        community.comment(
            actor=actor(self.cast[one]), post_id=parent.post_id, body="yes", parent_id=parent.pk
        )

    def do_take_comment_away(self, which: int, _other: int) -> None:
        row = list(Comment.objects.order_by("id"))[which]
        community.delete_comment(actor=actor(row.author), comment_id=row.pk)

    def do_save(self, one: int, which: int) -> None:
        who = actor(self.cast[one])
        board = community.make_board(actor=who, title="Liked")
        community.save_to_board(actor=who, post_id=self._post(which), board_id=board.pk)

    def do_close_board(self, one: int, _other: int) -> None:
        who = actor(self.cast[one])
        board = community.make_board(actor=who, title="Liked")
        community.change_board(actor=who, board_id=board.pk, title="Liked", private=True)

    def _post(self, which: int) -> int:
        return self.posts[which % len(self.posts or [0])].pk


class Oracle:
    """The rule, slow and obvious, over plain rows."""

    def __init__(self) -> None:
        self.open = {a.pk: a.is_active for a in Account.objects.all()}
        self.follows = set(Follow.objects.values_list("follower_id", "followee_id"))
        self.blocks = set(Block.objects.values_list("actor_id", "target_id"))
        self.posts = {p.pk: p for p in Post.objects.all()}

    def apart(self, one: int | None, other: int) -> bool:
        return (one, other) in self.blocks or (other, one) in self.blocks

    def sees_person(self, viewer: int | None, person: int) -> bool:
        return self.open[person] and not self.apart(viewer, person)

    def sees_post(self, viewer: int | None, post_id: int) -> bool:
        row = self.posts[post_id]
        if row.deleted_at or row.state != 1 or not self.sees_person(viewer, row.author_id):
            return False
        if row.repin_of_id is not None:
            original = self.posts[row.repin_of_id]
            if original.visibility != 0 or not self.sees_post(viewer, original.pk):
                return False
        there = (viewer, row.author_id) in self.follows
        back = (row.author_id, viewer) in self.follows
        allowed = {0: True, 1: there, 2: there and back, 3: False}
        return viewer == row.author_id or allowed[row.visibility]

    def posts_for(self, viewer: int | None) -> set[int]:
        return {post_id for post_id in self.posts if self.sees_post(viewer, post_id)}

    def feed_for(self, viewer: int) -> list[int]:
        mine = {author for follower, author in self.follows if follower == viewer} | {viewer}
        seen = self.posts_for(viewer)
        return sorted((p for p in seen if self.posts[p].author_id in mine), reverse=True)

    def thread_of(self, viewer: int | None, post_id: int) -> list[tuple[int, list[int]]]:
        rows = list(Comment.objects.filter(post_id=post_id).order_by("id"))
        heard = [row for row in rows if self.sees_person(viewer, row.author_id)]
        threads = []
        for root in (row for row in heard if row.root_id is None):
            answers = [r.pk for r in heard if r.root_id == root.pk and not r.deleted_at]
            if answers or not root.deleted_at:
                threads.append((root.pk, answers))
        return threads


def viewers(world: World) -> list[Actor]:
    return [Actor.guest(), *(actor(a) for a in Account.objects.filter(is_active=True))]


@settings(
    max_examples=200 if SOAK else 6, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(stories)
def test_every_read_agrees_with_the_obvious_rule(story: list[Step]) -> None:
    with transaction.atomic():
        world = World(image(), [member() for _ in range(PEOPLE)])
        world.play(story)
        relay.drain()
        oracle = Oracle()
        for viewer in viewers(world):
            _sets_and_rows_agree(viewer, oracle)
            _feeds_agree(viewer, oracle)
            _words_and_faces_agree(viewer, oracle)
            _boards_agree(viewer, oracle)
            _notices_name_nobody_unseen(viewer, oracle)
        transaction.set_rollback(True)


def _sets_and_rows_agree(viewer: Actor, oracle: Oracle) -> None:
    seen = oracle.posts_for(viewer.id)
    assert set(visible_posts(viewer).values_list("pk", flat=True)) == seen
    assert {p for p in oracle.posts if _found(get_post_for, viewer, p)} == seen


def _found(get: Callable[..., object], *given: object) -> bool:
    try:
        get(*given)
    except NotFound:
        return False
    return True


def _feeds_agree(viewer: Actor, oracle: Oracle) -> None:
    seen = oracle.posts_for(viewer.id)
    plain = {p for p in seen if oracle.posts[p].visibility == 0 and not oracle.posts[p].repin_of_id}
    assert queries.newest_ids(viewer, page=50) == sorted(plain, reverse=True)
    for author in oracle.open:
        theirs = sorted((p for p in seen if oracle.posts[p].author_id == author), reverse=True)
        assert queries.posts_of(viewer, author, page=50) == theirs
    if viewer.id is None:
        return
    expected = oracle.feed_for(viewer.id)
    for form_c_from in (0, 500):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(feed, "FORM_C_FROM", form_c_from)
            assert queries.following_ids(viewer, page=50) == expected
            assert _paged(viewer) == expected


def _paged(viewer: Actor) -> list[int]:
    """Read the feed in pages of two, as a reader with a short screen would."""
    found: list[int] = []
    before = queries.END
    while page := queries.following_ids(viewer, before=before, page=2):
        found += page
        before = page[-1]
    return found


def _words_and_faces_agree(viewer: Actor, oracle: Oracle) -> None:
    for post_id in oracle.posts_for(viewer.id):
        told = [
            (one.root.pk, [reply.pk for reply in one.replies])
            for one in queries.thread(viewer, post_id)
        ]
        assert told == oracle.thread_of(viewer.id, post_id)
        liked = Like.objects.filter(post_id=post_id).values_list("account_id", flat=True)
        shown = set(likers(viewer, post_id).values_list("pk", flat=True))
        assert shown == {person for person in liked if oracle.sees_person(viewer.id, person)}


def _boards_agree(viewer: Actor, oracle: Oracle) -> None:
    for board in Board.objects.select_related("owner"):
        seen = oracle.sees_person(viewer.id, board.owner_id) and (
            board.visibility == 0 or viewer.id == board.owner_id
        )
        assert _found(get_board_for, viewer, board.owner.handle, board.slug) == seen
        assert (board in visible_boards(viewer, board.owner_id)) == seen
        on_it = BoardPost.objects.filter(board=board).values_list("post_id", flat=True)
        assert set(queries.board_ids(viewer, board.pk)) == {
            p for p in on_it if oracle.sees_post(viewer.id, p)
        }


def _notices_name_nobody_unseen(viewer: Actor, oracle: Oracle) -> None:
    if viewer.id is None:
        return
    for told in notifications(viewer.id):
        assert told.people
        assert all(oracle.sees_person(viewer.id, person.pk) for person in told.people)


@settings(
    max_examples=40 if SOAK else 2, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(stories)
def test_the_pages_agree_too(story: list[Step]) -> None:
    with transaction.atomic():
        world = World(image(), [member() for _ in range(PEOPLE)])
        world.play(story)
        oracle = Oracle()
        for viewer in viewers(world):
            client = Client()
            if viewer.id is not None:
                client.force_login(Account.objects.get(pk=viewer.id))
            seen = oracle.posts_for(viewer.id)
            for post_id in oracle.posts:
                answer = client.get(f"/p/{post_id}")
                assert (answer.status_code == 200) == (post_id in seen)
            for account in world.cast:
                page = client.get(f"/@{account.handle}")
                person = oracle.sees_person(viewer.id, account.pk)
                assert page.status_code == (200 if person else 404)
                links = {p for p in oracle.posts if f"/p/{p}" in page.content.decode()}
                theirs = {p for p in seen if oracle.posts[p].author_id == account.pk}
                assert links == theirs
        transaction.set_rollback(True)
