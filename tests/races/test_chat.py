"""Many speak at once: every message has its number, none twice, none missing."""

from __future__ import annotations

import datetime as dt
from functools import partial

import pytest
from django.db import connection

from banyan.chat import actions as chat
from banyan.chat.actions import inbox, sending
from banyan.chat.models import Answer, Message, Room, Thread
from banyan.kernel import locks
from banyan.kernel.models import StoredEvent
from banyan.kernel.problems import Conflict, Forbidden, NotFound
from banyan.people import actions as people
from banyan.people.models import Account
from tests.support import factories as make
from tests.support.threads import kinds, run_at_once
from tests.support.weakened import between, meet

SPEAKERS = 16


def open_room() -> tuple[Account, Account, Room]:
    """Return two friends and their room."""
    ana, ben = make.member(), make.member()
    people.follow(actor=make.actor(ana), account_id=ben.pk)
    people.follow(actor=make.actor(ben), account_id=ana.pk)
    return ana, ben, chat.open_direct(actor=make.actor(ana), account_id=ben.pk)


def speak_at_once(room: Room, *people_: Account) -> list[object]:
    """Let people say sixteen things at the same instant."""
    return run_at_once(
        *(
            partial(
                chat.send,
                actor=make.actor(people_[n % len(people_)]),
                room_id=room.pk,
                words=chat.Words(body=str(n)),
            )
            for n in range(SPEAKERS)
        )
    )


def test_sixteen_at_once_leave_no_gap_and_no_repeat(threaded_db: None) -> None:
    ana, ben, room = open_room()

    made = speak_at_once(room, ana, ben)

    assert kinds(made) == {"Message": SPEAKERS}
    numbers = Message.objects.order_by("seq").values_list("seq", flat=True)
    assert list(numbers) == list(range(1, SPEAKERS + 1))
    room.refresh_from_db()
    assert room.last_seq == SPEAKERS
    assert StoredEvent.objects.filter(name="chat.sent").count() == SPEAKERS


