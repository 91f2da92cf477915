"""Pictures for tests, through the real intake."""

from __future__ import annotations

import io

import PIL.Image

from banyan.kernel.actors import Actor
from banyan.media.actions import stage


def staged_picture(actor: Actor, colour: tuple[int, int, int] = (200, 90, 60)) -> str:
    """Return the token of a staged picture of ``actor``."""
    data = io.BytesIO()
    PIL.Image.new("RGB", (600, 750), colour).save(data, "JPEG")
    return stage(actor=actor, data=data.getvalue(), filename="picture.jpg").token
