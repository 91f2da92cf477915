"""The only way to links for people: absent and forbidden look alike."""

from __future__ import annotations

from django.db.models import QuerySet

from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound

from .models import Link


def get_link_for(actor: Actor, link_id: int) -> Link:
    """Return a link that ``actor`` may manage: its owner, or support and moderation."""
    link = visible_links(actor).filter(pk=link_id).first()
    if link is None:
        raise NotFound(detail=f"link {link_id}")
    return link


def visible_links(viewer: Actor) -> QuerySet[Link]:
    """Return the links whose reports ``viewer`` may see: their own, or all for staff."""
    links = Link.objects.select_related("owner")
    if viewer.has_role("support", "moderation", "finance"):
        return links
    if viewer.id is None:
        return links.none()
    return links.filter(owner_id=viewer.id)
