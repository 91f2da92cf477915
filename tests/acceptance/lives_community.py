"""What groups and authors do with what they made, for ``test_whole_life``."""

from __future__ import annotations

from typing import Any

from banyan.community import actions as community
from banyan.groups import actions as groups
from banyan.kernel import relay
from tests.community.posts import post as publish
from tests.support import factories as make

ROUND = groups.GroupInput(name="Round things", about="Bowls and moons.", policy="request")


def of_groups(settings: Any) -> None:
    """A group that is asked for, led by another, left, hidden and closed."""
    owner = make.actor(make.member())
    second, third, fourth = (make.member() for _ in range(3))
    group = groups.make_group(actor=owner, slug="round-things", data=ROUND)
    for one in (second, third, fourth):
        groups.join(actor=make.actor(one), group_id=group.pk)
        groups.accept(actor=owner, group_id=group.pk, account_id=one.pk)
    groups.set_role(actor=owner, group_id=group.pk, account_id=second.pk, role="moderator")
    groups.remove(actor=owner, group_id=group.pk, account_id=third.pk)
    groups.leave(actor=make.actor(fourth), group_id=group.pk)
    office = make.actor(make.staff("moderation"))
    groups.hide_group(actor=office, group_id=group.pk, reason="complaints")
    groups.show_group(actor=office, group_id=group.pk, reason="mended")
    groups.close_group(actor=owner, group_id=group.pk)
    relay.drain()


def of_authors(settings: Any) -> None:
    """A post that says something else later, what is taken back, a board that two keep."""
    author, friend = make.member(), make.member()
    written = publish(author, title="Before")
    who = make.actor(author)
    community.edit_post(actor=who, post_id=written.pk, title="After", body="")
    community.like(actor=make.actor(friend), post_id=written.pk)
    community.unlike(actor=make.actor(friend), post_id=written.pk)
    word = community.comment(actor=make.actor(friend), post_id=written.pk, body="Oh")
    community.delete_comment(actor=make.actor(friend), comment_id=word.pk)
    community.delete_post(actor=who, post_id=written.pk)
    board = community.make_board(actor=who, title="Ours")
    community.invite_to_board(actor=who, board_id=board.pk, handle=friend.handle)
    relay.drain()
