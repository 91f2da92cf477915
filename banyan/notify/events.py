"""What notify says: an account's list of notifications is not what it was."""

from __future__ import annotations

from typing import ClassVar

from banyan.kernel.events import Event


class NotificationTold(Event):
    """An account was told of something; what, stands on its own page."""

    name: ClassVar[str] = "notification.told"
    subject: ClassVar[str] = "recipient_id"
    recipient_id: int


class NotificationRead(Event):
    """Notifications of an account count as read, or went because they hold no longer."""

    name: ClassVar[str] = "notification.read"
    subject: ClassVar[str] = "recipient_id"
    recipient_id: int
