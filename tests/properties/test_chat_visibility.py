"""Random people, blocks and groups: nobody reads, lists or hears what a slow rule forbids."""

from __future__ import annotations

import itertools
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.chat import actions as chat
from banyan.chat.access import get_room_for, visible_messages
from banyan.chat.models import Message, Room
from banyan.chat.queries import latest, rooms, unread_rooms
from banyan.groups.models import Group, Membership
from banyan.kernel import clock
from banyan.kernel.problems import NotFound
from banyan.people.models import Account, Block, Follow
from tests.support import factories as make

SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
PEOPLE = 4
PAIRS = list(itertools.permutations(range(PEOPLE), 2))


@pytest.mark.django_db
@settings(
    max_examples=200 if SOAK else 25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    blocks=st.sets(st.sampled_from(PAIRS), max_size=4),
    members=st.dictionaries(st.integers(0, PEOPLE - 1), st.sampled_from([0, 1, 2])),
    closed=st.booleans(),
)
def test_no_leak(blocks: set[tuple[int, int]], members: dict[int, int], closed: bool) -> None:
    for model in (Message, Room, Membership, Group, Block, Follow):
        model.objects.all().delete()
    everybody = [make.member() for _ in range(PEOPLE)]
    ids = [one.pk for one in everybody]
    now = clock.now()
    Follow.objects.bulk_create(
        Follow(follower=everybody[a], followee=everybody[b], created_at=now, is_mutual=True)
        for a, b in PAIRS
    )
    group = Group.objects.create(slug=f"g{ids[0]}", name="G", created_at=now)
    for one in everybody:
        Membership.objects.create(group=group, account=one, created_at=now)
    shop = make.shop(everybody[0])
    said: list[Message] = []
    for a, b in itertools.combinations(range(PEOPLE), 2):
        room = chat.open_direct(actor=make.actor(everybody[a]), account_id=ids[b])
        said.append(
            chat.send(actor=make.actor(everybody[a]), room_id=room.pk, words=chat.Words(body="x"))
        )
    for one in everybody:
        room = chat.open_group_room(actor=make.actor(one), group_id=group.pk)
        said.append(chat.send(actor=make.actor(one), room_id=room.pk, words=chat.Words(body="x")))
    for one in everybody[1:]:
        room = chat.open_shop_room(actor=make.actor(one), shop_id=shop.pk)
        said.append(chat.send(actor=make.actor(one), room_id=room.pk, words=chat.Words(body="x")))

    # the world changes after everything was said
    for a, b in blocks:
        Block.objects.create(actor=everybody[a], target=everybody[b], created_at=now)
    for place, state in members.items():
        Membership.objects.filter(group=group, account=everybody[place]).update(state=state)
    if closed:
        Group.objects.filter(pk=group.pk).update(closed_at=now)

    def apart(one: int, other: int) -> bool:
        return (one, other) in blocks or (other, one) in blocks

    def may_enter(who: int, room: Room) -> bool:
        if room.kind == "direct":
            pair = [ids.index(room.low_id or 0), ids.index(room.high_id or 0)]
            return who in pair and not apart(*pair)
        if room.kind == "shop":
            return room.account_id == ids[who] and not apart(who, 0)
        return members.get(who, 1) == 1 and not closed

    def may_read(who: int, message: Message) -> bool:
        author = ids.index(message.author_id or 0)
        hears = message.room.kind != "group" or author == who or not apart(who, author)
        return may_enter(who, message.room) and hears

    for who, account in enumerate(everybody):
        _check(account, who, said, may_enter, may_read)


def _check(account: Account, who: int, said: list[Message], may_enter, may_read) -> None:  # type: ignore[no-untyped-def]  # the oracle above
    viewer = make.actor(account)
    every = list(Room.objects.all())
    entered = {room.pk for room in every if may_enter(who, room)}
    assert {row.room.pk for row in rooms(viewer, limit=50)} == entered
    assert unread_rooms(viewer) <= len(entered)
    for row in rooms(viewer, limit=50):
        assert row.last is None or may_read(who, row.last)
    for room in every:
        if room.pk not in entered:
            for act in (
                lambda at=room: get_room_for(viewer, at.pk),
                lambda at=room: chat.send(actor=viewer, room_id=at.pk, words=chat.Words(body="y")),
                lambda at=room: chat.mark_read(actor=viewer, room_id=at.pk, seq=1),
            ):
                with pytest.raises(NotFound):
                    act()
            continue
        expected = {one.pk for one in said if one.room_id == room.pk and may_read(who, one)}
        assert set(visible_messages(viewer, room).values_list("pk", flat=True)) == expected
        assert {one.message.pk for one in latest(viewer, room)} == expected
