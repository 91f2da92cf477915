"""Pictures for tests, through the real intake."""

from __future__ import annotations

import io

import PIL.Image

from banyan.kernel.actors import Actor
from banyan.media.actions import stage


def jpeg(colour: tuple[int, int, int] = (200, 90, 60)) -> bytes:
    """Return a picture of one colour."""
    data = io.BytesIO()
    PIL.Image.new("RGB", (600, 750), colour).save(data, "JPEG")
    return data.getvalue()


def staged_picture(actor: Actor, colour: tuple[int, int, int] = (200, 90, 60)) -> str:
    """Return the token of a staged picture of ``actor``."""
    return stage(actor=actor, data=jpeg(colour), filename="picture.jpg").token
