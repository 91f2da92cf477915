"""Grouped notifications: one row per group, told in the reader's language."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils import translation

from banyan.kernel import clock, relay, topics
from banyan.kernel.models import StoredEvent
from banyan.notify import actions, kinds, queries
from banyan.notify.actions import Telling
from banyan.notify.kinds import Happening
from banyan.notify.models import Notification
from banyan.people import actions as people
from banyan.people.models import Account
from tests.support.factories import actor, member
from tests.support.threads import run_at_once


@pytest.fixture(autouse=True)
def wave(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind that only tests know."""
    monkeypatch.setattr(kinds, "_kinds", dict(kinds._kinds))
    kinds.register("wave", lambda h: f"{h.who} waved {h.n} at {h.data.get('place', '')}")


def tell(reader: Account, by: Account | None = None, group: str = "wave:1", **data: Any) -> None:
    """Tell somebody of a wave."""
    actions.notify(
        recipient_id=reader.pk,
        kind="wave",
        group_key=group,
        url="/w",
        data=data,
        actor_id=by.pk if by else None,
    )


def texts(reader: Account) -> list[str]:
    """Return what the list says."""
    return [told.text for told in queries.notifications(reader.pk)]


@pytest.mark.django_db
def test_the_same_group_is_one_row_with_the_last_three_people() -> None:
    reader = member()
    fans = [member(name) for name in ("ana", "ben", "cy", "dee")]
    for fan in fans:
        tell(reader, fan, place="home")
    row = Notification.objects.get()
    assert row.n == 4
    assert row.actors == [str(fan.pk) for fan in reversed(fans[1:])]
    assert texts(reader) == ["Dee and 3 others waved 4 at home"]


@pytest.mark.django_db
def test_the_same_person_twice_counts_once() -> None:
    reader, ana = member(), member("ana")
    tell(reader, ana)
    tell(reader, ana)
    assert texts(reader) == ["Ana waved 1 at "]


@pytest.mark.django_db
def test_what_was_read_begins_again_from_one() -> None:
    reader, ana, ben, cy = member(), member("ana"), member("ben"), member("cy")
    tell(reader, ana)
    tell(reader, ben)
    assert actions.mark_read(recipient_id=reader.pk) == 1
    assert queries.unread_count(reader.pk) == 0
    tell(reader, cy)
    assert texts(reader) == ["Cy waved 1 at "]
    assert queries.unread_count(reader.pk) == 1


@pytest.mark.django_db
def test_nobody_hears_of_themselves_or_across_a_block() -> None:
    ana, ben = member(), member()
    people.block(actor=actor(ana), account_id=ben.pk)
    tell(ana, ana)
    tell(ana, ben)
    tell(ben, ana)
    assert not Notification.objects.exists()


@pytest.mark.django_db
def test_an_unknown_kind_is_refused_where_it_is_written() -> None:
    with pytest.raises(ImproperlyConfigured):
        actions.notify(recipient_id=member().pk, kind="nonsense", group_key="x")


@pytest.mark.django_db
def test_the_badge_ends_at_99() -> None:
    reader = member()
    now = clock.now()
    Notification.objects.bulk_create(
        Notification(recipient=reader, kind="wave", group_key=f"g{i}", updated_at=now)
        for i in range(120)
    )
    assert queries.unread_count(reader.pk) == 99


@pytest.mark.django_db
def test_reading_the_list_costs_two_queries_whatever_its_length(
    django_assert_num_queries: Any,
) -> None:
    reader = member()
    for i in range(8):
        tell(reader, member(), group=f"g{i}")
    with django_assert_num_queries(2):
        assert len(queries.notifications(reader.pk)) == 8


@pytest.mark.django_db
def test_only_one_s_own_notifications_are_marked() -> None:
    ana, eve = member(), member()
    tell(ana, member())
    row = Notification.objects.get()
    assert actions.mark_read(recipient_id=eve.pk, notification_id=row.pk) == 0
    assert queries.unread_count(ana.pk) == 1


def test_people_are_named_in_the_grammar_of_the_language() -> None:
    with translation.override("en"):
        assert queries.phrase((), 3) == "Somebody"
        assert queries.phrase(("Ana",), 1) == "Ana"
        assert queries.phrase(("Ana", "Ben"), 2) == "Ana and Ben"
        assert queries.phrase(("Ana", "Ben", "Cy"), 9) == "Ana and 8 others"


def test_follows_at_once_are_counted_each(threaded_db: None) -> None:
    reader = member()
    fans = [member() for _ in range(8)]
    run_at_once(*[lambda fan=fan: tell(reader, fan) for fan in fans])
    assert Notification.objects.get().n == 8


def test_a_follow_and_a_friendship_are_told_through_the_outbox(threaded_db: None) -> None:
    ana, ben = member("ana"), member("ben")
    people.follow(actor=actor(ana), account_id=ben.pk)
    people.follow(actor=actor(ben), account_id=ana.pk)

    relay.drain()

    assert texts(ben) == ["Ana follows you."]
    assert texts(ana) == ["You and Ben follow each other: you are friends now."]
    assert [told.url for told in queries.notifications(ana.pk)] == ["/@ben"]


