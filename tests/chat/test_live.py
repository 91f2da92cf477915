"""Who is woken by a message, and that who may not listen any more hears nothing."""

from __future__ import annotations

import re
import time
from urllib.parse import unquote

import pytest

from banyan.chat import actions as chat
from banyan.chat.models import Room
from banyan.chat.topics import topic_of
from banyan.kernel import relay, topics
from banyan.kernel.models import StoredEvent
from banyan.people import actions as people
from banyan.people.models import Account
from banyan.web.live.hub import Hub, Stream
from tests.chat.test_rooms import friends, say
from tests.support import factories as make
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


def listened(account: Account, room: Room) -> frozenset[str]:
    """Return the topics of the ticket on somebody's page of a room."""
    page = client(account).get(f"/chat/{room.pk}").content.decode()
    found = re.search(r'id="talk"[^>]* data-live="([^"]+)"', page)
    assert found
    return frozenset(unquote(found.group(1)).split(".")[0].split("~"))


def told_since(event_id: int) -> set[str]:
    """Return the topics of everything that happened after an event."""
    touched = topics.touched(StoredEvent.objects.filter(pk__gt=event_id).order_by("pk"))
    assert touched is not None
    return set(touched)


def last_event() -> int:
    return StoredEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def test_a_message_wakes_the_room_and_both_lists() -> None:
    ana, ben = friends()
    say(ana, ben)
    room = Room.objects.get()
    before = last_event()

    say(ben, ana, "Hello")

    assert listened(ana, room) == {topic_of(room)}
    assert told_since(before) >= {topic_of(room), f"member:{ana.pk}", f"member:{ben.pk}"}


def test_a_shops_room_wakes_its_inbox() -> None:
    shop, buyer = make.shop(), make.member()
    before = last_event()
    room = chat.open_shop_room(actor=make.actor(buyer), shop_id=shop.pk)

    chat.send(actor=make.actor(buyer), room_id=room.pk, words=chat.Words(body="Is it blue?"))

    assert told_since(before) == {topic_of(room), f"member:{buyer.pk}", f"inbox:{shop.pk}"}


def test_after_a_block_an_old_ticket_hears_nothing_of_the_room() -> None:
    ana, ben = friends()
    say(ana, ben)
    room = Room.objects.get()
    old = listened(ben, room)

    people.block(actor=make.actor(ana), account_id=ben.pk)
    relay.drain()
    room.refresh_from_db()
    people.unblock(actor=make.actor(ana), account_id=ben.pk)
    before = last_event()
    say(ana, ben, "Said later")

    assert old.isdisjoint(told_since(before)), "Ben's page of before the block stays silent"
    assert topic_of(room) in told_since(before)
    assert topic_of(room) not in old


def test_who_still_may_is_told_once_to_come_for_the_new_ticket() -> None:
    ana, ben = friends()
    say(ana, ben)
    room = Room.objects.get()
    old = listened(ben, room)
    before = last_event()

    chat.renew_streams(actor=make.actor(ana), rooms=Room.objects.filter(pk=room.pk))

    assert old <= told_since(before)
    assert listened(ben, room).isdisjoint(old)


def test_a_page_that_comes_back_is_told_what_it_missed_and_fetches_it_by_number() -> None:
    ana, ben = friends()
    say(ana, ben, "One.")
    room = Room.objects.get()
    hub = Hub()
    topic = topic_of(room)
    hub.hear(f"5 {topic}=chat.sent")
    hub.hear(f"6 {topic}=chat.sent")
    back = Stream(frozenset({topic}), "ben")

    hub.join(back, after=5, issued=time.time())
    say(ana, ben, "Two.")
    say(ana, ben, "Three.")
    headers = {"hx-request": "true"}
    fetched = client(ben).get(f"/chat/{room.pk}?first=1", headers=headers).content.decode()

    assert back.take() == {topic: ["chat.sent"]}
    assert [fetched.index(t) for t in ("One.", "Two.", "Three.")] == sorted(
        fetched.index(t) for t in ("One.", "Two.", "Three.")
    )
