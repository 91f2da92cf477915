"""What stays small: the statements of a list, and what large rooms are spared."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from banyan.chat import actions as chat
from banyan.chat import notices
from banyan.chat.models import Room
from banyan.chat.queries import read_by_other, rooms
from banyan.kernel import relay
from banyan.notify.models import Notification
from banyan.people import actions as people
from tests.chat.test_rooms import friends, say
from tests.groups import circles
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def test_the_list_asks_the_same_for_one_room_and_for_ten() -> None:
    ana, ben = friends()
    say(ben, ana)
    viewer = make.actor(ana)

    def count() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert rooms(viewer, limit=30)
        return len(asked)

    few = count()
    for _n in range(9):
        other = make.member()
        people.follow(actor=viewer, account_id=other.pk)
        say(other, ana)

    assert len(rooms(viewer, limit=30)) == 10
    assert count() == few


def test_pages_of_the_list_hold_every_room_once() -> None:
    ana, _ben = friends()
    viewer = make.actor(ana)
    for _n in range(7):
        other = make.member()
        people.follow(actor=viewer, account_id=other.pk)
        say(other, ana)

    seen: list[int] = []
    while page := rooms(viewer, before=seen[-1] if seen else 0, limit=3):
        seen += [row.room.pk for row in page]

    assert sorted(seen) == sorted(Room.objects.values_list("pk", flat=True))


def test_a_large_room_shows_no_receipts_and_sends_no_notices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    circle = circles.group()
    ana, ben = circles.joined(circle), circles.joined(circle)
    room = chat.open_group_room(actor=make.actor(ana), group_id=circle.pk)
    made = chat.send(actor=make.actor(ana), room_id=room.pk, words=chat.Words(body="Hello all"))
    chat.mark_read(actor=make.actor(ben), room_id=room.pk, seq=made.seq)
    room.refresh_from_db()
    assert read_by_other(make.actor(ana), room) == made.seq

    monkeypatch.setattr(import_module("banyan.chat.queries.rooms"), "MOST_RECEIPTS", 2)
    monkeypatch.setattr(notices, "MOST_TOLD", 2)
    relay.drain()
    Notification.objects.all().delete()
    chat.send(actor=make.actor(ana), room_id=room.pk, words=chat.Words(body="Three of us"))
    relay.drain()

    assert read_by_other(make.actor(ana), room) is None
    assert not Notification.objects.filter(kind="chat").exists()
