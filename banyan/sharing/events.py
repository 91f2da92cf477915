"""What sharing tells the floors above."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from banyan.kernel.events import Event

if TYPE_CHECKING:
    from .models import Link


class LinkShared(Event):
    """Somebody shares something for the first time on this path."""

    name: ClassVar[str] = "link.shared"
    subject: ClassVar[str] = "link_id"
    link_id: int
    root_id: int
    parent_id: int | None
    owner_id: int
    target_kind: str
    target_id: int


class LinkRevoked(Event):
    """A link opens nothing any more."""

    name: ClassVar[str] = "link.revoked"
    subject: ClassVar[str] = "link_id"
    link_id: int
    owner_id: int


class _OfLink(Event):
    subject: ClassVar[str] = "link_id"
    link_id: int
    root_id: int
    owner_id: int
    target_kind: str
    target_id: int
    count: int

    @classmethod
    def of(cls, link: Link, count: int) -> Self:
        """Return the event of ``count`` touches of a link."""
        return cls(
            link_id=link.pk,
            root_id=link.root_id or link.pk,
            owner_id=link.owner_id,
            target_kind=link.target_kind,
            target_id=link.target_id,
            count=count,
        )


class SharingTouched(_OfLink):
    """People opened a link: one event per link and loaded batch, robots not counted."""

    name: ClassVar[str] = "sharing.touched"


class SharingVisited(_OfLink):
    """Pages that a link led to have run in front of people: these touches are proven now."""

    name: ClassVar[str] = "sharing.visited"