def test_control_a_number_that_is_read_and_then_written_is_given_twice(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben, room = open_room()

    def read(room_id: int) -> int:
        return Room.objects.values_list("last_seq", flat=True).get(pk=room_id)

    def take(room_id: int, author_id: int | None, now: dt.datetime) -> int:
        seq: int = sending.read_number(room_id) + 1  # type: ignore[attr-defined]  # put there below
        Room.objects.filter(pk=room_id).update(last_seq=seq)
        return seq

    monkeypatch.setattr(sending, "read_number", read, raising=False)
    meet(monkeypatch, sending, "read_number", SPEAKERS)
    monkeypatch.setattr(sending, "_take_seq", take)

    made = speak_at_once(room, ana, ben)

    assert kinds(made) == {"Message": 1, "IntegrityError": SPEAKERS - 1}


def test_the_same_message_sent_again_at_once_is_one_and_takes_one_number(
    threaded_db: None,
) -> None:
    ana, ben, room = open_room()
    again = partial(
        chat.send, actor=make.actor(ana), room_id=room.pk, words=chat.Words(body="Once", key="k")
    )

    made = run_at_once(*[again] * 8)

    assert kinds(made) == {"Message": 8}
    assert len({one.pk for one in made}) == 1
    assert chat.send(actor=make.actor(ben), room_id=room.pk, words=chat.Words(body="Next")).seq == 2


def test_control_without_the_constraint_it_is_said_several_times(threaded_db: None) -> None:
    ana, _ben, room = open_room()
    again = partial(
        chat.send, actor=make.actor(ana), room_id=room.pk, words=chat.Words(body="Once", key="k")
    )
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX message_sent_once")
    try:
        for _try in range(5):
            Message.objects.all().delete()
            made = run_at_once(*[again] * 8)
            if len({one.pk for one in made}) > 1:
                break
        assert len({one.pk for one in made}) > 1
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE chat_message CASCADE")
            cursor.execute(
                "CREATE UNIQUE INDEX message_sent_once ON chat_message (room_id, author_id, key)"
                " WHERE key <> ''"
            )


def test_two_who_begin_at_once_are_in_one_room(threaded_db: None) -> None:
    ana, ben = make.member(), make.member()
    people.follow(actor=make.actor(ana), account_id=ben.pk)
    people.follow(actor=make.actor(ben), account_id=ana.pk)

    made = run_at_once(
        partial(chat.open_direct, actor=make.actor(ana), account_id=ben.pk),
        partial(chat.open_direct, actor=make.actor(ben), account_id=ana.pk),
    )

    assert made[0].pk == made[1].pk
    assert Room.objects.count() == 1


def test_a_stranger_who_writes_many_times_at_once_says_one_thing(threaded_db: None) -> None:
    ana, ben = make.member(), make.member()
    room = chat.open_direct(actor=make.actor(ana), account_id=ben.pk)

    made = speak_at_once(room, ana)

    assert kinds(made) == {"Message": 1, "Forbidden": SPEAKERS - 1}
    assert {one.code for one in made if isinstance(one, Forbidden)} == {"request_waiting"}
    assert Message.objects.count() == 1


def block_while_it_is_said(
    monkeypatch: pytest.MonkeyPatch, step: str, *, seconds: float = 20
) -> tuple[object, int]:
    """Block just after ``step`` of sending; return what sending said, and what stood at the block.

    The second is how many messages others could read when the block was there. ``seconds``: when
    the sender goes on, if the block cannot.
    """
    monkeypatch.setattr(locks, "TIMEOUT_MS", 20_000)
    ana, ben, room = open_room()
    meanwhile = between(monkeypatch, sending, step, seconds=seconds)

    def block() -> int:
        people.block(actor=make.actor(ben), account_id=ana.pk)
        return Message.objects.count()

    words = chat.Words(body="Hello")
    said, seen = run_at_once(
        partial(chat.send, actor=make.actor(ana), room_id=room.pk, words=words), meanwhile(block)
    )
    return said, seen


def test_who_is_blocked_just_before_the_message_is_written_says_nothing(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, seen = block_while_it_is_said(monkeypatch, "get_room_for")

    assert isinstance(said, NotFound)
    assert seen == 0
    assert Message.objects.count() == 0


def test_a_block_waits_for_the_message_that_is_being_written(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, seen = block_while_it_is_said(monkeypatch, "blocked_between", seconds=0.3)

    assert isinstance(said, Message)
    assert seen == 1, "whoever blocks sees what was said before, and nothing comes after"


def test_control_without_the_lock_a_message_is_written_after_the_block(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "keep_pair", lambda one, other: None)

    said, seen = block_while_it_is_said(monkeypatch, "blocked_between")

    assert isinstance(said, Message)
    assert seen == 0
    assert Message.objects.count() == 1


def asked_shop() -> tuple[Account, Account, Thread]:
    """Return an owner, a clerk, and a thread in which a buyer asked something."""
    owner, clerk, buyer = make.member(), make.member(), make.member()
    shop = make.shop(owner)
    from banyan.catalog import actions as catalog

    catalog.hire(actor=make.actor(owner), shop_id=shop.pk, account_id=clerk.pk, role="clerk")
    room = chat.open_shop_room(actor=make.actor(buyer), shop_id=shop.pk)
    chat.send(actor=make.actor(buyer), room_id=room.pk, words=chat.Words(body="Is it blue?"))
    return owner, clerk, Thread.objects.get()


def take_at_once() -> list[object]:
    """Let two who work in a shop take one thread at the same instant."""
    owner, clerk, thread = asked_shop()
    return run_at_once(
        *(
            partial(
                chat.take_thread,
                actor=make.actor(one),
                shop_id=thread.shop_id,
                thread_id=thread.pk,
            )
            for one in (owner, clerk)
        )
    )


def test_two_who_take_a_thread_at_once_leave_it_with_one(threaded_db: None) -> None:
    taken = take_at_once()

    assert kinds(taken) == {"Thread": 1, "Conflict": 1}
    (told,) = [one for one in taken if isinstance(one, Conflict)]
    assignee = Thread.objects.get().assignee
    assert told.code == "thread_taken"
    assert assignee is not None
    assert assignee.display_name in str(told.message)


def test_control_without_the_condition_both_believe_they_have_it(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []

    def give(thread_id: int, had: int | None, to: int | None) -> bool:
        told.append(bool(Thread.objects.filter(pk=thread_id).update(assignee_id=to)))
        return told[-1]

    monkeypatch.setattr(inbox, "_give", give)
    take_at_once()

    assert told == [True, True]


def test_two_who_answer_at_once_are_one_first_answer(threaded_db: None) -> None:
    owner, clerk, thread = asked_shop()

    made = run_at_once(
        *(
            partial(
                chat.answer_buyer,
                actor=make.actor(one),
                shop_id=thread.shop_id,
                thread_id=thread.pk,
                words=chat.Words(body="Yes"),
            )
            for one in (owner, clerk)
        )
    )

    assert kinds(made) == {"Message": 2}
    assert Answer.objects.count() == 1
    assert Thread.objects.get().state == "waiting"
