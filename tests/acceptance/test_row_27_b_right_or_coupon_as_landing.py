"""Row 27, b: a price or a coupon is won in an app's window and used days later, elsewhere.

The window runs no script and is thrown away; what was won belongs to the member. All over HTTP.
"""

from __future__ import annotations

import datetime as dt

import pytest

from banyan.campaigns.outcomes import outcome_of
from banyan.entitlements import actions as entitlements
from banyan.entitlements.models import Grant, PriceRight
from banyan.kernel import clock
from tests.campaigns.phones import PHONE, WECHAT, Phone
from tests.campaigns.scene import (
    SYSTEM,
    assert_sound,
    begun,
    campaign,
    coupon,
    join,
    later,
    somebody,
)
from tests.support import factories as make
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.mark.parametrize("landing", ["coupon", "right"])
def test_row_27_b_won_in_a_webview_used_later_on_another_device(
    landing: str, sandbox: Sandbox
) -> None:
    item = make.variant(price=10_000)
    reward = (
        {"coupon": coupon(item.product.shop, amount_off=2_000, life_days=7).pk}
        if landing == "coupon"
        else {"variant": item.pk, "price": 8_000, "price_days": 7}
    )
    of = campaign(item.product.shop, "coupon_pack", landing=landing, sender=-1, **reward)
    play = Phone(somebody()).begin(of)
    ben = somebody()

    window = Phone(ben, WECHAT)
    assert window.act(play, "join") == play
    assert ("The price is yours" if landing == "right" else "A coupon is yours") in window.look(
        play
    )
    del window

    with clock.at(clock.now() + 3 * DAY):
        desk = Phone(ben, PHONE)
        mine = desk.look("/me/coupons")
        assert ("Prices that are yours" in mine) is (landing == "right")
        assert desk.buy(f"/checkout?variant={item.pk}&n=1", sandbox) == 8_000
        assert desk.buy(f"/checkout?variant={item.pk}&n=1", sandbox) == 10_000, "once"
    outcome = outcome_of(of)
    assert (outcome.rewarded, outcome.used, outcome.paid.amount) == (1, 1, 8_000)
    assert_sound()


def test_row_27_b_after_its_days_the_price_is_the_usual_one_again(sandbox: Sandbox) -> None:
    item = make.variant(price=10_000)
    terms = {"variant": item.pk, "price": 8_000, "price_days": 2, "sender": -1}
    of = campaign(item.product.shop, "coupon_pack", landing="right", **terms)
    play, ben = Phone(somebody()).begin(of), Phone(somebody())
    ben.act(play, "join")
    with clock.at(clock.now() + 2 * DAY):
        entitlements.expire_rights(actor=SYSTEM)
        assert "The time to buy at this price is over." in ben.look(play)
        assert "Prices that are yours" not in ben.look("/me/coupons")
        assert ben.buy(f"/checkout?variant={item.pk}&n=1", sandbox) == 10_000
    assert PriceRight.objects.get().state == "expired"
    outcome = outcome_of(of)
    assert (outcome.rewarded, outcome.used, outcome.paid.amount) == (1, 0, 0)
    assert_sound()


def test_row_27_b_somebody_elses_price_is_nobody_elses(sandbox: Sandbox) -> None:
    item = make.variant(price=10_000)
    terms = {"variant": item.pk, "price": 8_000, "sender": -1}
    of = campaign(item.product.shop, "coupon_pack", landing="direct", **terms)
    play, ben, eve = Phone(somebody()).begin(of), Phone(somebody()), Phone(somebody())
    assert ben.act(play, "join") == f"/checkout?variant={item.pk}&n=1"
    assert eve.buy(f"/checkout?variant={item.pk}&n=1", sandbox) == 10_000
    assert "Prices that are yours" not in eve.look("/me/coupons")
    assert PriceRight.objects.get().state == "held"


@pytest.mark.parametrize("landing", ["coupon", "right"])
@pytest.mark.parametrize("code", ["bargain", "group_buy"])
def test_row_27_b_what_friends_brought_about_is_used_later_on_another_device(
    code: str, landing: str, sandbox: Sandbox
) -> None:
    item = make.variant(price=10_000, stock=9)
    terms = {
        "bargain": {"floor": 8_000, "people": 1, "pay_hours": 7 * 24},
        "group_buy": {"price": 8_000, "people": 2, "days": 7},
    }[code]
    of = campaign(item.product.shop, code, landing=landing, variant=item.pk, **terms)
    ana, ben = somebody(), somebody()
    window = Phone(ana, WECHAT if code == "group_buy" else PHONE)
    play = window.begin(of) if code == "bargain" else Phone(ben).begin(of)
    if code == "bargain":
        Phone(ben).act(play, "help")
    else:
        assert window.act(play, "join") == play, "nobody pays here"
    assert ("A coupon is yours" if landing == "coupon" else "The price is yours") in window.look(
        play
    )
    del window

    with clock.at(clock.now() + 3 * DAY):
        desk = Phone(ana, PHONE)
        mine = desk.look("/me/coupons")
        assert ("Prices that are yours" in mine) is (landing == "right")
        assert desk.buy(f"/checkout?variant={item.pk}&n=1", sandbox) == 8_000
        assert desk.buy(f"/checkout?variant={item.pk}&n=1", sandbox) == 10_000, "once"
    assert_sound()


@pytest.mark.parametrize("landing", ["coupon", "right"])
def test_row_27_b_a_group_that_stays_too_small_gives_nothing_and_owes_nothing(
    landing: str,
) -> None:
    item = make.variant(price=10_000)
    terms = {"variant": item.pk, "price": 8_000, "people": 3, "people_2": 4, "price_2": 7_000}
    of = campaign(item.product.shop, "group_buy", landing=landing, **terms)
    few = begun(of, somebody())
    join(few, somebody())
    assert later(few).state == "failed"
    assert not Grant.objects.exists()
    assert not PriceRight.objects.exists()
    assert_sound()


def test_row_27_b_a_group_for_later_has_the_price_of_the_step_that_it_reached() -> None:
    item = make.variant(price=10_000)
    terms = {"variant": item.pk, "price": 8_000, "people": 2, "people_2": 4, "price_2": 7_000}
    of = campaign(item.product.shop, "group_buy", landing="coupon", **terms)
    people = [somebody() for _n in range(3)]
    group = begun(of, people[0])
    for who in people[1:]:
        join(group, who)
    assert later(group).state == "completed"
    assert Grant.objects.filter(account__in=people, coupon__cap=3).count() == 3
    assert make.place((item, 1), buyer=people[2]).total_amount == 8_000
    assert_sound()


@pytest.mark.parametrize("landing", ["coupon", "right"])
def test_row_27_b_the_leaders_price_and_the_shops_help_are_kept_for_later(landing: str) -> None:
    item = make.variant(price=10_000)
    terms = {"price": 8_000, "people": 3, "leader_price": 6_000, "complete_from": 2}
    of = campaign(item.product.shop, "group_buy", landing=landing, variant=item.pk, **terms)
    ana, ben = somebody(), somebody()
    group = begun(of, ana)
    join(group, ben)
    assert (later(group).state, group.public["by_shop"]) == ("completed", 1)
    assert make.place((item, 1), buyer=ana).total_amount == 6_000
    assert make.place((item, 1), buyer=ben).total_amount == 8_000
    assert_sound()
