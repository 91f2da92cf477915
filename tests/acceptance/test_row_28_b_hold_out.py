"""Row 28, the proof: some are held out of a reminder, and the report says what it adds."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from banyan.entitlements import actions as entitlements
from banyan.entitlements.models import Coupon, Grant, Redemption
from banyan.experiments.actions import expose
from banyan.experiments.models import HELD_OUT, TREATED, Exposure
from banyan.insights.queries import reminder_report
from banyan.kernel import clock
from banyan.notify.models import Message, Notification
from banyan.orders.actions import cancel_order
from banyan.orders.models import Order
from banyan.people.models import Account
from tests.campaigns.scene import SYSTEM, coupon, somebody
from tests.support import factories as make

pytestmark = pytest.mark.django_db
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def holder(of: Coupon, arm: str = "") -> Account:
    """Return a member who holds the coupon, and whose arm is noted beforehand where it is given."""
    who = somebody()
    if arm:
        expose(
            experiment="coupon.ending",
            subject_id=of.pk,
            unit_id=-who.pk,
            account_id=who.pk,
            percent=100 if arm == HELD_OUT else 0,
        )
    entitlements.grant_coupon(actor=SYSTEM, coupon_id=of.pk, account_id=who.pk, source="test")
    return who


def lasting(days: int = 10) -> Coupon:
    return coupon(make.shop(), life_days=days)


def at_the_end(hours: int = 48) -> int:
    """Let the jobs run hourly through the last hours of the coupons."""
    ends = Grant.objects.order_by("expires_at")[0].expires_at
    assert ends is not None
    told = 0
    for hour in range(hours, 0, -1):
        with clock.at(ends - hour * HOUR):
            told += entitlements.remind_of_ending()
    return told


def use(of: Coupon, who: Account, *, days: float) -> None:
    """Let a holder's order use it, as the rows then are."""
    grant = Grant.objects.get(coupon=of, account=who)
    Grant.objects.filter(pk=grant.pk).update(state="redeemed", checkout_id=grant.pk)
    made = Redemption.objects.create(
        coupon=of,
        checkout_id=grant.pk,
        person_key=f"account:{who.pk}",
        amount=500,
        currency=of.currency,
        state="redeemed",
        created_at=grant.created_at + days * DAY,
    )
    assert made.pk


def test_row_28_the_hold_out_arm_hears_nothing_the_others_once(settings: Any) -> None:
    settings.NOTIFY_DAILY_CAP = 1
    of = lasting()
    told, silent = holder(of, TREATED), holder(of, HELD_OUT)
    assert at_the_end() == 1
    assert [row.recipient_id for row in Notification.objects.all()] == [told.pk]
    assert [row.destination for row in Message.objects.all()] == [told.email]
    noted = Exposure.objects.filter(unit_id__gt=0)
    assert dict(noted.values_list("account_id", "arm")) == {
        told.pk: TREATED,
        silent.pk: HELD_OUT,
    }
    assert all(row.at <= clock.now() + 10 * DAY for row in noted)


@pytest.mark.parametrize(
    ("reminded", "held_out", "verdict"),
    [
        ((30, 24), (30, 6), "more"),
        ((30, 15), (30, 13), "cannot_tell"),
        ((30, 24), (12, 1), "not_enough"),
    ],
)
def test_row_28_the_report_tells_what_was_planted(
    reminded: tuple[int, int], held_out: tuple[int, int], verdict: str
) -> None:
    of = lasting()
    for arm, (people, used) in ((TREATED, reminded), (HELD_OUT, held_out)):
        holders = [holder(of, arm) for _n in range(people)]
        Exposure.objects.filter(unit_id__lt=0).delete()
        for who in holders:
            expose(
                experiment="coupon.ending",
                subject_id=of.pk,
                unit_id=Grant.objects.get(account=who).pk,
                account_id=who.pk,
                percent=100 if arm == HELD_OUT else 0,
            )
        for who in holders[:used]:
            use(of, who, days=8.5)
    with clock.at(clock.now() + 11 * DAY):
        report = reminder_report(of.pk)
        page = Client()
        assert of.shop is not None
        page.force_login(of.shop.owner)
        html = page.get(f"/studio/{of.shop.slug}/coupons/{of.pk}").content.decode()
    assert (report.reminded.people, report.reminded.used) == reminded
    assert (report.held_out.people, report.held_out.used) == held_out
    assert report.verdict == verdict
    assert report.reminded.curve[2] == 0, "nobody within a week"
    assert report.reminded.curve[3] is None or report.reminded.curve[3] > 0
    if report.lift and verdict == "more":
        assert report.lift.low < 0.6 < report.lift.high, "the planted difference is in the interval"
    words = {
        "more": "The reminder makes more people use it",
        "cannot_tell": "We cannot tell",
        "not_enough": "Not enough data yet",
    }
    assert words[verdict] in html


def test_row_28_a_price_that_ends_is_reminded_of_once() -> None:
    ana = somebody()
    item = make.variant(price=10_000)
    make.right(ana, item, 8_000, expires_at=clock.now() + 7 * DAY)
    make.right(somebody(), item, 8_000, expires_at=clock.now() + DAY)
    told = 0
    for hour in range(7 * 24):
        if hour % 6 == 0:
            with clock.at(clock.now() + hour * HOUR):
                told += entitlements.remind_of_ending()
    assert told == 1
    row = Notification.objects.get(kind="price.ending")
    assert (row.recipient_id, row.n) == (ana.pk, 1)
    message = Message.objects.get()
    assert "CN¥80.00" in message.body


def test_litemall_163_a_coupon_comes_back_from_a_cancelled_order_with_a_day_to_live() -> None:
    item = make.variant(price=10_000)
    of = coupon(item.product.shop, life_days=3)
    ana = holder(of)
    grant = Grant.objects.get()
    assert grant.expires_at is not None
    with clock.at(grant.expires_at - HOUR):
        checkout = make.pay(make.place((item, 1), buyer=ana))
        assert Grant.objects.get().state == "redeemed"
    late = grant.expires_at + 5 * HOUR
    with clock.at(late):
        cancel_order(
            actor=make.actor(ana), order_id=Order.objects.get(checkout=checkout).pk, key="back"
        )
    grant.refresh_from_db()
    assert (grant.state, grant.expires_at) == ("held", late + DAY)
    assert Redemption.objects.get().state == "returned"
