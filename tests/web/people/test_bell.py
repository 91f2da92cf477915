"""The number over the bell: what is unread, on every page, at no statement of its own."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from banyan.kernel import clock
from banyan.notify.actions import mark_read
from banyan.notify.models import Notification
from banyan.people.models import Account
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def tell(reader: Account, n: int, *, aside: bool = False) -> None:
    Notification.objects.bulk_create(
        Notification(
            recipient=reader,
            kind="people.followed",
            group_key=f"{aside}{i}",
            updated_at=clock.now(),
            aside=aside,
        )
        for i in range(n)
    )


def bell(browser: Client, url: str = "/explore") -> tuple[str, str]:
    """Return the number over the bell and what a screen reader says for it."""
    page = browser.get(url).content.decode()
    found = re.search(r'<a class="round" id="bell".*?</a>', page, re.DOTALL)
    assert found
    number = re.search(r'class="dot" aria-hidden="true">([^<]*)<', found[0])
    name = re.search(r'class="vh">([^<]*)<', found[0])
    assert name
    return number[1] if number else "", name[1]


def signed_in(account: Account) -> Client:
    browser = Client()
    browser.force_login(account)
    return browser


@pytest.mark.parametrize(("n", "shown"), [(1, "1"), (98, "98"), (99, "99+"), (150, "99+")])
def test_the_bell_says_how_much_is_unread(n: int, shown: str) -> None:
    reader = make.member()
    tell(reader, n)
    browser = signed_in(reader)
    assert bell(browser) == (shown, f"Notifications, {shown} unread")
    assert f'data-say="Unread notifications: {shown}"' in browser.get("/me").content.decode()


def test_nothing_unread_is_no_number() -> None:
    reader, other = make.member(), make.member()
    tell(reader, 3)
    tell(reader, 2, aside=True)
    tell(other, 5)
    browser = signed_in(reader)
    assert bell(browser)[0] == "3"
    mark_read(recipient_id=reader.pk)
    assert bell(browser) == ("", "Notifications")


def test_a_guest_has_no_bell() -> None:
    assert 'id="bell"' not in Client().get("/explore").content.decode()


def test_the_number_rides_on_the_statement_that_reads_the_account() -> None:
    """With nothing and with much unread the page asks the same, and notifications nothing apart."""
    asked = []
    for n in (0, 150):
        reader = make.member()
        tell(reader, n)
        browser = signed_in(reader)
        browser.get("/explore")
        with CaptureQueriesContext(connection) as seen:
            browser.get("/explore")
        asked.append(len(seen))
        mine = [one["sql"] for one in seen if "notify_" in one["sql"]]
        assert len(mine) == 1, mine
        assert 'FROM "people_account" WHERE' in mine[0]
    assert asked[0] == asked[1]


def test_a_badge_that_hears_of_news_brings_the_bell_along() -> None:
    reader = make.member()
    tell(reader, 2)
    alone = signed_in(reader).get(reverse("notifications_badge")).content.decode()
    assert 'data-live-targets="unread bell"' in alone
    assert 'id="bell"' in alone


def test_a_suspended_account_is_signed_out() -> None:
    reader = make.member()
    browser = signed_in(reader)
    assert browser.get(reverse("me")).status_code == 200
    Account.objects.filter(pk=reader.pk).update(is_active=False)
    assert browser.get(reverse("me")).status_code == 302
