"""Row 28, the reminder: a coupon that ends in 48 hours wakes its holder once, within the cap."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from banyan.entitlements import actions as entitlements
from banyan.entitlements.models import Grant
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.notify import actions as notify
from banyan.notify.actions import Where
from banyan.notify.models import Allowance, Message, Notification
from banyan.people.models import Account
from tests.support import factories as make
from tests.support.threads import run_concurrently

HOUR = dt.timedelta(hours=1)


def held(holder: Account, days: int = 10) -> Grant:
    """Give somebody a coupon that lives so many days."""
    shop = make.shop()
    coupon = entitlements.create_coupon(
        actor=make.actor(shop.owner),
        shop_id=shop.pk,
        title="Ten off",
        percent_bps=1_000,
        reach="held",
        life_days=days,
    )
    return entitlements.grant_coupon(
        actor=Actor.system("test"), coupon_id=coupon.pk, account_id=holder.pk, source="test"
    )


def hourly(begins: dt.datetime, hours: int) -> int:
    """Run the jobs hour after hour."""
    told = 0
    for hour in range(hours):
        with clock.at(begins + hour * HOUR):
            told += entitlements.remind_of_ending()
            notify.push_due()
            notify.send_digests()
            notify.deliver_due()
    return told


@pytest.mark.django_db
def test_row_28_exactly_one_reminder_however_often_the_jobs_run(settings: Any) -> None:
    settings.NOTIFY_DAILY_CAP = 1
    grant = held(make.member(email="ana@example.com"))
    assert grant.expires_at is not None
    assert hourly(grant.expires_at - 72 * HOUR, 23) == 0, "not before 48 hours"

    assert hourly(grant.expires_at - 48 * HOUR, 47) == 1

    row = Notification.objects.get(kind="coupon.ending")
    assert row.n == 1
    assert [m.destination for m in Message.objects.all()] == ["ana@example.com"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("chosen", "sign"), [(None, "UTC+8"), ("America/New_York", "UTC-5"), ("UTC", "UTC")]
)
def test_row_28_the_letter_tells_the_end_by_the_reader_s_clock(
    settings: Any, chosen: str | None, sign: str
) -> None:
    settings.SITE_TIME_ZONE = "Asia/Shanghai"
    ana = make.member(email="ana@example.com")
    ends = dt.datetime(2026, 12, 20, 15, 30, tzinfo=dt.UTC)
    with clock.at(ends - 10 * 24 * HOUR):
        grant = held(ana)
        if chosen:
            notify.set_preference(
                actor=make.actor(ana),
                time_zone=chosen,
                quiet=(None, None),
                digest="",
                strangers="all",
            )
    assert grant.expires_at == ends
    assert hourly(ends - 47 * HOUR, 1) == 1
    here = ends.astimezone(ZoneInfo(chosen or "Asia/Shanghai"))
    assert f"{here:%Y-%m-%d %H:%M} {sign}." in Message.objects.get().body


@pytest.mark.django_db
def test_row_28_two_coupons_that_end_on_one_day_are_one_message_by_the_cap(settings: Any) -> None:
    settings.NOTIFY_DAILY_CAP = 1
    ana = make.member(email="ana@example.com")
    ends = [held(ana).expires_at, held(ana).expires_at]
    assert ends[1] is not None
    hourly(ends[1] - 47 * HOUR, 10)
    assert Notification.objects.filter(kind="coupon.ending").count() == 2, "the page has both"
    assert Message.objects.count() == 1
    assert Allowance.objects.get().used == 1


@pytest.mark.django_db
def test_row_28_who_has_switched_it_off_used_it_or_got_it_late_hears_nothing() -> None:
    off, late = make.member(email="a@example.com"), make.member(email="b@example.com")
    notify.set_switch(actor=make.actor(off), family="ending", where=Where(False, False, False))
    grant = held(off)
    held(late, days=1)
    assert grant.expires_at is not None
    hourly(grant.expires_at - 40 * HOUR, 3)
    hourly(clock.now() + HOUR, 3)
    assert not Notification.objects.exists()
    assert not Message.objects.exists()


def test_row_28_jobs_at_once_remind_once(threaded_db: None) -> None:
    grant = held(make.member(email="ana@example.com"))
    Grant.objects.update(created_at=clock.now() - 90 * HOUR, expires_at=clock.now() + 40 * HOUR)
    assert grant.pk
    assert sum(run_concurrently(entitlements.remind_of_ending, 4)) == 1
    assert Notification.objects.get().n == 1
    assert Message.objects.count() == 1
