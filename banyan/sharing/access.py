"""The only way to links for people: absent and forbidden look alike."""

from __future__ import annotations

from django.db.models import QuerySet

from banyan.kernel.actors import Actor

from .models import Link


def visible_links(viewer: Actor) -> QuerySet[Link]:
    """Return the links whose reports ``viewer`` may see: their own, or all for staff."""
    links = Link.objects.select_related("owner")
    if viewer.has_role("support", "moderation", "finance"):
        return links
    if viewer.id is None:
        return links.none()
    return links.filter(owner_id=viewer.id)
