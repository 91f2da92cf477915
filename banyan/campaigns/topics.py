"""Whose open pages a play concerns: those that show it, and the shop's."""

from __future__ import annotations

from collections.abc import Iterator

from banyan.kernel import topics

from . import events

EVENTS = (events.PlayOpened, events.PlayJoined, events.PlayHelped, events.PlayMoved)


def register() -> None:
    """Called when the application starts."""
    for event in EVENTS:
        topics.announce(event, _of_play)


def _of_play(event: events.PlayJoined) -> Iterator[str]:
    yield f"play:{event.instance_id}"
    yield f"campaign:{event.campaign_id}"
