"""Who may write to whom, what a stranger's first word is, and what a block ends."""

from __future__ import annotations

import pytest

from banyan.chat import actions as chat
from banyan.chat.access import get_room_for
from banyan.chat.models import Member, Message, Room
from banyan.chat.queries import latest, requests, rooms, unread_rooms
from banyan.kernel.actors import Actor
from banyan.kernel.models import StoredEvent
from banyan.kernel.problems import Forbidden, Invalid, LoginRequired, NotFound, Problem
from banyan.people import actions as people
from banyan.people.models import Account
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def say(one: Account, other: Account, body: str = "Hello", key: str = "") -> Message:
    """Let somebody write to somebody, in their room."""
    room = chat.open_direct(actor=make.actor(one), account_id=other.pk)
    return chat.send(actor=make.actor(one), room_id=room.pk, words=chat.Words(body=body, key=key))


def friends() -> tuple[Account, Account]:
    """Return two people who follow each other."""
    ana, ben = make.member(), make.member()
    people.follow(actor=make.actor(ana), account_id=ben.pk)
    people.follow(actor=make.actor(ben), account_id=ana.pk)
    return ana, ben


def test_two_people_have_one_room_whoever_begins() -> None:
    ana, ben = friends()

    first = say(ana, ben, "Hello")
    second = say(ben, ana, "Hello yourself")

    assert first.room_id == second.room_id
    assert (first.seq, second.seq) == (1, 2)
    assert Room.objects.get().state == "open"


def test_a_stranger_says_one_thing_until_it_is_accepted() -> None:
    ana, ben = make.member(), make.member()
    room_id = say(ana, ben, "Are you the one with the kiln?").room_id

    with pytest.raises(Forbidden) as refused:
        say(ana, ben, "Hello?")
    assert refused.value.code == "request_waiting"
    assert [row.room.pk for row in requests(make.actor(ben))] == [room_id]
    assert rooms(make.actor(ben)) == []
    assert unread_rooms(make.actor(ben)) == 0, "a request counts for nothing"
    assert [row.room.pk for row in rooms(make.actor(ana))] == [room_id]

    chat.accept(actor=make.actor(ben), room_id=room_id)

    assert say(ana, ben, "Hello again").seq == 2
    assert requests(make.actor(ben)) == []


def test_the_asker_cannot_let_themselves_in() -> None:
    ana, ben = make.member(), make.member()
    room_id = say(ana, ben).room_id

    with pytest.raises(NotFound):
        chat.accept(actor=make.actor(ana), room_id=room_id)

    assert Room.objects.get().state == "request"


def test_an_answer_accepts_and_a_declined_asker_is_not_told() -> None:
    ana, ben, cem = make.member(), make.member(), make.member()
    answered, declined = say(ana, ben).room_id, say(cem, ben).room_id

    say(ben, ana, "Yes?")
    chat.decline(actor=make.actor(ben), room_id=declined)

    assert Room.objects.get(pk=answered).state == "open"
    assert requests(make.actor(ben)) == []
    with pytest.raises(Forbidden) as refused:
        say(cem, ben, "Please")
    assert refused.value.code == "request_waiting", "the same words as for one that waits"
    assert [row.room.pk for row in rooms(make.actor(cem))] == [declined]
    say(ben, cem, "I changed my mind")
    assert say(cem, ben, "Thank you").seq == 3


@pytest.mark.parametrize(
    ("who", "follows", "state"),
    [
        ("everybody", False, "request"),
        ("everybody", True, "open"),
        ("following", True, "open"),
        ("following", False, None),
        ("nobody", True, None),
        ("nobody", False, None),
    ],
)
def test_who_may_write_first(who: str, follows: bool, state: str | None) -> None:
    ana, ben = make.member(), make.member()
    chat.choose_who_writes(actor=make.actor(ben), who=who)
    if follows:
        people.follow(actor=make.actor(ben), account_id=ana.pk)

    if state is None:
        with pytest.raises(Forbidden) as refused:
            say(ana, ben)
        assert refused.value.code == "chat_closed"
        assert not Room.objects.exists()
    else:
        say(ana, ben)
        assert Room.objects.get().state == state


def test_after_a_block_nothing_is_sent_read_or_listed() -> None:
    ana, ben = friends()
    room_id = say(ana, ben).room_id

    people.block(actor=make.actor(ben), account_id=ana.pk)

    for one, other in ((ana, ben), (ben, ana)):
        assert rooms(make.actor(one)) == []
        with pytest.raises(NotFound):
            get_room_for(make.actor(one), room_id)
        with pytest.raises(NotFound):
            chat.send(actor=make.actor(one), room_id=room_id, words=chat.Words(body="Why?"))
        with pytest.raises(NotFound):
            chat.open_direct(actor=make.actor(one), account_id=other.pk)
    assert Message.objects.count() == 1


def test_the_same_key_says_it_once_and_takes_no_number() -> None:
    ana, ben = friends()

    first = say(ana, ben, "Once", key="k1")
    again = say(ana, ben, "Once", key="k1")

    assert again.pk == first.pk
    assert say(ana, ben, "Twice", key="k2").seq == 2
    assert StoredEvent.objects.filter(name="chat.sent").count() == 2


@pytest.mark.parametrize("body", ["", "   ", "x" * 2001])
def test_nothing_and_too_much_are_refused(body: str) -> None:
    ana, ben = friends()
    room = chat.open_direct(actor=make.actor(ana), account_id=ben.pk)

    with pytest.raises(Invalid) as refused:
        chat.send(actor=make.actor(ana), room_id=room.pk, words=chat.Words(body=body))

    assert list(refused.value.fields) == ["body"]
    assert Room.objects.get().last_seq == 0


def test_guests_and_strangers_to_a_room_have_no_part_in_it() -> None:
    ana, ben = friends()
    room_id = say(ana, ben).room_id

    with pytest.raises(LoginRequired):
        chat.send(actor=Actor.guest(), room_id=room_id, words=chat.Words(body="Hi"))
    for act in (chat.accept, chat.decline, chat.mute, chat.unmute):
        with pytest.raises(Problem) as refused:
            act(actor=make.actor(make.member()), room_id=room_id)
        assert refused.value.status == 404
    assert Member.objects.exclude(account=ana).count() == 0


def test_reading_moves_forward_only_and_never_past_the_end() -> None:
    ana, ben = friends()
    room_id = say(ana, ben, "One").room_id
    say(ana, ben, "Two")
    reader = make.actor(ben)
    assert rooms(reader)[0].unread == 2
    assert unread_rooms(reader) == 1

    assert chat.mark_read(actor=reader, room_id=room_id, seq=99) == 2
    assert chat.mark_read(actor=reader, room_id=room_id, seq=1) == 2

    assert rooms(reader)[0].unread == 0
    assert unread_rooms(reader) == 0
    assert StoredEvent.objects.filter(name="chat.read", payload__account_id=ben.pk).count() == 1


def test_a_message_taken_back_leaves_an_empty_place() -> None:
    ana, ben = friends()
    made = say(ana, ben, "My PIN is 1234")

    with pytest.raises(NotFound):
        chat.take_back(actor=make.actor(ben), room_id=made.room_id, message_id=made.pk)
    chat.take_back(actor=make.actor(ana), room_id=made.room_id, message_id=made.pk)

    [shown] = latest(make.actor(ben), Room.objects.get())
    assert shown.gone
    assert shown.pieces == []
    made.refresh_from_db()
    assert made.body == ""
