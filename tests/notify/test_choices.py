"""What members choose: switches, strangers, quiet hours; and what then holds."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid, LoginRequired, NotFound
from banyan.notify import actions, kinds, queries
from banyan.notify.actions import Where
from banyan.notify.families import FAMILIES
from banyan.notify.models import Notification, Preference, Switch
from banyan.notify.rules import Quiet, minutes_of, next_digest, zones
from banyan.people import actions as people
from banyan.people.models import Account
from tests.support.factories import actor, member

UTC = dt.UTC


def choose(account: Account, **values: Any) -> Preference:
    """Set a member's preference, the defaults where nothing is said."""
    chosen: dict[str, Any] = {
        "time_zone": "UTC",
        "quiet": (None, None),
        "digest": "",
        "strangers": "all",
    }
    return actions.set_preference(actor=actor(account), **chosen | values)


def tell(reader: Account, by: Account | None = None, kind: str = "follow") -> None:
    """Tell somebody something."""
    actions.notify(
        recipient_id=reader.pk,
        kind=kind,
        group_key=f"{kind}:1",
        actor_id=by.pk if by else None,
        data={"title": "Cup", "number": "B1", "shop": "Kiln"},
    )


@pytest.mark.django_db
def test_a_family_that_is_off_is_not_told_and_others_are() -> None:
    reader, ana = member(), member("ana")
    actions.set_switch(actor=actor(reader), family="people", where=Where(False, True, True))

    tell(reader, ana)
    tell(reader, ana, "like")

    assert [row.kind for row in Notification.objects.all()] == ["like"]
    row = Switch.objects.get()
    assert (row.page, row.push, row.email) == (False, False, False), "not shown is not sent"


@pytest.mark.django_db
def test_own_orders_stay_on_the_page_whatever_is_chosen() -> None:
    reader = member()
    actions.set_switch(actor=actor(reader), family="orders", where=Where(False, False, False))
    tell(reader, kind="order.shipped")
    assert queries.unread_count(reader.pk) == 1


@pytest.mark.django_db
def test_switches_are_known_families_of_somebody_signed_in() -> None:
    with pytest.raises(NotFound):
        actions.set_switch(actor=actor(member()), family="nonsense", where=Where(True, True, True))
    with pytest.raises(LoginRequired):
        actions.set_switch(actor=Actor.guest(), family="people", where=Where(True, True, True))


def test_every_kind_is_of_a_family_that_its_teller_named() -> None:
    unnamed = [kind.name for kind in kinds.registered() if kind.family.name == "other"]
    assert unnamed == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("strangers", "shown", "apart"), [("all", 1, 0), ("requests", 0, 1), ("none", 0, 0)]
)
def test_people_whom_one_does_not_follow_come_as_one_chose(
    strangers: str, shown: int, apart: int
) -> None:
    reader, stranger, known = member(), member("eve"), member("ana")
    people.follow(actor=actor(reader), account_id=known.pk)
    choose(reader, strangers=strangers)

    tell(reader, stranger, "like")

    assert queries.unread_count(reader.pk) == shown
    assert len(queries.notifications(reader.pk)) == shown
    assert len(queries.notifications(reader.pk, show="requests")) == apart
    tell(reader, known, "like")
    assert [told.people[0].pk for told in queries.notifications(reader.pk)][:1] == [known.pk]


@pytest.mark.django_db
def test_the_unread_alone_are_listed_when_asked_for() -> None:
    reader = member()
    tell(reader, kind="order.shipped")
    tell(reader, kind="stock.back")
    first = Notification.objects.get(kind="stock.back")
    actions.mark_read(recipient_id=reader.pk, notification_id=first.pk)
    assert [told.icon for told in queries.notifications(reader.pk, show="unread")] == ["truck"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"quiet": (600, None)}, "quiet_until"),
        ({"quiet": (600, 600)}, "quiet_until"),
        ({"quiet": (-1, 600)}, "quiet_until"),
        ({"digest": "hourly"}, "digest"),
        ({"strangers": "some"}, "strangers"),
    ],
)
def test_what_makes_no_sense_is_refused_by_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        choose(member(), **values)
    assert list(refused.value.fields) == [field]
    assert not Preference.objects.exists()


@pytest.mark.django_db
def test_a_second_choice_keeps_the_link_of_earlier_digests() -> None:
    reader = member()
    token = choose(reader).token
    assert choose(reader, digest="daily").token == token