def test_a_request_and_the_yes_to_it_are_told_to_those_who_wait(threaded_db: None) -> None:
    ana, ben = member("ana"), member("ben", approves_followers=True)
    people.follow(actor=actor(ana), account_id=ben.pk)
    relay.drain()
    assert texts(ben) == ["Ana asks to follow you."]
    assert texts(ana) == []
    assert [told.url for told in queries.notifications(ben.pk)] == ["/me/requests"]

    people.accept_follower(actor=actor(ben), account_id=ana.pk)
    relay.drain()
    assert texts(ana) == ["Ben said yes: you follow them now."]
    assert texts(ben) == [], "nobody asks any more"

    eve = member("eve")
    people.follow(actor=actor(eve), account_id=ben.pk)
    people.follow(actor=actor(ben), account_id=eve.pk)
    people.accept_follower(actor=actor(ben), account_id=eve.pk)
    relay.drain()
    assert "You and Ben follow each other: you are friends now." in texts(eve)


def test_a_kind_is_told_by_who_registered_it_last() -> None:
    kinds.register("wave", lambda h: "again")
    kind = kinds.require("wave")
    assert kind.tell(Happening(n=1, names=(), who="Somebody")) == "again"


@pytest.mark.django_db
def test_a_members_pages_are_woken_when_they_are_told_and_when_they_have_read() -> None:
    reader, ana, ben = member(), member("ana"), member("ben")
    relay.drain()

    def woken() -> dict[str, list[str]] | None:
        fresh = StoredEvent.objects.filter(position=None).order_by("id")
        found = topics.touched(list(fresh))
        relay.drain()
        return found

    tell(reader, ana)
    assert woken() == {f"member:{reader.pk}": ["notification.told"]}
    assert actions.mark_read(recipient_id=reader.pk) == 1
    assert woken() == {f"member:{reader.pk}": ["notification.read"]}
    assert actions.mark_read(recipient_id=reader.pk) == 0
    assert woken() == {}, "nothing changed, nobody is woken"
    tell(reader, reader)
    people.block(actor=actor(reader), account_id=ben.pk)
    relay.drain()
    tell(reader, ben)
    assert woken() == {}, "who is not told is not woken"


@pytest.mark.django_db
def test_nobody_hears_of_whom_they_mute_before_or_after() -> None:
    reader, ana, ben = member(), member("ana"), member("ben")
    tell(reader, ana, "before")
    people.mute_person(actor=actor(reader), account_id=ana.pk)
    tell(reader, ana, "after")
    tell(reader, ben, "other")
    assert texts(reader) == ["Ben waved 1 at "]
    assert not Notification.objects.filter(group_key="after").exists()
    assert len(texts(reader)) == 1
    tell(ana, reader)
    assert texts(ana) != [], "a mute is nobody's business but one's own"


@pytest.mark.django_db
def test_many_tellings_are_as_few_statements_as_one_and_one_event_for_each_reader(
    django_assert_num_queries: Any,
) -> None:
    ana, ben = member(), member()
    some = [
        Telling([ana.pk, ben.pk], "wave", f"wave:{n}", data={"place": f"{n}"}, cause=70 + n)
        for n in range(5)
    ]
    with django_assert_num_queries(4):  # places, rows, ids and events
        actions.notify_all(some)
    with django_assert_num_queries(4):
        actions.notify_all(some[:1])
    told = StoredEvent.objects.filter(name="notification.told").order_by("id")
    assert [(one.payload["recipient_id"], one.cause_id) for one in told] == [
        (ana.pk, 74),
        (ben.pk, 74),
        (ana.pk, 70),
        (ben.pk, 70),
    ]
    assert {(one.recipient_id, one.group_key, one.n) for one in Notification.objects.all()} == {
        (who.pk, f"wave:{n}", 2 if n == 0 else 1) for who in (ana, ben) for n in range(5)
    }
    assert texts(ana)[0] == "Somebody waved 2 at 0"


@pytest.mark.django_db
def test_tellings_of_one_row_count_each_and_each_by_its_own_rules() -> None:
    reader, ana, ben, foe = member(), member("ana"), member("ben"), member()
    people.block(actor=actor(reader), account_id=foe.pk)
    actions.notify_all(
        [Telling([reader.pk], "wave", "wave:1", actor_id=by.pk) for by in (ana, foe, ben, ana)]
        + [Telling([ana.pk], "wave", "wave:1", actor_id=ana.pk)]
    )
    row = Notification.objects.get()
    assert (row.recipient_id, row.n, row.actors) == (reader.pk, 2, [str(ben.pk), str(ana.pk)])


def test_nothing_to_tell_asks_nothing() -> None:
    actions.notify_all([])


@pytest.mark.django_db
def test_what_somebody_muted_did_hides_nothing_that_is_older() -> None:
    reader, loud, friend = member(), member("loud"), member("friend")
    for n in range(3):
        tell(reader, friend, f"old:{n}")
    for n in range(40):
        tell(reader, loud, f"loud:{n}")
    tell(reader, friend, "new")
    people.mute_person(actor=actor(reader), account_id=loud.pk)

    first = queries.notification_page(reader.pk, limit=3)
    rest = queries.notification_page(reader.pk, limit=3, before=first.further)

    assert (len(first.told), len(rest.told), rest.further) == (3, 1, None)
    browser = Client()
    browser.force_login(reader)
    page = browser.get("/notifications").content.decode()
    assert page.count("Friend waved") == 4


@pytest.mark.django_db
def test_a_page_that_ends_between_two_of_one_instant_loses_none() -> None:
    reader, friend = member(), member("friend")
    for n in range(32):
        tell(reader, friend, f"of:{n}")
    Notification.objects.update(updated_at=clock.now())
    browser = Client()
    browser.force_login(reader)

    first = browser.get("/notifications").content.decode()
    more = re.search(r'href="(/notifications[^"]*before=[^"]*)"', first)
    assert more
    second = browser.get(unescape(more[1])).content.decode()

    assert (first.count("Friend waved"), second.count("Friend waved")) == (30, 2)
