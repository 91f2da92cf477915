"""Opening rooms, answering requests, reading, silence, and who may write first."""

from __future__ import annotations

import datetime as dt

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import visible_shops, works_in
from banyan.groups.access import is_member
from banyan.kernel import clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_ids
from banyan.kernel.problems import Conflict, Forbidden, Invalid, NotFound
from banyan.kernel.states import transition
from banyan.people.access import member_id
from banyan.people.models import Follow

from ..access import get_room_for, is_visible
from ..events import ChatChanged, ChatRead
from ..models import ChatChoice, Member, Room
from ..rules import WHO
from ..states import DECLINED, OPEN, REQUEST, ROOM

FOR_GOOD = dt.timedelta(days=36_500)


def open_direct(*, actor: Actor, account_id: int) -> Room:
    """Return the actor's room with somebody, made on the first call; repeatable.

    Among people of whom the other follows the actor it is open at once, else a request. Raises
    NotFound for whom the actor may not see, Forbidden ``chat_closed`` for who wants no requests.
    """
    me = member_id(actor)
    if me == account_id:
        raise Conflict(code="oneself")
    if not is_visible(actor, account_id):
        raise NotFound()
    low, high = sorted((me, account_id))
    found = Room.objects.filter(low_id=low, high_id=high).first()
    if found is not None:
        return found
    state = _opening(me, account_id)
    return _made(
        low_id=low,
        high_id=high,
        defaults={"kind": "direct", "state": state, "asker_id": me},
    )


def _opening(me: int, other: int) -> str:
    """Return the state in which somebody's room with ``other`` begins."""
    choice = ChatChoice.objects.filter(account_id=other).values_list("who", flat=True).first()
    known = follows(other, me)
    if choice == "nobody" or (choice == "following" and not known):
        raise Forbidden(
            _("They take no messages from people they do not know."), code="chat_closed"
        )
    return OPEN if known else REQUEST


def follows(one: int, other: int) -> bool:
    """Tell whether ``one`` follows ``other``."""
    return Follow.objects.filter(follower_id=one, followee_id=other, state=1).exists()


def open_shop_room(*, actor: Actor, shop_id: int) -> Room:
    """Return the actor's room with an open shop, made on the first call; repeatable.

    NotFound for shops that are closed, whose owner and the actor are apart, or that the actor
    works in.
    """
    me = member_id(actor)
    shop = visible_shops().filter(pk=shop_id).first()
    if shop is None or works_in(actor, shop_id) or not is_visible(actor, shop.owner_id):
        raise NotFound()
    return room_of_shop(shop_id, me)


def room_of_shop(shop_id: int, account_id: int) -> Room:
    """Return the room of a shop and a person, made where there is none. Asks for no right."""
    found = Room.objects.filter(shop_id=shop_id, account_id=account_id).first()
    if found is not None:
        return found
    return _made(shop_id=shop_id, account_id=account_id, defaults={"kind": "shop", "state": OPEN})


def open_group_room(*, actor: Actor, group_id: int) -> Room:
    """Return the room of a group that the actor belongs to, made on the first call; repeatable."""
    member_id(actor)
    if not is_member(actor, group_id):
        raise NotFound()
    found = Room.objects.filter(group_id=group_id).first()
    return found or _made(group_id=group_id, defaults={"kind": "group", "state": OPEN})


def _made(*, defaults: dict[str, object], **named: int) -> Room:
    now = clock.now()
    (stream,) = new_ids(1)
    # Two at once: the unique constraint lets one make it, the other reads it.
    room, _new = Room.objects.get_or_create(
        **named, defaults={**defaults, "stream": stream, "created_at": now, "last_at": now}
    )
    return room


def accept(*, actor: Actor, room_id: int) -> Room:
    """Let somebody in who asked. Repeatable; the asker cannot. Emits chat.changed."""
    room = _asked(actor, room_id)
    if room.state != OPEN:
        with transaction.atomic():
            transition(ROOM, room, OPEN, actor=actor)
            events.emit(ChatChanged(room_id=room.pk), actor=actor)
    return room


