"""Whose open pages a notification concerns: its recipient's, wherever they are open."""

from __future__ import annotations

from collections.abc import Iterator

from banyan.kernel import topics

from .events import NotificationRead, NotificationTold


def register() -> None:
    """Called when the application starts."""
    for event in (NotificationTold, NotificationRead):
        topics.announce(event, _of_recipient)


def _of_recipient(event: NotificationTold | NotificationRead) -> Iterator[str]:
    yield f"member:{event.recipient_id}"
