"""Whose open pages a post concerns: shops whose goods it shows, and the feeds it comes into."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q

from banyan.kernel import topics
from banyan.people.models import Follow
from banyan.sharing.events import LinkShared, SharingTouched, SharingVisited

from .access import ONLY_ME, PUBLIC
from .events import PostPublished
from .models import Post, ProductTag

MOST_READERS = 300
"""With more followers an author is a topic of their own, instead of each follower's feed."""


def register() -> None:
    """Called when the application starts."""
    for event in (LinkShared, SharingTouched, SharingVisited):
        topics.announce(event, _of_post)
    topics.announce(PostPublished, _of_readers)


def _of_post(event: LinkShared | SharingTouched | SharingVisited) -> Iterator[str]:
    if event.target_kind == "post":
        original = Post.objects.filter(pk=event.target_id).values("repin_of_id")
        tags = ProductTag.objects.filter(
            Q(post_image__post_id=event.target_id) | Q(post_image__post_id__in=original)
        )
        for shop_id in tags.values_list("product__shop_id", flat=True).distinct():
            yield f"shop:{shop_id}"


def _of_readers(event: PostPublished) -> Iterator[str]:
    """Yield the feeds of the followers; of a widely followed author, the author's topic.

    A page listens to a few authors at most. Whoever follows more widely followed people than that
    meets their posts with the next page, and when something else wakes it.
    """
    visibility = Post.objects.filter(pk=event.post_id).values_list("visibility", flat=True).first()
    if visibility is None or visibility == ONLY_ME:
        return
    readers = Follow.objects.filter(followee_id=event.author_id, state=1)
    found = list(readers.values_list("follower_id", flat=True)[: MOST_READERS + 1])
    if len(found) <= MOST_READERS:
        yield from (f"feed:{reader}" for reader in found)
    elif visibility == PUBLIC:
        yield f"fans:{event.author_id}"
