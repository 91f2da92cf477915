"""Whose open pages a play concerns: those that show it, and the shop's."""

from __future__ import annotations

from collections.abc import Iterator

from banyan.chat.ports import redraw_on
from banyan.kernel import topics

from . import events
from .access import room_of
from .models import Instance

EVENTS = (
    events.PlayOpened,
    events.PlayJoined,
    events.PlayHelped,
    events.PlayMoved,
    events.PlayTurned,
)


def register() -> None:
    """Called when the application starts."""
    for event in EVENTS:
        topics.announce(event, _of_play)
    redraw_on(events.PlayJoined, _room_of)
    redraw_on(events.PlayMoved, _room_of)


def _of_play(event: events.PlayJoined) -> Iterator[str]:
    yield f"play:{event.instance_id}"
    yield f"campaign:{event.campaign_id}"


def _room_of(event: events.PlayJoined | events.PlayMoved) -> int | None:
    return room_of(Instance.objects.get(pk=event.instance_id))
