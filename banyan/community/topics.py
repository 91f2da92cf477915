"""Which shops' pages a shared post concerns: those whose goods it shows."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q

from banyan.kernel import topics
from banyan.sharing.events import LinkShared, SharingTouched, SharingVisited

from .models import Post, ProductTag


def register() -> None:
    """Called when the application starts."""
    for event in (LinkShared, SharingTouched, SharingVisited):
        topics.announce(event, _of_post)


def _of_post(event: LinkShared | SharingTouched | SharingVisited) -> Iterator[str]:
    if event.target_kind == "post":
        original = Post.objects.filter(pk=event.target_id).values("repin_of_id")
        tags = ProductTag.objects.filter(
            Q(post_image__post_id=event.target_id) | Q(post_image__post_id__in=original)
        )
        for shop_id in tags.values_list("product__shop_id", flat=True).distinct():
            yield f"shop:{shop_id}"
