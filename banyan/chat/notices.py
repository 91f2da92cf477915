"""Who is told that something was said: one line a room, nobody who silenced it.

In a group whoever is named is told first and on a line of their own.
"""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from banyan.catalog.models import ShopStaff
from banyan.community.rules import handles_of
from banyan.groups.access import MEMBER
from banyan.groups.models import Membership
from banyan.kernel import clock, events
from banyan.kernel.events import Meta
from banyan.notify import kinds
from banyan.notify.actions import mark_read
from banyan.notify.kinds import Happening
from banyan.notify.models import Notification

from .actions.telling import NAMED, lines_of, tell, tell_later, url_of
from .events import ChatRead, ChatSent
from .models import Member, Message, Thread
from .states import OPEN

CONSUMER = "chat.notices"
# Larger groups are told by the job.
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
    if room.kind == "group":
        _tell_the_group(message)
        return
    people = {one for one in (room.low_id, room.high_id, room.account_id) if one is not None}
    kind = "chat" if room.state == OPEN else "chat_request"
    tell(message, people - _quiet(message), kind, url_of(message))


def _quiet(message: Message) -> set[int]:
    """Return who has read it, or wants to hear nothing."""
    unmuted = Q(muted_until=None) | Q(muted_until__lte=clock.now())
    done = Member.objects.filter(Q(last_read_seq__gte=message.seq) | ~unmuted, room=message.room)
    return set(done.values_list("account_id", flat=True))


def _tell_the_group(message: Message) -> None:
    members = Membership.objects.filter(group_id=message.room.group_id, state=MEMBER)
    quiet = _quiet(message)
    named = _named(message, members) - quiet
    tell(message, named, "chat_mention", url_of(message), line=NAMED)
    few = set(members.values_list("account_id", flat=True)[: MOST_TOLD + 1])
    if len(few) > MOST_TOLD:
        tell_later(message=message)
    else:
        tell(message, few - named - quiet, "chat", url_of(message))


def _named(message: Message, members: QuerySet[Membership]) -> set[int]:
    """Return the members whom a message names by handle."""
    handles = handles_of(message.body)
    if not handles:
        return set()
    rows = members.annotate(low=Lower("account__handle")).filter(low__in=handles)
    return set(rows.values_list("account_id", flat=True))


def _tell_the_shop(message: Message) -> None:
    room = message.room
    thread = Thread.objects.get(room=room)
    if thread.read_seq >= message.seq or room.shop is None:
        return
    staff = ShopStaff.objects.filter(shop_id=room.shop_id)
    ids = set(staff.values_list("account_id", flat=True))
    if thread.assignee_id in ids:
        ids = {thread.assignee_id}
    tell(message, ids, "shop_chat", f"/studio/{room.shop.slug}/inbox/{thread.pk}")


@events.subscribe(ChatRead, consumer=CONSUMER)
def forget_what_was_read(event: ChatRead, meta: Meta) -> None:
    """Take a room's line off the badge once what it tells of is read."""
    mine = Notification.objects.filter(recipient_id=event.account_id, read_at=None)
    for row in mine.filter(group_key__in=lines_of(event.room_id)):
        if row.data.get("seq", 0) <= event.seq:
            mark_read(recipient_id=event.account_id, notification_id=row.pk)


def _tell_chat(happening: Happening) -> str:
    room = happening.data.get("room")
    if happening.data.get("as_shop"):
        return _("%(shop)s wrote to you.") % {"shop": room}
    if room:
        text = ngettext("%(who)s wrote in %(room)s.", "%(who)s wrote in %(room)s.", happening.n)
        return text % {"who": happening.who, "room": room}
    return _("%(who)s wrote to you.") % {"who": happening.who}


def _tell_mention(happening: Happening) -> str:
    return _("%(who)s named you in %(room)s.") % {
        "who": happening.who,
        "room": happening.data.get("room", ""),
    }


def _tell_request(happening: Happening) -> str:
    return _("%(who)s would like to write to you.") % {"who": happening.who}


def _tell_shop(happening: Happening) -> str:
    return _("%(who)s wrote to %(shop)s.") % {
        "who": happening.who,
        "shop": happening.data.get("room", ""),
    }


kinds.register("chat", _tell_chat, icon="chat", family="messages")
kinds.register("chat_mention", _tell_mention, icon="chat", family="messages")
kinds.register("chat_request", _tell_request, icon="chat", family="messages")
kinds.register("shop_chat", _tell_shop, icon="shop", family="shop")
