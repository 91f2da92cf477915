"""Who is told that something was said: one line a room, nobody who silenced it."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from banyan.catalog.models import ShopStaff
from banyan.groups.access import MEMBER
from banyan.groups.models import Membership
from banyan.kernel import clock, events
from banyan.kernel.events import Meta
from banyan.notify import kinds
from banyan.notify.actions import mark_read, notify
from banyan.notify.kinds import Happening
from banyan.notify.models import Notification

from .events import ChatRead, ChatSent
from .models import Member, Message, Room, Thread
from .states import OPEN

CONSUMER = "chat.notices"
# In larger rooms people look themselves.
MOST_TOLD = 500


@events.subscribe(ChatSent, consumer=CONSUMER)
def tell_of_a_message(event: ChatSent, meta: Meta) -> None:
    """Tell those in the room who have not read it yet; a shop's are who has the thread, or all."""
    message = Message.objects.select_related("room__shop", "room__group").get(pk=event.message_id)
    room = message.room
    if message.deleted_at is not None:
        return
    if room.kind == "shop" and not message.as_shop:
        _tell_the_shop(message)
        return
    quiet = _quiet(room, message.seq)
    for account_id in _people(room) - quiet:
        if account_id == message.author_id:
            continue
        kind = "chat" if room.state == OPEN else "chat_request"
        _tell(room, message, account_id, kind, f"/chat/{room.pk}#m{message.seq}")


def _people(room: Room) -> set[int]:
    if room.kind == "group":
        members = Membership.objects.filter(group_id=room.group_id, state=MEMBER)
        ids = set(members.values_list("account_id", flat=True)[: MOST_TOLD + 1])
        return ids if len(ids) <= MOST_TOLD else set()
    return {one for one in (room.low_id, room.high_id, room.account_id) if one is not None}


def _quiet(room: Room, seq: int) -> set[int]:
    """Return who has read it, or wants to hear nothing."""
    now = clock.now()
    return {
        one.account_id
        for one in Member.objects.filter(room=room)
        if one.last_read_seq >= seq or (one.muted_until is not None and now < one.muted_until)
    }


def _tell_the_shop(message: Message) -> None:
    room = message.room
    thread = Thread.objects.get(room=room)
    if thread.read_seq >= message.seq or room.shop is None:
        return
    staff = ShopStaff.objects.filter(shop_id=room.shop_id)
    ids = set(staff.values_list("account_id", flat=True))
    if thread.assignee_id in ids:
        ids = {thread.assignee_id}
    for account_id in ids:
        url = f"/studio/{room.shop.slug}/inbox/{thread.pk}"
        _tell(room, message, account_id, "shop_chat", url)


def _tell(room: Room, message: Message, account_id: int, kind: str, url: str) -> None:
    name = room.shop.name if room.shop else room.group.name if room.group else ""
    notify(
        recipient_id=account_id,
        kind=kind,
        group_key=f"chat:{room.pk}",
        url=url,
        data={"room": name, "as_shop": message.as_shop, "seq": message.seq},
        actor_id=None if message.as_shop else message.author_id,
    )


@events.subscribe(ChatRead, consumer=CONSUMER)
def forget_what_was_read(event: ChatRead, meta: Meta) -> None:
    """Take a room's line off the badge once what it tells of is read."""
    row = Notification.objects.filter(
        recipient_id=event.account_id, group_key=f"chat:{event.room_id}", read_at=None
    ).first()
    if row is not None and row.data.get("seq", 0) <= event.seq:
        mark_read(recipient_id=event.account_id, notification_id=row.pk)


def _tell_chat(happening: Happening) -> str:
    room = happening.data.get("room")
    if happening.data.get("as_shop"):
        return _("%(shop)s wrote to you.") % {"shop": room}
    if room:
        text = ngettext("%(who)s wrote in %(room)s.", "%(who)s wrote in %(room)s.", happening.n)
        return text % {"who": happening.who, "room": room}
    return _("%(who)s wrote to you.") % {"who": happening.who}


def _tell_request(happening: Happening) -> str:
    return _("%(who)s would like to write to you.") % {"who": happening.who}


def _tell_shop(happening: Happening) -> str:
    return _("%(who)s wrote to %(shop)s.") % {
        "who": happening.who,
        "shop": happening.data.get("room", ""),
    }


kinds.register("chat", _tell_chat, icon="chat", family="messages")
kinds.register("chat_request", _tell_request, icon="chat", family="messages")
kinds.register("shop_chat", _tell_shop, icon="shop", family="shop")
