"""Who is told: one line a room, gone when it is read; nothing by who is silent or apart."""

from __future__ import annotations

import datetime as dt

import pytest

from banyan.chat import actions as chat
from banyan.chat.models import Room
from banyan.groups.models import Membership
from banyan.kernel import clock, relay
from banyan.notify.models import Notification
from banyan.notify.queries import notifications
from banyan.people import actions as people
from banyan.people.models import Account
from tests.acceptance.test_row_18_a_group_chat import group_of
from tests.chat.test_rooms import friends, say
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def unread(account: Account) -> list[str]:
    """Return what somebody is told, after everything was delivered."""
    relay.drain()
    return [one.text for one in notifications(account.pk) if one.unread]


def test_a_room_is_one_line_until_it_is_read() -> None:
    ana, ben = friends()
    Notification.objects.all().delete()
    relay.drain()
    Notification.objects.all().delete()
    say(ana, ben, "One")
    say(ana, ben, "Two")

    assert unread(ben) == [f"{ana.display_name} wrote to you."]
    assert unread(ana) == []
    room = Room.objects.get()
    assert Notification.objects.get().url == f"/chat/{room.pk}#m2"

    chat.mark_read(actor=make.actor(ben), room_id=room.pk, seq=1)
    assert len(unread(ben)) == 1, "there is more to read"
    chat.mark_read(actor=make.actor(ben), room_id=room.pk, seq=2)
    assert unread(ben) == []


def test_what_was_read_before_the_notice_came_is_not_told() -> None:
    ana, ben = friends()
    relay.drain()
    Notification.objects.all().delete()
    made = say(ana, ben, "You are looking at it")

    chat.mark_read(actor=make.actor(ben), room_id=made.room_id, seq=1)

    assert unread(ben) == []


def test_a_stranger_asks_and_a_silent_room_says_nothing() -> None:
    ana, ben = make.member(), make.member()
    room_id = say(ana, ben).room_id
    assert unread(ben) == [f"{ana.display_name} would like to write to you."]

    chat.accept(actor=make.actor(ben), room_id=room_id)
    chat.mark_read(actor=make.actor(ben), room_id=room_id, seq=1)
    chat.mute(actor=make.actor(ben), room_id=room_id, until=clock.now() + dt.timedelta(hours=8))
    say(ana, ben, "Shh")
    assert unread(ben) == []
    chat.unmute(actor=make.actor(ben), room_id=room_id)
    say(ana, ben, "Hey")
    assert unread(ben) == [f"{ana.display_name} wrote to you."]


def test_a_group_tells_its_members_but_not_who_is_apart_from_the_writer() -> None:
    ana, ben, cem, dov = (make.member() for _ in range(4))
    group_of(ana, ben, cem)
    people.block(actor=make.actor(cem), account_id=ana.pk)
    room = chat.open_group_room(actor=make.actor(ana), group_id=Membership.objects.first().group_id)  # type: ignore[union-attr]  # there is one

    chat.send(actor=make.actor(ana), room_id=room.pk, words=chat.Words(body="Hello all"))

    assert unread(ben) == [f"{ana.display_name} wrote in Kiln friends."]
    assert unread(cem) == []
    assert unread(dov) == []
