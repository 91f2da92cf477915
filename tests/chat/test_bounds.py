"""What stays small: the statements of a list, and what large rooms are spared."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from importlib import import_module

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from banyan.chat import actions as chat
from banyan.chat import notices
from banyan.chat.actions import telling
from banyan.chat.models import Room, Telling, Thread
from banyan.chat.queries import desk, read_by_other, rooms
from banyan.kernel import clock, relay
from banyan.kernel.cursors import Cursor
from banyan.notify.models import Notification
from banyan.people import actions as people
from banyan.people.models import Account
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
    place: Cursor | None = None
    while page := rooms(viewer, before=place, limit=3):
        seen += [row.room.pk for row in page]
        last = page[-1].room
        place = Cursor(last.last_at, last.pk)
        # Somebody goes on talking in the very room that the next page begins after.
        Room.objects.filter(pk=last.pk).update(last_at=clock.now())

    assert sorted(seen) == sorted(Room.objects.values_list("pk", flat=True))


def test_pages_of_an_inbox_hold_every_thread_once_while_they_are_answered() -> None:
    shop = make.shop()
    for _n in range(5):
        buyer = make.actor(make.member())
        room = chat.open_shop_room(actor=buyer, shop_id=shop.pk)
        chat.send(actor=buyer, room_id=room.pk, words=chat.Words(body="Is it safe?"))
    Thread.objects.update(last_at=clock.now())

    seen: list[int] = []
    place: Cursor | None = None
    while page := desk(make.actor(shop.owner), shop.pk, state="all", before=place, limit=2).rows:
        seen += [row.thread.pk for row in page]
        last = page[-1].thread
        place = Cursor(last.last_at, last.pk)
        Thread.objects.filter(pk=last.pk).update(last_at=clock.now())

    assert sorted(seen) == sorted(Thread.objects.values_list("pk", flat=True))


def test_a_large_room_shows_no_receipts(monkeypatch: pytest.MonkeyPatch) -> None:
    circle = circles.group()
    ana, ben = circles.joined(circle), circles.joined(circle)
    room = chat.open_group_room(actor=make.actor(ana), group_id=circle.pk)
    made = chat.send(actor=make.actor(ana), room_id=room.pk, words=chat.Words(body="Hello all"))
    chat.mark_read(actor=make.actor(ben), room_id=room.pk, seq=made.seq)
    room.refresh_from_db()
    assert read_by_other(make.actor(ana), room) == made.seq

    monkeypatch.setattr(import_module("banyan.chat.queries.rooms"), "MOST_RECEIPTS", 2)

    assert read_by_other(make.actor(ana), room) is None


@dataclass(slots=True)
class Crowd:
    """A group too large to be told at once, its room, and who speaks there."""

    room: Room
    speaker: Account
    members: list[Account]

    def say(self, body: str) -> None:
        """Say something, and let the relay bring it to those who tell of it."""
        words = chat.Words(body=body)
        chat.send(actor=make.actor(self.speaker), room_id=self.room.pk, words=words)
        relay.drain()

    def told(self) -> dict[str, str]:
        """Return what is unread by the name of who is told: the kind of the line."""
        lines = Notification.objects.filter(read_at=None, kind__startswith="chat")
        return {one.recipient.display_name: one.kind for one in lines.select_related("recipient")}


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> Crowd:
    monkeypatch.setattr(notices, "MOST_TOLD", 2)
    circle = circles.group()
    speaker = circles.joined(circle, make.member("ana"))
    members = [circles.joined(circle, make.member(name)) for name in ("ben", "cem", "dov", "eve")]
    room = chat.open_group_room(actor=make.actor(speaker), group_id=circle.pk)
    relay.drain()
    Notification.objects.all().delete()
    return Crowd(room, speaker, [*members, circles.founder(circle)])


def test_in_a_large_room_who_is_named_is_told_at_once_and_the_others_by_the_job(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben, cem, dov, eve, _boss = crowd.members
    chat.mute(actor=make.actor(cem), room_id=crowd.room.pk)
    people.block(actor=make.actor(dov), account_id=crowd.speaker.pk)
    monkeypatch.setattr(telling, "BATCH", 2)

    crowd.say("Have a look, @ben and @cem")

    assert crowd.told() == {ben.display_name: "chat_mention"}
    batches = chat.tell_large_rooms()
    told = crowd.told()
    assert batches >= 2
    assert told[eve.display_name] == "chat"
    assert told[ben.display_name] == "chat_mention", "one line is enough"
    assert not {cem.display_name, dov.display_name, crowd.speaker.display_name} & set(told)


def test_a_large_room_tells_a_round_an_hour_and_nobody_twice_before_they_read(crowd: Crowd) -> None:
    ben, *_others = crowd.members
    began = clock.now()
    crowd.say("One")
    chat.tell_large_rooms()
    chat.mark_read(actor=make.actor(ben), room_id=crowd.room.pk, seq=1)
    relay.drain()

    crowd.say("Two")

    assert chat.tell_large_rooms() == 0
    assert ben.display_name not in crowd.told()
    with clock.at(began + dt.timedelta(hours=2)):
        assert chat.tell_large_rooms() == 1
        assert chat.tell_large_rooms() == 0, "repeatable"
    assert ben.display_name in crowd.told()
    assert set(Notification.objects.values_list("n", flat=True)) == {1}


def test_a_batch_asks_the_same_of_two_and_of_five(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count(size: int) -> int:
        Notification.objects.all().delete()
        Telling.objects.update(due_at=clock.now(), reached=0)
        monkeypatch.setattr(telling, "BATCH", size)
        with CaptureQueriesContext(connection) as asked:
            assert telling._tell_batch(Telling.objects.get().pk)
        assert Notification.objects.count() == min(size, 5)
        return len(asked)

    crowd.say("Hello all")
    # the savepoint, the row, the members, blocks, places, mutes, ids, lines, events, the row
    assert count(3) == count(6) <= 13
