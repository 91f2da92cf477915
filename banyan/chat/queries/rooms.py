"""A person's rooms: those that are open, those that ask, and how much is unread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from banyan.groups.access import MEMBER
from banyan.groups.models import Membership
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.cursors import Cursor
from banyan.people.access import hidden_from
from banyan.people.models import Account

from ..access import partner_of, visible_rooms
from ..models import ChatChoice, Member, Message, Room
from ..states import OPEN, REQUEST

PAGE = 30
MOST = 99
# In larger rooms nobody is shown who has read what.
MOST_RECEIPTS = 500


@dataclass(frozen=True, slots=True)
class Listed:
    """A room in the list: who it is with, its last message if it may be shown, and the unread."""

    room: Room
    partner: Account | None
    last: Message | None
    unread: int
    muted: bool


def rooms(viewer: Actor, *, before: Cursor | None = None, limit: int = PAGE) -> list[Listed]:
    """Return the rooms of ``viewer``, the latest said in first; four statements.

    One's own request is there, others' are in :func:`requests`. A shop's where only a comment
    was heard is not. ``before`` continues after a room as it was listed.
    """
    mine = _talked_in(viewer).filter(Q(state=OPEN) | Q(asker_id=viewer.id))
    if before is not None:
        mine = mine.filter(before.further("last_at"))
    return _listed(viewer, mine, limit)


def requests(viewer: Actor, *, limit: int = PAGE) -> list[Listed]:
    """Return the rooms in which somebody asks ``viewer`` for a word, latest first."""
    asking = _talked_in(viewer).filter(state=REQUEST).exclude(asker_id=viewer.id)
    return _listed(viewer, asking, limit)


def unread_rooms(viewer: Actor) -> int:
    """Return in how many open rooms there is something unread, 99 at most; silent ones not."""
    open_ones = _with_pointer(viewer, _talked_in(viewer).filter(state=OPEN))
    silent = Member.objects.filter(
        room_id=OuterRef("pk"), account_id=viewer.id or 0, muted_until__gt=clock.now()
    )
    unread = open_ones.filter(last_seq__gt=F("read")).exclude(Exists(silent))
    return len(unread.values_list("pk")[:MOST])


def _talked_in(viewer: Actor) -> QuerySet[Room]:
    """Return the rooms where something was said in the chat itself; a group's always."""
    said = Message.objects.filter(room_id=OuterRef("pk")).exclude(card_kind="comment")
    return visible_rooms(viewer).filter(
        Q(kind="group") | Q(kind="direct", last_seq__gt=0) | Q(Exists(said), kind="shop")
    )


def _with_pointer(viewer: Actor, found: QuerySet[Room]) -> QuerySet[Room]:
    pointer = Member.objects.filter(room_id=OuterRef("pk"), account_id=viewer.id or 0)
    return found.annotate(read=Coalesce(pointer.values("last_read_seq")[:1], 0))


def _listed(viewer: Actor, found: QuerySet[Room], limit: int) -> list[Listed]:
    people = ("low__avatar", "high__avatar", "shop", "group")
    page = list(
        _with_pointer(viewer, found)
        .select_related(*people)
        .annotate(unread=Greatest(F("last_seq") - F("read"), 0))
        .order_by("-last_at", "-pk")[:limit]
    )
    last = _last(viewer, page)
    silent = Member.objects.filter(
        room__in=page, account_id=viewer.id or 0, muted_until__gt=clock.now()
    ).values_list("room_id", flat=True)
    muted = set(silent)
    return [
        Listed(
            room=room,
            partner=partner_of(room, viewer.id or 0),
            last=last.get(room.pk),
            unread=room.unread,
            muted=room.pk in muted,
        )
        for room in page
    ]


def _last(viewer: Actor, page: Sequence[Room]) -> dict[int, Message]:
    """Return the last message of rooms, where its author may be heard."""
    wanted = Q(pk=None)
    for room in page:
        wanted |= Q(room_id=room.pk, seq=room.last_seq)
    found = list(Message.objects.filter(wanted).select_related("author"))
    hidden = hidden_from(viewer, {one.author_id for one in found if one.author_id is not None})
    return {one.room_id: one for one in found if one.as_shop or one.author_id not in hidden}


def pointer_of(viewer: Actor, room: Room) -> Member:
    """Return how far ``viewer`` has read, and whether the room is silent for them."""
    found = Member.objects.filter(room=room, account_id=viewer.id or 0).first()
    return found or Member(room=room, account_id=viewer.id or 0)


def read_by_other(viewer: Actor, room: Room) -> int | None:
    """Return up to where everybody else's eyes got at most; None where that is not shown.

    In a shop's room, how far the shop has read. Large groups and requests show nothing.
    """
    if room.state != OPEN:
        return None
    if room.kind == "shop":
        return room.thread.read_seq if hasattr(room, "thread") else 0
    if room.kind == "group" and _size(room) > MOST_RECEIPTS:
        return None
    others = Member.objects.filter(room=room).exclude(account_id=viewer.id or 0)
    return max(others.values_list("last_read_seq", flat=True), default=0)


def _size(room: Room) -> int:
    members = Membership.objects.filter(group_id=room.group_id, state=MEMBER)
    return len(members.values_list("pk")[: MOST_RECEIPTS + 1])


def choice_of(viewer: Actor) -> str:
    """Return who may write to ``viewer`` first."""
    found = ChatChoice.objects.filter(account_id=viewer.id or 0).values_list("who", flat=True)
    return found.first() or "everybody"
