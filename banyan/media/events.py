"""What media tells."""

from __future__ import annotations

from typing import ClassVar

from banyan.kernel.events import Event


class ImageTaken(Event):
    """A new picture was taken in; its first rendition exists, the others are still to be made."""

    name: ClassVar[str] = "image.taken"
    subject: ClassVar[str] = "image_id"
    image_id: int
    owner_id: int | None
