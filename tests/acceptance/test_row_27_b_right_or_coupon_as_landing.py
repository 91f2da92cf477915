"""Row 27, b: a price or a coupon is won in an app's window and used days later, elsewhere.

The window runs no script and is thrown away; what was won belongs to the member. All over HTTP.
"""

from __future__ import annotations

import datetime as dt

import pytest

from banyan.campaigns.outcomes import outcome_of
from banyan.entitlements import actions as entitlements
from banyan.entitlements.models import PriceRight
from banyan.kernel import clock
from tests.campaigns.phones import PHONE, WECHAT, Phone
from tests.campaigns.scene import SYSTEM, assert_sound, campaign, coupon, somebody
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
