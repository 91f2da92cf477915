"""Feeds of a place: a group, the region one lives in. Newest first."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from banyan.kernel.actors import Actor
from banyan.people.access import not_muted
from banyan.people.models import Profile

from ...access import PUBLIC, visible_posts
from ...models import Post
from ..posts import END, PAGE


def group_ids(viewer: Actor, group_id: int, *, before: int = END, page: int = PAGE) -> list[int]:
    """Return the posts that stand in a group, as far as the viewer may see them."""
    posts = _unmuted(viewer).filter(group_id=group_id, pk__lt=before)
    return list(posts.order_by("-id").values_list("id", flat=True)[:page])


def near_ids(viewer: Actor, *, before: int = END, page: int = PAGE) -> list[int]:
    """Return public posts from the region that the viewer's own profile names, of others.

    None where it names none. A region is as exact as both made it; no distance is known.
    """
    region = Profile.objects.filter(pk=viewer.id or 0).values("region")[:1]
    posts = _unmuted(viewer).filter(
        ~Q(region=""), visibility=PUBLIC, repin_of=None, region=region, pk__lt=before
    )
    posts = posts.exclude(author_id=viewer.id or 0)
    return list(posts.order_by("-id").values_list("id", flat=True)[:page])


def _unmuted(viewer: Actor) -> QuerySet[Post]:
    return visible_posts(viewer).filter(not_muted(viewer, "author_id"))
