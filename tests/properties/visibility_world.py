"""People, groups and posts, and what stories make of them by public actions."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from banyan.community import actions as community
from banyan.community.models import Comment, Post
from banyan.groups.models import Group, Membership
from banyan.kernel import clock
from banyan.kernel.problems import Problem
from banyan.media.models import Image
from banyan.people import actions as people
from banyan.people.models import Account, AccountList, Follow
from tests.community.posts import post
from tests.support.factories import actor

PEOPLE, GROUPS = 3, 3
SAID = "lantern"
REGIONS = ("", "CN-ZJ", "DE")
somebody = st.integers(0, PEOPLE - 1)
pick = st.integers(0, 15)
step = st.one_of(
    st.tuples(st.just("follow"), somebody, somebody),
    st.tuples(st.just("follow_each_other"), somebody, somebody),
    st.tuples(st.just("unfollow"), somebody, somebody),
    st.tuples(st.just("level"), somebody, pick),
    st.tuples(st.just("approve"), somebody, st.just(0)),
    st.tuples(st.just("accept"), somebody, somebody),
    st.tuples(st.just("remove_follower"), somebody, somebody),
    st.tuples(st.just("block"), somebody, somebody),
    st.tuples(st.just("unblock"), somebody, somebody),
    st.tuples(st.just("mute"), somebody, somebody),
    st.tuples(st.just("unmute"), somebody, somebody),
    st.tuples(st.just("list"), somebody, somebody),
    st.tuples(st.just("move"), somebody, pick),
    st.tuples(st.just("close"), somebody, st.just(0)),
    st.tuples(st.just("join"), somebody, pick),
    st.tuples(st.just("leave"), somebody, pick),
    st.tuples(st.just("ban"), somebody, pick),
    st.tuples(st.just("close_group"), pick, st.just(0)),
    st.tuples(st.just("post"), somebody, st.sampled_from([0, 0, 0, 1, 2, 3])),
    st.tuples(st.just("moment"), somebody, st.sampled_from([0, 1, 2])),
    st.tuples(st.just("post_to_group"), somebody, pick),
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
    *(("move", one, 1) for one in range(PEOPLE)),
    *(("join", one, group) for one in range(2) for group in range(2)),
    *(("post", one, 0) for one in range(PEOPLE)),
    *(("repin", (one + 1) % PEOPLE, one) for one in range(PEOPLE)),
    *(("post", one, 2) for one in range(PEOPLE)),
    *(("post_to_group", 0, which) for which in range(4)),
    *(("comment", one, which) for one in range(PEOPLE) for which in (0, 1)),
    *(("answer", one, 0) for one in range(PEOPLE)),
    *(("like", one, 0) for one in range(PEOPLE)),
    *(("save", one, which) for one in range(PEOPLE) for which in (0, 1)),
]
_made = itertools.count(1)


@dataclass
class World:
    """The people, the posts, and what they do to one another by public actions."""

    picture: Image
    cast: list[Account] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)

    def play(self, story: list[Step]) -> None:
        now = clock.now()
        self.groups = [
            Group.objects.create(slug=f"g{next(_made)}", name="G", visibility=n, created_at=now)
            for n in range(GROUPS)
        ]
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

    def do_level(self, one: int, which: int) -> None:
        rows = Follow.objects.filter(follower=self.cast[one]).order_by("id")
        followee = rows[which % 3].followee_id
        people.set_follow_level(actor=actor(self.cast[one]), account_id=followee, level=which % 3)

    def do_approve(self, one: int, _other: int) -> None:
        people.set_privacy(actor=actor(self.cast[one]), approves_followers=True, is_suggested=True)

    def do_accept(self, one: int, other: int) -> None:
        people.accept_follower(actor=actor(self.cast[one]), account_id=self.cast[other].pk)

    def do_remove_follower(self, one: int, other: int) -> None:
        people.remove_follower(actor=actor(self.cast[one]), account_id=self.cast[other].pk)

    def do_block(self, one: int, other: int) -> None:
        people.block(actor=actor(self.cast[one]), account_id=self.cast[other].pk)

    def do_unblock(self, one: int, other: int) -> None:
        people.unblock(actor=actor(self.cast[one]), account_id=self.cast[other].pk)

    def do_mute(self, one: int, other: int) -> None:
        people.mute_person(actor=actor(self.cast[one]), account_id=self.cast[other].pk)

    def do_unmute(self, one: int, other: int) -> None:
        people.unmute_person(actor=actor(self.cast[one]), account_id=self.cast[other].pk)

    def do_list(self, one: int, other: int) -> None:
        who = actor(self.cast[one])
        row = AccountList.objects.filter(owner=self.cast[one]).first()
        row = row or people.make_list(actor=who, name="Some")
        people.add_to_list(actor=who, list_id=row.pk, account_id=self.cast[other].pk)

    def do_move(self, one: int, which: int) -> None:
        people.change_profile(
            actor=actor(self.cast[one]),
            handle=self.cast[one].handle,
            display_name=self.cast[one].display_name,
            region=REGIONS[which % len(REGIONS)],
        )

    def do_close(self, one: int, _other: int) -> None:
        people.close_account(actor=actor(self.cast[one]), account_id=self.cast[one].pk, reason="x")

    def do_join(self, one: int, which: int) -> None:
        self._belong(one, which, state=1)

    def do_leave(self, one: int, which: int) -> None:
        group = self.groups[which % GROUPS]
        Membership.objects.filter(group=group, account=self.cast[one]).delete()

    def do_ban(self, one: int, which: int) -> None:
        self._belong(one, which, state=2)

    def _belong(self, one: int, which: int, *, state: int) -> None:
        # Rows, because joining has its own tests.
        Membership.objects.update_or_create(
            group=self.groups[which % GROUPS],
            account=self.cast[one],
            defaults={"state": state, "created_at": clock.now()},
        )

    def do_close_group(self, which: int, _other: int) -> None:
        group = self.groups[which % GROUPS]
        Group.objects.filter(pk=group.pk).update(closed_at=clock.now())

    def do_post(self, one: int, visibility: int) -> None:
        title = f"{SAID} #tea" if len(self.posts) % 2 else "Other"
        made = post(self.cast[one], picture=self.picture, visibility=visibility, title=title)
        self.posts.append(made)

    def do_moment(self, one: int, visibility: int) -> None:
        self.do_post(one, visibility)
        Post.objects.filter(pk=self.posts[-1].pk).update(kind="moment")

    def do_post_to_group(self, one: int, which: int) -> None:
        """Post for the group alone (every other time), or for all in it."""
        visibility = 4 if which % 2 else 0
        self.do_post(one, min(visibility, 1))
        Post.objects.filter(pk=self.posts[-1].pk).update(
            group=self.groups[which // 2 % GROUPS], visibility=visibility
        )

    def do_repin(self, one: int, which: int) -> None:
        source = self.posts[which % len(self.posts or [0])]
        self.posts.append(community.repin(actor=actor(self.cast[one]), post_id=source.pk))

    def do_delete(self, which: int, _other: int) -> None:
        row = self.posts[which]
        community.delete_post(actor=actor(row.author), post_id=row.pk)

    def do_hide(self, which: int, _other: int) -> None:
        Post.objects.filter(pk=self.posts[which].pk).update(state=2)  # as moderation does

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
