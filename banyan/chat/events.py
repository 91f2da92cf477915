"""What the chat says: ids only, never words."""

from __future__ import annotations

from typing import ClassVar

from banyan.kernel.events import Event


class _OfRoom(Event):
    subject: ClassVar[str] = "room_id"
    room_id: int


class ChatSent(_OfRoom):
    """The ``seq``-th message of a room; again when one that was held back may be read.

    ``author_id`` is None for what was said elsewhere.
    """

    name: ClassVar[str] = "chat.sent"
    message_id: int
    seq: int
    author_id: int | None = None


class ChatRead(_OfRoom):
    """``account_id`` has read a room up to ``seq``."""

    name: ClassVar[str] = "chat.read"
    account_id: int
    seq: int


class ChatChanged(_OfRoom):
    """A request was answered, a message taken back, a thread moved on.

    ``stream`` is the room's topic from before, where it has a new one now.
    """

    name: ClassVar[str] = "chat.changed"
    stream: int | None = None
