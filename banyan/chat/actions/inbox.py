"""The shop's side of a room: whose turn it is, who answers, how soon, ready words."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import get_shop_for_staff
from banyan.catalog.models import ShopStaff
from banyan.kernel import events
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Invalid, NotFound
from banyan.kernel.states import transition
from banyan.people.access import member_id

from ..access import get_thread_for
from ..events import ChatChanged, ChatRead
from ..models import Answer, Message, QuickReply, Room, Thread
from ..models.rooms import LONGEST
from ..states import DONE, OPEN, THREAD, WAITING

MOST_REPLIES = 50


def asked(*, actor: Actor, room: Room, message: Message) -> Thread:
    """Note that a buyer said something: the thread is open, the time runs from the first word.

    Inside the transaction that wrote the message, which holds the room.
    """
    thread, _new = Thread.objects.get_or_create(
        room=room, defaults={"shop_id": room.shop_id, "last_at": message.created_at}
    )
    thread.last_at = message.created_at
    thread.asked_at = thread.asked_at or message.created_at
    thread.save(update_fields=["last_at", "asked_at"])
    if thread.state != OPEN:
        transition(THREAD, thread, OPEN, actor=actor)
    return thread


def replied(*, actor: Actor, room: Room, message: Message) -> Thread:
    """Note that the shop said something: what was asked is answered, and the buyer's turn.

    Inside the transaction that wrote the message, which holds the room. An unassigned thread is
    the answerer's from now on.
    """
    thread, _new = Thread.objects.get_or_create(
        room=room, defaults={"shop_id": room.shop_id, "last_at": message.created_at}
    )
    if thread.asked_at is not None:
        Answer.objects.create(
            thread=thread,
            shop_id=thread.shop_id,
            by_id=message.author_id,
            asked_at=thread.asked_at,
            answered_at=message.created_at,
        )
    Thread.objects.filter(pk=thread.pk).update(
        last_at=message.created_at, asked_at=None, read_seq=message.seq
    )
    _give(thread.pk, None, message.author_id)
    if thread.state != WAITING:
        transition(THREAD, thread, WAITING, actor=actor)
    return thread


def take_thread(*, actor: Actor, shop_id: int, thread_id: int) -> Thread:
    """Take a thread that nobody has: of several at once exactly one gets it. Repeatable.

    Raises Conflict ``thread_taken``, with who has it. Emits chat.changed.
    """
    return assign(actor=actor, shop_id=shop_id, thread_id=thread_id, to=actor.id, had=None)


def assign(
    *, actor: Actor, shop_id: int, thread_id: int, to: int | None, had: int | None
) -> Thread:
    """Give a thread to somebody who works in the shop, or to nobody, if ``had`` still has it.

    Raises NotFound, Conflict ``thread_taken`` when somebody else was given it meanwhile. Emits
    chat.changed.
    """
    thread = get_thread_for(actor, shop_id, thread_id)
    works_here = ShopStaff.objects.filter(shop_id=shop_id, account_id=to or 0)
    if to is not None and not works_here.exists():
        raise NotFound()
    with transaction.atomic():
        if _give(thread.pk, had, to):
            events.emit(ChatChanged(room_id=thread.room_id), actor=actor)
    thread = get_thread_for(actor, shop_id, thread_id)
    if thread.assignee_id != to:
        name = thread.assignee.display_name if thread.assignee else _("Nobody")
        raise Conflict(_("%(name)s has this thread now.") % {"name": name}, code="thread_taken")
    return thread


def _give(thread_id: int, had: int | None, to: int | None) -> bool:
    """Change who has a thread by one conditional statement; tell whether it was done."""
    return bool(Thread.objects.filter(pk=thread_id, assignee_id=had).update(assignee_id=to))


def finish(*, actor: Actor, shop_id: int, thread_id: int, seen: int | None = None) -> Thread:
    """Say that nothing is open with a buyer; their next word opens it again. Repeatable.

    What was asked and needed no answer counts as no answer. ``seen`` is the number of the last
    message that was looked at: Conflict ``thread_moved`` when the buyer has said something since
    that nobody of the shop has read. Holds the room. Emits chat.changed.
    """
    thread = get_thread_for(actor, shop_id, thread_id)
    if thread.state == DONE:
        return thread
    with transaction.atomic():
        Room.objects.select_for_update(no_key=True).get(pk=thread.room_id)
        thread = get_thread_for(actor, shop_id, thread_id)
        if thread.state == DONE:
            return thread
        if seen is not None and _unread_after(thread, seen):
            raise Conflict(_("The buyer has written again. Look at it first."), code="thread_moved")
        transition(THREAD, thread, DONE, actor=actor, asked_at=None)
        events.emit(ChatChanged(room_id=thread.room_id), actor=actor)
    return thread


def _unread_after(thread: Thread, seen: int) -> bool:
    theirs = Message.objects.filter(room_id=thread.room_id, as_shop=False, deleted_at=None)
    return theirs.filter(seq__gt=max(seen, thread.read_seq)).exists()


def read_thread(*, actor: Actor, shop_id: int, thread_id: int, seq: int) -> Thread:
    """Note that somebody of the shop has read a thread up to ``seq``; never backwards.

    Emits chat.read where it moved, so that the buyer sees it and the reader's notice goes.
    """
    thread = get_thread_for(actor, shop_id, thread_id)
    seq = min(max(0, seq), thread.room.last_seq)
    with transaction.atomic():
        if Thread.objects.filter(pk=thread.pk, read_seq__lt=seq).update(read_seq=seq):
            read = ChatRead(room_id=thread.room_id, account_id=member_id(actor), seq=seq)
            events.emit(read, actor=actor)
    return thread


def save_quick_reply(*, actor: Actor, shop_id: int, title: str, body: str) -> QuickReply:
    """Keep words under a title, in place of what had this title; fifty a shop at most."""
    shop = get_shop_for_staff(actor, shop_id)
    title, body = title.strip(), body.strip()
    fields: dict[str, object] = {}
    if not 1 <= len(title) <= 60:
        fields["title"] = _("Give it a name of 1 to 60 letters.")
    if not 1 <= len(body) <= LONGEST:
        fields["body"] = _("Write 1 to 2,000 letters.")
    if fields:
        raise Invalid(fields=fields)
    mine = QuickReply.objects.filter(shop=shop)
    if mine.exclude(title=title).count() >= MOST_REPLIES:
        raise Invalid(fields={"title": _("At most 50 quick replies.")})
    reply, _new = QuickReply.objects.update_or_create(
        shop=shop, title=title, defaults={"body": body}
    )
    return reply


def remove_quick_reply(*, actor: Actor, shop_id: int, reply_id: int) -> None:
    """Forget ready words. Repeatable."""
    shop = get_shop_for_staff(actor, shop_id)
    QuickReply.objects.filter(shop=shop, pk=reply_id).delete()
