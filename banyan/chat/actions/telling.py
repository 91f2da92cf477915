"""Telling people of messages, and the members of large groups a batch at a time.

A large group is told a round an hour, by one line a member until it is read: whoever has not read
that there is something is not told of more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from banyan.groups.access import MEMBER, living_groups
from banyan.groups.models import Membership
from banyan.kernel import clock
from banyan.kernel.sweeps import sweep
from banyan.notify.actions import notify_each
from banyan.notify.models import Notification

from ..models import Member, Message, Telling

BATCH = 500
PAUSE = dt.timedelta(hours=1)
NAMED = ":@"


def lines_of(room_id: int) -> list[str]:
    """Return the group keys of what a room tells somebody: its line, and of being named there."""
    keys = [f"chat:{room_id}", f"chat:{room_id}{NAMED}"]
    return [*keys, *(f"~{key}" for key in keys)]


def url_of(message: Message) -> str:
    """Return where a message stands in its room."""
    return f"/chat/{message.room_id}#m{message.seq}"


def tell(message: Message, people: Collection[int], kind: str, url: str, *, line: str = "") -> None:
    """Tell people but the author; ``line`` is a line of its own beside the room's."""
    room = message.room
    name = room.shop.name if room.shop else room.group.name if room.group else ""
    notify_each(
        recipient_ids=set(people) - {message.author_id or 0},
        kind=kind,
        group_key=f"chat:{room.pk}{line}",
        url=url,
        data={"room": name, "as_shop": message.as_shop, "seq": message.seq},
        actor_id=None if message.as_shop else message.author_id,
    )


def tell_later(*, message: Message) -> None:
    """Leave a message to the job, at once or when the pause after the last round is over."""
    now = clock.now()
    with transaction.atomic():
        telling, _new = Telling.objects.select_for_update(no_key=True).get_or_create(
            room=message.room, defaults={"message": message}
        )
        telling.message = message
        rested = telling.told_at + PAUSE if telling.told_at else now
        telling.due_at = telling.due_at or max(now, rested)
        telling.save(update_fields=["message", "due_at"])


def tell_large_rooms(*, most: int = 20) -> int:
    """Tell members of large groups what is due, a batch at a time; returns how many batches.

    Any number may run at once: a room's next batch is told by one of them.
    """
    due = Telling.objects.filter(due_at__lte=clock.now())

    def tell_room(telling_id: int) -> int:
        done = 0
        while _tell_batch(telling_id):
            done += 1
        return done

    return sweep("chat.telling", due, tell_room, by="due_at", piece=most, most=most)


def _tell_batch(telling_id: int) -> bool:
    """Tell the next members; False when somebody else does, or none is left.

    One transaction and as many statements for all as for two: whoever was told is not looked at
    again.
    """
    with transaction.atomic():
        telling = (
            Telling.objects.select_for_update(of=["self"], skip_locked=True, no_key=True)
            .select_related("message__room__group", "message__room__shop")
            .filter(pk=telling_id, due_at__isnull=False)
            .first()
        )
        if telling is None:
            return False
        message = telling.message
        rows = _next(telling)
        if message.deleted_at is None:
            tell(message, [account for _pk, account in rows], "chat", url_of(message))
        if rows:
            telling.reached = rows[-1][0]
        else:
            telling.reached, telling.due_at, telling.told_at = 0, None, clock.now()
        telling.save(update_fields=["reached", "due_at", "told_at"])
    return bool(rows)


def _next(telling: Telling) -> list[tuple[int, int]]:
    """Return the next members to be told, as (membership, account): by key, in one statement.

    Not who has read it or silenced the room, nor who has not read that there is something.
    """
    room, now = telling.message.room, clock.now()
    here = Member.objects.filter(room=room, account_id=OuterRef("account_id"))
    quiet = here.filter(Q(last_read_seq__gte=telling.message.seq) | Q(muted_until__gt=now))
    told = Notification.objects.filter(
        recipient_id=OuterRef("account_id"), group_key__in=lines_of(room.pk), read_at=None
    )
    rows = Membership.objects.filter(
        ~Exists(quiet),
        ~Exists(told),
        group__in=living_groups().filter(pk=room.group_id),
        state=MEMBER,
        pk__gt=telling.reached,
    )
    return list(rows.order_by("pk").values_list("pk", "account_id")[:BATCH])
