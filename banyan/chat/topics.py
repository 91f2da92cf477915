"""Whose open pages the chat concerns: those of the room, its people's lists, the shop's inbox.

A room's topic is ``chat:STREAM``. Whoever loses the right to listen keeps a ticket for a topic on
which nothing is said any more.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet

from banyan.kernel import topics
from banyan.kernel.remembered import remembered

from .events import ChatChanged, ChatRead, ChatSent
from .models import Room


def register() -> None:
    """Called when the application starts."""
    topics.announce(ChatSent, _of_message)
    topics.announce(ChatRead, _of_pointer)
    topics.announce(ChatChanged, _of_change)


def topic_of(room: Room) -> str:
    """Return the name of a room's topic, for tickets of those who may see it now."""
    return f"chat:{room.stream}"


@remembered
def _room(room_id: int) -> QuerySet[Room]:
    return Room.objects.filter(pk=room_id)


def _of_message(event: ChatSent | ChatChanged) -> Iterator[str]:
    room = _room.first(event.room_id)
    if room is None:
        return
    yield topic_of(room)
    for account_id in (room.low_id, room.high_id, room.account_id):
        if account_id is not None:
            yield f"member:{account_id}"
    if room.shop_id is not None:
        yield f"inbox:{room.shop_id}"


def _of_pointer(event: ChatRead) -> Iterator[str]:
    room = _room.first(event.room_id)
    if room is not None:
        yield topic_of(room)
        yield f"member:{event.account_id}"
        if room.shop_id is not None:
            yield f"inbox:{room.shop_id}"


def _of_change(event: ChatChanged) -> Iterator[str]:
    if event.stream is not None:
        yield f"chat:{event.stream}"
    yield from _of_message(event)