def test_quiet_hours_pass_midnight_by_the_reader_s_own_clock() -> None:
    quiet = Quiet(22 * 60, 8 * 60, "Asia/Shanghai")
    late = dt.datetime(2026, 3, 1, 15, 0, tzinfo=UTC)  # 23:00 there
    early = dt.datetime(2026, 3, 1, 20, 0, tzinfo=UTC)  # 04:00 of the next day
    noon = dt.datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
    morning = dt.datetime(2026, 3, 2, 0, 0, tzinfo=UTC)  # 08:00 there
    assert quiet.over_at(late) == quiet.over_at(early) == morning
    assert quiet.over_at(noon) is None
    assert quiet.over_at(morning) is None, "the hours are half open"


@given(
    st.integers(0, 1439),
    st.integers(0, 1439),
    st.sampled_from(["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
    st.datetimes(dt.datetime(2025, 1, 1), dt.datetime(2027, 1, 1), timezones=st.just(UTC)),
)
def test_quiet_ends_and_is_then_over(start: int, end: int, zone: str, moment: dt.datetime) -> None:
    if start == end:
        return
    quiet = Quiet(start, end, zone)
    over = quiet.over_at(moment)
    local = moment.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    inside = start <= minute < end if start < end else minute >= start or minute < end
    assert (over is not None) == inside
    if over is not None:
        assert moment < over <= moment + dt.timedelta(hours=26)


def test_a_digest_is_due_at_eight_of_the_reader_s_day() -> None:
    thursday = dt.datetime(2026, 11, 26, 18, 0, tzinfo=UTC)
    assert next_digest(thursday, "Asia/Shanghai", "daily") == dt.datetime(
        2026, 11, 27, 0, 0, tzinfo=UTC
    )
    assert next_digest(thursday, "UTC", "weekly") == dt.datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
    assert next_digest(thursday, "UTC", "") is None


def test_times_are_read_as_typed_and_zones_are_real() -> None:
    assert (minutes_of("22:30"), minutes_of("07:00"), minutes_of("25:00")) == (1350, 420, None)
    assert all(ZoneInfo(zone) for zone in zones())
    assert {"UTC", "Asia/Shanghai", "Europe/Berlin"} <= set(zones())


# -- the pages ------------------------------------------------------------------------------------


def signed_in(account: Account) -> Client:
    """Return a browser in which an account is signed in."""
    browser = Client()
    browser.force_login(account)
    return browser


@pytest.mark.django_db
def test_the_settings_show_every_family_and_take_both_forms() -> None:
    reader = member(email="r@example.com")
    browser = signed_in(reader)
    url = reverse("notification_settings")
    page = browser.get(url).content.decode()
    for family in FAMILIES.values():
        assert f'value="{family.name}:push"' in page
    assert "r@example.com" in page

    browser.post(url, {"form": "switches", "on": ["people:page", "posts:page", "posts:push"]})
    on = queries.switches_of(reader.pk)
    assert on["people"] == {"page": True, "push": False, "email": False}
    assert on["posts"]["push"]
    assert on["orders"]["page"], "always there"
    assert not on["groups"]["page"]

    times = {
        "form": "times",
        "time_zone": "Asia/Taipei",
        "quiet_from": "22:00",
        "quiet_until": "07:30",
        "digest": "weekly",
        "strangers": "requests",
    }
    assert browser.post(url, times).status_code == 302
    chosen = Preference.objects.get()
    assert (chosen.quiet_from, chosen.quiet_until, chosen.digest) == (1320, 450, "weekly")
    refused = browser.post(url, times | {"quiet_until": ""})
    assert refused.status_code == 422
    assert "22:00" in refused.content.decode(), "what was typed stays"


@pytest.mark.django_db
def test_the_list_has_tabs_and_requests_only_for_who_keeps_strangers_apart() -> None:
    reader = member()
    browser = signed_in(reader)
    page = browser.get(reverse("notifications")).content.decode()
    assert "show=unread" in page
    assert "show=requests" not in page
    choose(reader, strangers="requests")
    tell(reader, member("eve"), "like")
    assert "Eve" not in browser.get(reverse("notifications")).content.decode()
    assert "Eve" in browser.get(reverse("notifications") + "?show=requests").content.decode()


@pytest.mark.django_db
def test_a_guest_has_no_settings() -> None:
    assert Client().get(reverse("notification_settings")).status_code == 302
