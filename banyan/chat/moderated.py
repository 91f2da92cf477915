"""What moderation does to messages, and what it knows of them."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import works_in
from banyan.kernel import clock, events
from banyan.kernel.actors import Actor
from banyan.moderation import ports

from .access import visible_messages, visible_rooms
from .events import ChatChanged, ChatSent
from .models import Message

LABEL = 80


def _hide(*, actor: Actor, subject_id: int, reason: str) -> None:
    _change(actor, subject_id, hidden=True)


def _restore(*, actor: Actor, subject_id: int, reason: str) -> None:
    _change(actor, subject_id, hidden=False)


def _change(actor: Actor, message_id: int, *, hidden: bool) -> None:
    """Take a message off, its words kept for the moderator, or show it (again).

    What the word filter held from the first is told now that it can be read.
    """
    row = Message.objects.filter(pk=message_id, deleted_at__isnull=hidden)
    # What its author took back has nothing left to be shown.
    row = row.exclude(body="", image=None, card_kind="")
    with transaction.atomic():
        before = row.select_for_update(no_key=True).first()
        if before is None:
            return
        row.update(deleted_at=clock.now() if hidden else None)
        if not hidden and before.deleted_at == before.created_at:
            said = ChatSent(
                room_id=before.room_id,
                message_id=before.pk,
                seq=before.seq,
                author_id=before.author_id,
            )
            events.emit(said, actor=actor)
        else:
            events.emit(ChatChanged(room_id=before.room_id), actor=actor)


def _sees(actor: Actor, message_id: int) -> bool:
    row = Message.objects.select_related("room").filter(pk=message_id, deleted_at=None).first()
    if row is None:
        return False
    if row.room.shop_id is not None and works_in(actor, row.room.shop_id):
        return True
    here = visible_rooms(actor).filter(pk=row.room_id).exists()
    return here and visible_messages(actor, row.room).filter(pk=row.pk).exists()


def _find(message_id: int) -> ports.Found | None:
    """Return a message without the room: what else was said there is nobody's business."""
    row = Message.objects.filter(pk=message_id).first()
    if row is None:
        return None
    return ports.Found(
        author_id=row.author_id,
        label=row.body[:LABEL] or str(_("A message")),
        text=row.body,
        images=[row.image_id] if row.image_id else [],
    )


def register() -> None:
    """Let messages be reported, by those who were told them."""
    ports.register(
        ports.Subject("message", _("A message"), _sees, _find, hide=_hide, restore=_restore)
    )
