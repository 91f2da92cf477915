"""What people say: accounts, contacts, relations."""

from __future__ import annotations

from typing import ClassVar

from banyan.kernel.events import Event


class AccountCreated(Event):
    """Somebody proved a contact that no account had. ``channel``: email, sms, social, demo."""

    name: ClassVar[str] = "account.created"
    subject: ClassVar[str] = "account_id"
    account_id: int
    handle: str
    channel: str


class ContactVerified(Event):
    """An account proved that it reads a contact; the contact itself stays out of the event."""

    name: ClassVar[str] = "account.contact_verified"
    subject: ClassVar[str] = "account_id"
    account_id: int
    channel: str


class BrowserJoined(Event):
    """Somebody signed in with a browser that has a visitor id, which stays out of the event."""

    name: ClassVar[str] = "account.browser_joined"
    subject: ClassVar[str] = "account_id"
    account_id: int
    visitor_link_id: int


class FollowStarted(Event):
    """``follower_id`` follows ``followee_id``; ``is_mutual`` when that makes a friendship.

    ``was_asked``: it waited for a yes, which has just come.
    """

    name: ClassVar[str] = "follow.started"
    subject: ClassVar[str] = "followee_id"
    follower_id: int
    followee_id: int
    is_mutual: bool
    was_asked: bool = False


class FollowRequested(Event):
    """``follower_id`` would like to follow ``followee_id``, who approves followers."""

    name: ClassVar[str] = "follow.requested"
    subject: ClassVar[str] = "followee_id"
    follower_id: int
    followee_id: int


class FollowRequestEnded(Event):
    """A request to follow was taken back, declined, or ended by a block."""

    name: ClassVar[str] = "follow.request_ended"
    subject: ClassVar[str] = "followee_id"
    follower_id: int
    followee_id: int


class FollowEnded(Event):
    """A follow was taken back, or a block ended it."""

    name: ClassVar[str] = "follow.ended"
    subject: ClassVar[str] = "followee_id"
    follower_id: int
    followee_id: int


class BlockStarted(Event):
    """``actor_id`` wants nothing to do with ``target_id``."""

    name: ClassVar[str] = "block.started"
    subject: ClassVar[str] = "target_id"
    actor_id: int
    target_id: int


class GuestMerged(Event):
    """Purchases of a guest became an account's, by a verified contact."""

    name: ClassVar[str] = "account.guest_merged"
    subject: ClassVar[str] = "account_id"
    account_id: int
    merge_id: int


class GuestMergeUndone(Event):
    """A merge was taken back; what it moved belongs to no account again."""

    name: ClassVar[str] = "account.guest_merge_undone"
    subject: ClassVar[str] = "account_id"
    account_id: int
    merge_id: int
