"""What trust tells the floors above."""

from __future__ import annotations

from typing import ClassVar

from banyan.kernel.events import Event


class CircleFound(Event):
    """People buy through each other in a circle: somebody has to look. Again when it gets strong.

    ``strength`` is usual or strong; who they are is for reviewers, and stays out of the event.
    """

    name: ClassVar[str] = "circle.found"
    subject: ClassVar[str] = "circle_id"
    circle_id: int
    strength: str
    rounds: int
