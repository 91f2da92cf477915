"""What people were told about something."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q
from django.utils.translation import gettext as _

from banyan.kernel.stories import Chapter

from .models import Message, Notification
from .queries import tell


def story_of(
    *, cause_id: int, keys: Collection[str], told_about: Collection[tuple[int, str]]
) -> list[Chapter]:
    """Return messages of a cause whose key begins with one of ``keys``, and notifications.

    ``told_about`` holds (recipient, group key) of the notifications. Three queries at most.
    """
    wanted = Q(pk=None)
    for key in keys:
        wanted |= Q(key__startswith=key)
    chapters = [
        Chapter(
            message.sent_at or message.created_at,
            "message",
            _message_text(message),
            message.pk,
            detail=message.subject or message.kind,
            tone="bad" if message.state == "failed" else "",
            row=("message", message.pk),
        )
        for message in Message.objects.filter(wanted, cause_id=cause_id).order_by("pk")
    ]
    pairs = Q(pk=None)
    for recipient, group_key in told_about:
        pairs |= Q(recipient_id=recipient, group_key=group_key)
    rows = Notification.objects.filter(pairs).select_related("recipient").order_by("pk")
    chapters += [
        Chapter(
            row.updated_at,
            "message",
            _("Told on their notifications page"),
            row.pk,
            who=f"@{row.recipient.handle}",
            detail=tell(row),
        )
        for row in rows
    ]
    return chapters


def _message_text(message: Message) -> str:
    channel = {"email": _("E-mail"), "sms": _("SMS"), "wechat": _("WeChat")}.get(
        message.channel, message.channel
    )
    state = {"sent": _("sent"), "queued": _("waiting"), "failed": _("failed")}
    return _("%(channel)s to %(end)s: %(state)s") % {
        "channel": channel,
        "end": masked(message.destination),
        "state": state.get(message.state, message.state),
    }


def masked(contact: str) -> str:
    """Return a contact with its middle struck out: enough to recognise, not to copy."""
    name, at, host = contact.partition("@")
    if at:
        return f"{name[:2]}…@{host}"
    return f"…{contact[-4:]}"
