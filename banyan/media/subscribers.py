"""What media does about its own news, after the commit."""

from __future__ import annotations

from banyan.kernel import events

from .events import ImageTaken
from .jobs import make_renditions

# A job slot is a thread; the lanes keep a thousand new pictures from taking all of them.
LANES = 2


@events.subscribe(ImageTaken, consumer="media.renditions")
def make_the_rest(event: ImageTaken, meta: events.Meta) -> None:
    """Queue the other renditions; from here, because a job put in where somebody waits for an
    answer would make commits wait for one another."""
    lane = (event.image_id >> 22) % LANES
    make_renditions.configure(lock=f"media.renditions.{lane}").defer(image_id=event.image_id)
