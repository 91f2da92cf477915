"""Ready-made posts, made by the public actions; the picture is a row, for it has its own tests."""

from __future__ import annotations

from typing import Any

from banyan.community import actions as community
from banyan.community.models import Post
from banyan.kernel import clock
from banyan.kernel.ids import new_code
from banyan.media.models import Image, Rendition
from banyan.people.models import Account
from tests.support.factories import actor


def image() -> Image:
    """Return a picture as intake would leave it."""
    made = Image.objects.create(
        sha256=new_code(256), original="x", width=400, height=500, created_at=clock.now()
    )
    Rendition.objects.create(
        image=made, fmt="webp", width=400, height=500, file=f"x/{made.pk}.webp", bytes=100
    )
    return made


def post(author: Account, *, picture: Image | None = None, **values: Any) -> Post:
    """Return a published post with one picture."""
    return community.publish_post(actor=actor(author), images=[picture or image()], **values)
