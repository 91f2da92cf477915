"""Row 32: a code for friends: both gain, within 90 days, for 20 friends; reasons are shown."""

from __future__ import annotations

import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.models import Campaign, Instance, Participation
from banyan.catalog.models import Variant
from banyan.entitlements.models import Grant
from banyan.kernel import clock, relay
from banyan.orders import actions as orders
from banyan.orders.models import Order
from banyan.people.models import Account
from tests.acceptance.campaign_walk import begin, buy, deliver
from tests.campaigns.scene import DAY, SYSTEM, assert_sound, campaign, coupon, crowd, join, somebody
from tests.support import factories as make
from tests.support.sandbox import Sandbox
from tests.support.walkers import Town, Walker

pytestmark = pytest.mark.django_db


@pytest.fixture
def item() -> Variant:
    return make.variant(price=10_000, stock=99)


def codes(item: Variant) -> Campaign:
    """A campaign with a window of 90 days and thanks for 20 friends."""
    shop, now = item.product.shop, clock.now()
    return campaign(
        shop,
        "referral",
        coupon=coupon(shop, title="Welcome").pk,
        thanks=coupon(shop, title="Thanks", amount_off=1_000).pk,
        days=90,
        most=20,
        hold_days=7,
        starts_at=now - DAY,
        ends_at=now + 300 * DAY,
    )


def thanks(who: Account) -> int:
    return Grant.objects.filter(account=who, coupon__title="Thanks").count()


def a_week_passes() -> None:
    with clock.at(clock.now() + 8 * DAY):
        campaigns.advance(actor=SYSTEM)


def comes(town: Town, link: str) -> Walker:
    """A new friend who opens the link and enters the code."""
    friend = Walker(town, somebody())
    friend.open(link)
    assert "A coupon is yours" in friend.press("/join$")
    return friend


def test_row_32_both_gain_once_the_first_order_is_kept(
    town: Town, sandbox: Sandbox, item: Variant
) -> None:
    owner = somebody()
    ana = begin(Walker(town, owner), codes(item))
    code = ana.at
    ben = comes(town, ana.share())
    paid = buy(ben, sandbox, item)
    assert paid.total_amount == 9_500, "deducted by itself"
    deliver(town, ben, paid)
    assert thanks(owner) == 0, "it may still be sent back"
    a_week_passes()
    assert thanks(owner) == 1
    assert "1 friend of 20 qualified" in ana.go(code)
    assert "Thanks" in ana.go("/me/coupons")
    assert_sound()


def test_row_32_the_21st_friend_has_the_discount_and_the_referrer_nothing(
    town: Town, sandbox: Sandbox, item: Variant
) -> None:
    owner = somebody()
    ana = begin(Walker(town, owner), codes(item))
    code, link = ana.at, ana.share()
    play = Instance.objects.get(owner=owner)
    for friend in crowd(20):
        join(play, friend)
        order = Order.objects.get(checkout=make.pay(make.place((item, 1), buyer=friend)))
        orders.ship(
            actor=make.actor(order.shop.owner), order_id=order.pk, carrier="SF", tracking="1"
        )
        orders.confirm_receipt(actor=make.actor(friend), order_id=order.pk)
    relay.drain()
    last = comes(town, link)
    paid = buy(last, sandbox, item)
    deliver(town, last, paid)
    a_week_passes()

    assert paid.total_amount == 9_500
    assert thanks(owner) == 20
    assert Participation.objects.latest("id").data["reason"] == "cap"
    page = ana.go(code)
    assert "20 friends of 20 qualified" in page
    assert "For 1 more friend there were no thanks left." in page
    assert_sound()


def test_row_32_on_day_91_the_discount_is_honoured_and_the_referrer_has_nothing(
    town: Town, sandbox: Sandbox, item: Variant
) -> None:
    owner = somebody()
    with clock.at(clock.now() - 91 * DAY):
        ana = begin(Walker(town, owner), codes(item))
        code = ana.at
        ben = comes(town, ana.share())
    paid = buy(ben, sandbox, item)
    deliver(town, ben, paid)
    a_week_passes()

    assert paid.total_amount == 9_500
    assert thanks(owner) == 0
    assert "1 friend ordered too late to count." in ana.go(code)
    assert_sound()


def test_row_32_nobody_is_their_own_friend_and_who_has_bought_is_not_new(
    town: Town, item: Variant
) -> None:
    owner, old = crowd(2)
    make.pay(make.place((item, 1), buyer=old))
    ana = begin(Walker(town, owner), codes(item))
    code, link = ana.at, ana.share()
    refused = ana.browser.post(f"{code}/join", follow=True).content.decode()
    assert "This is your own: send it to your friends." in refused
    known = Walker(town, old)
    known.open(link)
    assert "who have not bought anything here yet" in known.press("/join$")
    assert not Grant.objects.exists()
    assert_sound()


def test_row_32_thanks_for_an_order_that_goes_back_later_go_back_too(
    town: Town, sandbox: Sandbox, item: Variant
) -> None:
    owner = somebody()
    ana = begin(Walker(town, owner), codes(item))
    code = ana.at
    ben = comes(town, ana.share())
    paid = buy(ben, sandbox, item)
    deliver(town, ben, paid)
    a_week_passes()
    assert thanks(owner) == 1
    order = Order.objects.get(checkout=paid)
    orders.grant_refund(
        actor=make.actor(order.shop.owner),
        order_id=order.pk,
        amount=order.total_amount,
        reason="Broken",
        key="back",
    )
    relay.drain()

    page = ana.go(code)
    assert "The order of 1 friend went back later, and the thanks for it with it." in page
    assert "0 friends of 20 qualified" in page
    assert "Taken back" in ana.go("/me/coupons")
    assert "your coupon in thanks was taken back" in ana.go("/notifications")
    assert "Thanks" not in ana.go(f"/checkout?variant={item.pk}&n=1")
    assert "a used one is settled by the next friend" in ana.go(f"{_campaign_page(code)}/rules")
    assert_sound()


def _campaign_page(code: str) -> str:
    play = Instance.objects.get(code=code.rpartition("/")[2])
    return f"/campaign/{play.campaign.code}"
