"""The day's allowance of one person, and one digest, taken by many workers at once."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.notify import actions
from banyan.notify.actions import allowances, digests
from banyan.notify.models import Allowance, Message, Notification, Preference, Reminder
from banyan.sales import actions as sales
from banyan.sales.models import Sale
from banyan.sales.reminders import STARTS
from tests.notify.test_choices import choose, tell
from tests.sales.scene import coming
from tests.support.factories import actor, member
from tests.support.threads import run_concurrently

pytestmark = pytest.mark.usefixtures("threaded_db")


def test_exactly_the_day_s_allowance_is_taken(settings: Any) -> None:
    settings.NOTIFY_DAILY_CAP = 5
    taken = run_concurrently(lambda: [allowances.take(who="account:1") for _ in range(3)], 6)
    assert sum(one for some in taken for one in some) == 5
    assert Allowance.objects.get().used == 5


def _weak(threads: int) -> Any:
    """Return a taking that reads before it writes, and meets the others in between."""
    all_have_read = threading.Barrier(threads)

    def take() -> bool:
        row = Allowance.objects.get()
        all_have_read.wait(timeout=30)
        if row.used >= row.cap:
            return False
        row.used += 1
        row.save()
        return True

    return take


def test_negative_control_reading_before_writing_sends_too_much(settings: Any) -> None:
    settings.NOTIFY_DAILY_CAP = 2
    allowances.take(who="account:1")
    taken = run_concurrently(_weak(4), 4)
    assert sum(taken) > 1, "the race that the one statement prevents"


def test_the_table_refuses_what_a_careless_statement_would_take(settings: Any) -> None:
    settings.NOTIFY_DAILY_CAP = 1
    allowances.take(who="account:1")
    with connection.cursor() as cursor, pytest.raises(IntegrityError):
        cursor.execute("UPDATE notify_allowance SET used = used + 1")


def test_workers_at_once_send_one_digest() -> None:
    reader = member(email="r@example.com")
    tell(reader, kind="order.shipped")
    choose(reader, digest="daily")
    Preference.objects.update(digest_at=clock.now() - dt.timedelta(minutes=1))

    assert sum(run_concurrently(actions.send_digests, 5)) == 1
    assert Message.objects.filter(kind="digest").count() == 1


def test_negative_control_without_the_claim_only_the_key_keeps_it_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader = member(email="r@example.com")
    tell(reader, kind="order.shipped")
    chosen = choose(reader, digest="daily")
    asked: list[str] = []
    monkeypatch.setattr(digests, "send", lambda **letter: asked.append(letter["key"]))

    def unclaimed() -> None:
        Preference.objects.update(digest_at=chosen.digest_at)
        digests._send(Preference.objects.select_related("account").get())

    for _ in range(3):
        unclaimed()
    assert len(asked) == 3
    assert len(set(asked)) == 1, "the key is of the day, so the table of messages keeps one"


def test_workers_at_once_remind_each_once() -> None:
    sale = coming()
    for n in range(6):
        actions.remind(
            actor=Actor.guest(), kind=STARTS, subject_id=sale.pk, contact=f"w{n}@example.com"
        )
    actions.remind(actor=actor(member()), kind=STARTS, subject_id=sale.pk)
    Sale.objects.update(starts_at=clock.now())

    told = run_concurrently(sales.tell_starting, 4)

    assert sum(told) == 7
    assert Message.objects.count() == 6
    assert Notification.objects.filter(kind=STARTS).count() == 1
    assert not Reminder.objects.filter(told_at=None).exists()
