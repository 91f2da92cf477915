"""A package above puts a card of its own into a room, and the room's pages follow it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import ClassVar

import pytest
from django.core.exceptions import ImproperlyConfigured

from banyan.chat import actions as chat
from banyan.chat import ports
from banyan.chat.models import Message, Room
from banyan.chat.topics import topic_of
from banyan.kernel import topics
from banyan.kernel.actors import Actor
from banyan.kernel.events import Event
from banyan.kernel.problems import Invalid, NotFound
from tests.chat.test_rooms import friends, say
from tests.support import factories as make
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db
PACKET = 7


class PacketOpened(Event):
    """Somebody took a share of a packet."""

    name: ClassVar[str] = "packet.opened"
    subject: ClassVar[str] = "packet_id"
    packet_id: int


@pytest.fixture
def packets(monkeypatch: pytest.MonkeyPatch) -> dict[int, str]:
    """Register a kind of card as its package would; returns what each packet says now."""
    state = {PACKET: "3 of 5 left"}

    def draw(viewer: Actor, ids: Collection[int]) -> Mapping[int, ports.Card]:
        return {one: ports.Card("/packets/7", "Good luck", state[one]) for one in ids}

    monkeypatch.setattr(ports, "_resolvers", dict(ports._resolvers))
    monkeypatch.setattr(topics, "_sources", dict(topics._sources))
    ports.register_card("packet", draw)
    return state


def test_a_card_of_a_kind_from_above_is_shown_and_drawn_anew(packets: dict[int, str]) -> None:
    ana, ben = friends()
    say(ana, ben)
    room = Room.objects.get()
    ports.redraw_on(PacketOpened, lambda _opened: room.pk)
    words = chat.Words(card=chat.Wanted("packet", PACKET), key="packet:7")

    sent = [chat.send(actor=make.actor(ana), room_id=room.pk, words=words) for _twice in "ab"]
    before = client(ben).get(f"/chat/{room.pk}").content.decode()
    packets[PACKET] = "2 of 5 left"
    fragment = client(ben).get(f"/chat/{room.pk}?first=1", headers={"hx-request": "true"})

    assert sent[0].pk == sent[1].pk
    assert "3 of 5 left" in before
    assert "2 of 5 left" in fragment.content.decode()
    (source,) = topics._sources["packet.opened"]
    assert list(source(PacketOpened(packet_id=PACKET))) == [topic_of(room)]


def test_nobody_puts_it_there_by_hand_or_takes_it_away(packets: dict[int, str]) -> None:
    ana, ben = friends()
    say(ana, ben)
    room = Room.objects.get()
    browser = client(ana)

    typed = browser.post(f"/chat/{room.pk}/say", {"card": f"packet:{PACKET}"})
    assert typed.status_code == 422
    made = chat.send(
        actor=make.actor(ana),
        room_id=room.pk,
        words=chat.Words(card=chat.Wanted("packet", PACKET)),
    )
    with pytest.raises(NotFound):
        chat.take_back(actor=make.actor(ana), room_id=room.pk, message_id=made.pk)

    page = browser.get(f"/chat/{room.pk}").content.decode()
    assert "Good luck" in page
    assert f"/{made.pk}/take-back" not in page
    assert Message.objects.get(pk=made.pk).card_id == PACKET


def test_a_kind_that_nobody_draws_cannot_be_sent_nor_a_name_be_too_long() -> None:
    ana, ben = friends()
    say(ana, ben)
    words = chat.Words(card=chat.Wanted("packet", PACKET))

    with pytest.raises(Invalid):
        chat.send(actor=make.actor(ana), room_id=Room.objects.get().pk, words=words)
    with pytest.raises(ImproperlyConfigured):
        ports.register_card("a" * 13, lambda viewer, ids: {})
