"""What groups tell the floors above."""

from __future__ import annotations

from typing import ClassVar

from banyan.kernel.events import Event


class GroupMade(Event):
    """Somebody has founded a group."""

    name: ClassVar[str] = "group.made"
    subject: ClassVar[str] = "group_id"
    group_id: int
    owner_id: int


class GroupClosed(Event):
    """An owner has closed a group for good."""

    name: ClassVar[str] = "group.closed"
    subject: ClassVar[str] = "group_id"
    group_id: int


class GroupHidden(Event):
    """The platform has hidden a group, or shows it again."""

    name: ClassVar[str] = "group.hidden"
    subject: ClassVar[str] = "group_id"
    group_id: int
    hidden: bool


class GroupAsked(Event):
    """Somebody asks to be let in."""

    name: ClassVar[str] = "group.asked"
    subject: ClassVar[str] = "group_id"
    group_id: int
    account_id: int


class GroupJoined(Event):
    """Somebody belongs to a group from now on.

    ``by_id`` let them in; ``invited_by_id`` sent the invitation they came with.
    """

    name: ClassVar[str] = "group.joined"
    subject: ClassVar[str] = "group_id"
    group_id: int
    account_id: int
    by_id: int | None = None
    invited_by_id: int | None = None


class GroupLeft(Event):
    """A member has left."""

    name: ClassVar[str] = "group.left"
    subject: ClassVar[str] = "group_id"
    group_id: int
    account_id: int


class GroupRemoved(Event):
    """A moderator took a member out, or keeps somebody out (``banned``)."""

    name: ClassVar[str] = "group.removed"
    subject: ClassVar[str] = "group_id"
    group_id: int
    account_id: int
    banned: bool


class GroupRoleChanged(Event):
    """A member has another role: owner, moderator or member."""

    name: ClassVar[str] = "group.role_changed"
    subject: ClassVar[str] = "group_id"
    group_id: int
    account_id: int
    role: str


class GroupOffered(Event):
    """A member shows the group something to buy."""

    name: ClassVar[str] = "group.offered"
    subject: ClassVar[str] = "offer_id"
    offer_id: int
    group_id: int
    by_id: int
    product_id: int


class GroupOfferTold(Event):
    """All who had asked for it were told of an offer, as far as their cap allows."""

    name: ClassVar[str] = "group.offer_told"
    subject: ClassVar[str] = "offer_id"
    offer_id: int
    group_id: int
    told: int
