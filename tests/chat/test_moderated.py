"""What may not be said is not sent; what was sent can be reported and hidden."""

from __future__ import annotations

from typing import Any

import pytest

from banyan.chat import actions as chat
from banyan.chat.models import Message, Room
from banyan.chat.queries import latest
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.personal import Person, declared
from banyan.kernel.problems import Forbidden, Invalid, NotFound, TooMany
from banyan.moderation import actions as moderation
from banyan.moderation import ports
from banyan.moderation.models import Case, Sanction
from banyan.notify.models import Notification
from banyan.people.models import Account
from tests.chat.test_rooms import friends, say
from tests.groups import circles
from tests.support import factories as make
from tests.support.pictures import staged_picture
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


def subject(kind: str) -> Any:
    return ports.subject(kind)


def moderator() -> Actor:
    return make.actor(make.staff("moderation"))


def shown_to(account: Account) -> str:
    """Return the page of the one room."""
    return client(account).get(f"/chat/{Room.objects.get().pk}").content.decode()


def test_a_listed_word_is_not_sent_and_makes_no_room() -> None:
    moderation.list_word(actor=moderator(), text="pyramid", effect="block", reason="x")
    ana, ben = friends()

    with pytest.raises(Invalid) as refused:
        chat.write_to(
            actor=make.actor(ana), account_id=ben.pk, words=chat.Words(body="Join my pyramid")
        )

    assert refused.value.code == "words_blocked"
    assert not Room.objects.exists()


def test_what_the_filter_holds_is_seen_once_a_moderator_says_so() -> None:
    moderation.list_word(actor=moderator(), text="cheap", effect="hold", reason="x")
    ana, ben = friends()
    relay.drain()
    Notification.objects.all().delete()

    say(ana, ben, "Cheap watches")
    relay.drain()

    assert "watches" not in shown_to(ben)
    assert "a moderator looks at it" in shown_to(ana)
    assert not Notification.objects.filter(recipient=ben).exists()
    case = Case.objects.get(subject_kind="message")
    moderation.decide_case(
        actor=moderator(), case_id=case.pk, verdict="dismiss", reason="spam", words="It is fine."
    )
    assert "Cheap watches" in shown_to(ben)
    relay.drain()
    assert Notification.objects.get(recipient=ben).kind == "chat"
    # hidden by a report and brought back it is no news
    Notification.objects.all().delete()
    message = Message.objects.get()
    for change in (subject("message").hide, subject("message").restore):
        change(actor=moderator(), subject_id=message.pk, reason="x")
    relay.drain()
    assert not Notification.objects.filter(recipient=ben).exists()


def test_a_reported_message_is_hidden_and_only_it() -> None:
    ana, ben = friends()
    bad, _good = say(ana, ben, "Send me your password"), say(ana, ben, "Or else.")
    assert f"/report/message/{bad.pk}" in shown_to(ben)

    moderation.report(actor=make.actor(ben), kind="message", subject_id=bad.pk, reason="fraud")
    case = Case.objects.get()
    moderation.decide_case(
        actor=moderator(), case_id=case.pk, verdict="hide", reason="fraud", words="A trick."
    )

    assert case.author_id == ana.pk
    assert "password" not in shown_to(ben)
    assert "Or else." in shown_to(ben)
    assert [one.held for one in latest(make.actor(ben), Room.objects.get())] == [True, False]
    bad.refresh_from_db()
    assert bad.body == "Send me your password", "kept for an appeal"


def test_who_was_not_told_a_message_cannot_report_it() -> None:
    ana, ben = friends()
    made = say(ana, ben, "Between us")

    for stranger in (make.member(), make.staff("support")):
        with pytest.raises(NotFound):
            moderation.report(
                actor=make.actor(stranger), kind="message", subject_id=made.pk, reason="fraud"
            )
    assert not Case.objects.exists()


def test_a_limited_member_sends_strangers_neither_words_nor_cards() -> None:
    ana, ben = friends()
    say(ana, ben, "Spam")
    case_of = Message.objects.get()
    moderation.report(actor=make.actor(ben), kind="message", subject_id=case_of.pk, reason="spam")
    moderation.decide_case(
        actor=moderator(),
        case_id=Case.objects.get().pk,
        verdict="limit",
        reason="spam",
        words="A week of rest.",
        days=7,
    )
    assert Sanction.objects.filter(account=ana).exists()
    stranger = make.member()
    card = chat.Wanted("product", make.product().pk)

    for words in (chat.Words(body="More"), chat.Words(card=card)):
        with pytest.raises(Forbidden) as refused:
            chat.write_to(actor=make.actor(ana), account_id=stranger.pk, words=words)
        assert refused.value.code == "limited"
    assert Room.objects.count() == 1
    assert say(ana, ben, "Friends still hear me").seq == 2


def test_a_new_account_asks_few_strangers_a_day_with_pictures_too(settings: Any) -> None:
    settings.NEW_ACCOUNT_DAYS = 7
    ana = make.member(email="ana@example.com")
    card = chat.Wanted("product", make.product().pk)
    with clock.at(clock.now().replace(hour=12)):
        for number in range(5):
            words = chat.Words(card=card) if number % 2 else chat.Words(body=f"Hello {number}")
            chat.write_to(actor=make.actor(ana), account_id=make.member().pk, words=words)

        other = make.member()
        with pytest.raises(TooMany) as refused:
            chat.write_to(actor=make.actor(ana), account_id=other.pk, words=chat.Words(card=card))

    assert refused.value.code == "said_enough"
    assert Room.objects.count() == 5


def test_what_a_picture_is_said_to_show_is_read_for_listed_words_too() -> None:
    ana, ben = friends()
    say(ana, ben)
    moderation.list_word(actor=moderator(), text="pyramid", effect="block", reason="x")
    token = staged_picture(make.actor(ana))
    words = chat.Words(picture=token, alt="Join my pyramid")

    with pytest.raises(Invalid) as refused:
        chat.send(actor=make.actor(ana), room_id=Room.objects.get().pk, words=words)

    assert refused.value.code == "words_blocked"
    assert Message.objects.count() == 1


def test_who_leaves_takes_their_words_along_and_the_numbers_stay() -> None:
    ana, ben = friends()
    say(ana, ben, "My secret")
    say(ben, ana, "I heard it")

    declared()[Message].act(Person(account_id=ana.pk))  # type: ignore[misc]  # it has one

    told = latest(make.actor(ben), Room.objects.get())
    assert [one.message.seq for one in told] == [1, 2]
    assert [one.gone for one in told] == [True, False]
    assert not Message.objects.filter(body__contains="secret").exists()


def test_who_leaves_a_group_hears_nothing_of_its_room() -> None:
    from banyan.groups import actions as groups
    from tests.chat.test_live import last_event, listened, told_since

    circle = circles.group()
    ana, ben = circles.joined(circle), circles.joined(circle)
    room = chat.open_group_room(actor=make.actor(ana), group_id=circle.pk)
    chat.send(actor=make.actor(ana), room_id=room.pk, words=chat.Words(body="Hello all"))
    old = listened(ben, room)

    groups.leave(actor=make.actor(ben), group_id=circle.pk)
    relay.drain()
    before = last_event()
    chat.send(actor=make.actor(ana), room_id=room.pk, words=chat.Words(body="Among us"))

    assert old.isdisjoint(told_since(before))
    assert client(ben).get(f"/chat/{room.pk}").status_code == 404
    page = client(ana).get(f"/g/{circle.slug}").content.decode()
    assert f'href="/chat/group/{circle.slug}"' in page
