"""What sharing tells the floors above."""

from __future__ import annotations

from typing import ClassVar

from banyan.kernel.events import Event


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


class SharingTouched(Event):
    """People opened a link: one event per link and loaded batch, robots not counted."""

    name: ClassVar[str] = "sharing.touched"
    subject: ClassVar[str] = "link_id"
    link_id: int
    root_id: int
    owner_id: int
    target_kind: str
    target_id: int
    count: int
