"""The only way to rooms and messages. Absent, blocked and not a member look alike."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from banyan.catalog.access import works_in
from banyan.catalog.models import Shop
from banyan.groups.access import memberships_of
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound
from banyan.people.access import member_id, visible_accounts
from banyan.people.models import Account

from .models import Message, Room, Thread


def visible_rooms(viewer: Actor) -> QuerySet[Room]:
    """Return the rooms that ``viewer`` sees as a person: not those of a shop they work in.

    Nobody is in a room of two with whom one blocks or who blocks one, or in a shop's with such an
    owner. A group's room is its members'.
    """
    if viewer.id is None:
        return Room.objects.none()
    people = visible_accounts(viewer)
    owners = Shop.objects.filter(pk=OuterRef("shop_id"), owner__in=people)
    return Room.objects.filter(
        Q(low_id=viewer.id, high__in=people)
        | Q(high_id=viewer.id, low__in=people)
        | Q(account_id=viewer.id) & Exists(owners)
        | Exists(memberships_of(viewer.id, "group_id"))
    )


def get_room_for(viewer: Actor, room_id: int) -> Room:
    """Return one room that ``viewer`` sees as a person, with the people and the shop in it."""
    member_id(viewer)
    found = visible_rooms(viewer).select_related("low", "high", "account", "shop", "group")
    room = found.filter(pk=room_id).first()
    if room is None:
        raise NotFound()
    return room


def visible_threads(viewer: Actor, shop_id: int) -> QuerySet[Thread]:
    """Return a shop's threads for those who work there."""
    if not works_in(viewer, shop_id):
        return Thread.objects.none()
    return Thread.objects.filter(shop_id=shop_id)


def get_thread_for(viewer: Actor, shop_id: int, thread_id: int) -> Thread:
    """Return one thread of a shop that ``viewer`` works in, with its room and buyer."""
    found = visible_threads(viewer, shop_id).filter(pk=thread_id)
    thread = found.select_related("room__account__avatar", "room__shop", "assignee").first()
    if thread is None:
        raise NotFound()
    return thread


def visible_messages(viewer: Actor, room: Room) -> QuerySet[Message]:
    """Return what ``viewer`` may read in a room they may see, whose taken-back messages stay empty.

    Whom a member of a group is apart from is not heard.
    """
    messages = Message.objects.filter(room=room)
    if room.kind != "group":
        return messages
    return messages.filter(author__in=visible_accounts(viewer))


def partner_of(room: Room, account_id: int) -> Account | None:
    """Return the other one of a room of two; None in other rooms."""
    if room.kind != "direct":
        return None
    return room.high if room.low_id == account_id else room.low


def is_visible(viewer: Actor, account_id: int) -> bool:
    """Tell whether ``viewer`` and an account may meet."""
    return visible_accounts(viewer).filter(pk=account_id).exists()