def decline(*, actor: Actor, room_id: int) -> Room:
    """Leave a request unanswered for good; the asker is not told. Repeatable."""
    room = _asked(actor, room_id)
    if room.state == REQUEST:
        with transaction.atomic():
            transition(ROOM, room, DECLINED, actor=actor)
    return room


def _asked(actor: Actor, room_id: int) -> Room:
    room = get_room_for(actor, room_id)
    if room.kind != "direct" or (room.asker_id == actor.id and room.state != OPEN):
        raise NotFound()
    return room


def mark_read(*, actor: Actor, room_id: int, seq: int) -> int:
    """Note that the actor has read up to ``seq``; returns how far they have read now.

    Never backwards, never past the last message. Emits chat.read where it moved.
    """
    room = get_room_for(actor, room_id)
    return move_pointer(actor=actor, room=room, seq=min(max(0, seq), room.last_seq))


def move_pointer(*, actor: Actor, room: Room, seq: int) -> int:
    """Move the actor's pointer forward to ``seq`` of a room; returns where it stands."""
    me = member_id(actor)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_POINT, [room.pk, me, seq])
            moved = cursor.fetchone() is not None
        if moved:
            events.emit(ChatRead(room_id=room.pk, account_id=me, seq=seq), actor=actor)
    return Member.objects.values_list("last_read_seq", flat=True).get(room=room, account_id=me)


_POINT = """
INSERT INTO chat_member AS m (room_id, account_id, last_read_seq) VALUES (%s, %s, %s)
ON CONFLICT (room_id, account_id) DO UPDATE SET last_read_seq = excluded.last_read_seq
WHERE m.last_read_seq < excluded.last_read_seq
RETURNING last_read_seq
"""


def mute(*, actor: Actor, room_id: int, until: dt.datetime | None = None) -> Member:
    """Let a room say nothing to the actor until a moment, or until they change their mind."""
    return _silence(actor, room_id, until or clock.now() + FOR_GOOD)


def unmute(*, actor: Actor, room_id: int) -> Member:
    """Let a room speak again. Repeatable."""
    return _silence(actor, room_id, None)


def _silence(actor: Actor, room_id: int, until: dt.datetime | None) -> Member:
    room = get_room_for(actor, room_id)
    member, _new = Member.objects.update_or_create(
        room=room, account_id=member_id(actor), defaults={"muted_until": until}
    )
    return member


def choose_who_writes(*, actor: Actor, who: str) -> ChatChoice:
    """Say who may write to the actor first: everybody (as a request), following, nobody."""
    if who not in WHO:
        raise Invalid(fields={"who": _("Choose one of these.")})
    choice, _new = ChatChoice.objects.update_or_create(
        account_id=member_id(actor), defaults={"who": who}
    )
    return choice


def renew_streams(*, actor: Actor, rooms: QuerySet[Room]) -> int:
    """Give rooms new topics, so that whoever may not listen any more hears nothing. Repeatable.

    Those who still may are told once on the old topic, and get the new one with what they fetch.
    Emits chat.changed for each.
    """
    with transaction.atomic():
        found = list(rooms.select_for_update(no_key=True).order_by("pk"))
        for room in found:
            before = room.stream
            (room.stream,) = new_ids(1)
            room.save(update_fields=["stream"])
            events.emit(ChatChanged(room_id=room.pk, stream=before), actor=actor)
    return len(found)


def rooms_between(one: int, other: int) -> QuerySet[Room]:
    """Return the rooms that two people are alone in: theirs, and one's with the other's shop."""
    low, high = sorted((one, other))
    pair = Room.objects.filter(low_id=low, high_id=high)
    shops = Room.objects.filter(account_id__in=(one, other), shop__owner_id__in=(one, other))
    return Room.objects.filter(
        pk__in=[*pair.values_list("pk", flat=True), *shops.values_list("pk", flat=True)]
    )
