"""The e-mail digest: what was unread, once, in the reader's language, ended by one tap."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from banyan.kernel import clock
from banyan.notify import actions, queries
from banyan.notify.actions import Where
from banyan.notify.models import Allowance, Message, Preference
from tests.support.factories import actor, member

from .test_choices import choose, tell

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def due() -> None:
    """Let every digest be due now."""
    Preference.objects.update(digest_at=clock.now())


def test_a_digest_names_what_is_unread_and_how_it_ends(settings: Any) -> None:
    settings.PUBLIC_URL = "https://shop.example"
    reader = member(email="r@example.com")
    choose(reader, digest="daily")
    tell(reader, member("ana"))
    tell(reader, kind="order.shipped")
    due()

    assert actions.send_digests() == 1
    assert actions.send_digests() == 0
    assert actions.deliver_due() == 1

    letter = mail.outbox[0]
    token = Preference.objects.get().token
    assert letter.subject == "2 things you have not read"
    assert "- Ana follows you." in letter.body
    assert letter.extra_headers == {
        "List-Unsubscribe": f"<https://shop.example/stop/{token}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert Allowance.objects.get().used == 1


def test_what_was_read_is_old_or_switched_off_is_not_in_it() -> None:
    reader = member(email="r@example.com")
    choose(reader, digest="daily")
    with clock.at(clock.now() - 3 * DAY):
        tell(reader, kind="order.shipped")
    tell(reader, member("ana"))
    actions.set_switch(actor=actor(reader), family="people", where=Where(True, True, False))
    tell(reader, kind="stock.back")
    actions.mark_read(recipient_id=reader.pk)
    due()
    assert actions.send_digests() == 0
    assert not Message.objects.exists()
    assert not Allowance.objects.exists(), "nothing to say costs nothing"


def test_a_day_has_one_digest_even_when_it_becomes_due_again() -> None:
    reader = member(email="r@example.com")
    choose(reader, digest="daily")
    tell(reader, kind="order.shipped")
    for _ in range(3):
        due()
        actions.send_digests()
    assert Message.objects.count() == 1


def test_quiet_hours_hold_a_digest_back() -> None:
    reader = member(email="r@example.com")
    choose(reader, digest="daily", quiet=(0, 12 * 60))
    eight = (clock.now() + DAY).replace(hour=8, minute=0)
    with clock.at(eight - dt.timedelta(hours=1)):
        tell(reader, kind="order.shipped")
    Preference.objects.update(digest_at=eight)
    with clock.at(eight):
        assert actions.send_digests() == 0
    with clock.at(eight.replace(hour=12)):
        assert actions.send_digests() == 1


def test_without_an_address_nothing_is_sent_and_nothing_fails() -> None:
    reader = member()
    choose(reader, digest="weekly")
    tell(reader, kind="order.shipped")
    due()
    assert actions.send_digests() == 0
    assert Preference.objects.get().digest_at is not None


def test_a_mail_program_ends_it_with_one_post_and_no_sign_in() -> None:
    reader = member(email="r@example.com")
    token = choose(reader, digest="daily").token
    browser = Client(enforce_csrf_checks=True)
    url = reverse("stop", args=[token])

    assert browser.get(url).status_code == 200
    assert Preference.objects.get().digest == "daily", "a mail reader that looks ends nothing"
    assert browser.post(url, {"List-Unsubscribe": "One-Click"}).status_code == 200

    chosen = Preference.objects.get()
    assert (chosen.digest, chosen.digest_at) == ("", None)
    assert browser.post(reverse("stop", args=["nonsense"])).status_code == 404
    assert queries.unread_count(reader.pk) == 0


@pytest.mark.parametrize(
    ("zone", "happened", "due_at", "late"),
    [
        # The night before, the clock went back: the day has 25 hours.
        ("Europe/Berlin", "2026-10-24T06:30", "2026-10-25T07:00", 0),
        # Yesterday's run was punctual, today's is not.
        ("UTC", "2026-03-01T08:02", "2026-03-02T08:00", 4),
    ],
)
def test_nothing_falls_between_two_digests(
    zone: str, happened: str, due_at: str, late: int
) -> None:
    reader = member(email="r@example.com")
    choose(reader, digest="daily", time_zone=zone)
    due_then = dt.datetime.fromisoformat(due_at).replace(tzinfo=dt.UTC)
    with clock.at(dt.datetime.fromisoformat(happened).replace(tzinfo=dt.UTC)):
        tell(reader, kind="order.shipped")
    Preference.objects.update(digest_at=due_then)
    with clock.at(due_then + late * dt.timedelta(minutes=1)):
        assert actions.send_digests() == 1
