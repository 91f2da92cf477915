"""What each kind of campaign tells its shop: numbers that somebody can count by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.chance.instant import NOTHING
from banyan.campaigns.figures import of_units
from banyan.campaigns.mechanic import mechanic
from banyan.campaigns.models import Campaign, Instance
from banyan.catalog.models import Shop
from banyan.entitlements.models import Coupon
from banyan.kernel import clock, relay
from banyan.orders import actions as orders
from banyan.people.models import Account
from banyan.sales import actions as sales
from banyan.sales.models import Sale
from banyan.sharing.actions import share
from banyan.sharing.models import Link, Touch
from tests.campaigns.phones import Phone
from tests.campaigns.scene import (
    DAY,
    HOUR,
    SYSTEM,
    begun,
    campaign,
    coupon,
    crowd,
    help_,
    join,
    later,
    somebody,
)
from tests.sales.scene import MINUTE, on
from tests.support import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make.shop()


@pytest.fixture
def off(shop: Shop) -> Coupon:
    return coupon(shop)


def told(of: Campaign) -> dict[str, Any]:
    of.refresh_from_db()
    return {str(label): value for label, value in mechanic(of.mechanic).figures(of)}


def regular(shop: Shop) -> Account:
    who = somebody()
    make.pay(make.place((make.variant(shop), 1), buyer=who))
    return who


def test_packs_say_how_many_are_emptied_and_who_sent_one_on(shop: Shop, off: Coupon) -> None:
    of = campaign(shop, "coupon_pack", coupon=off.pk, places=2, hours=2)
    ana, ben = crowd(2)
    full, half, empty = begun(of, ana), begun(of, somebody()), begun(of, somebody())
    join(full, ben)
    join(full, regular(shop))
    join(half, ben)
    begun(of, ben)
    later(half)
    later(empty)
    found = told(of)
    assert found["Packs that were emptied, of those that are over"] == "1 of 3 (33%)"
    assert found["Usual number of people who open one"] == "0.5"
    assert found["Nobody came to"] == 2
    assert found["Of who came by a friend, began one after that"] == "1 of 2 (50%)"
    assert found["Of who came by a friend, newcomers"] == "1 of 2 (50%)"


def test_likes_show_a_burst_and_likes_given_back(shop: Shop, off: Coupon) -> None:
    of = campaign(shop, "like_collection", coupon=off.pk, likes=3)
    ana, ben, *others = crowd(4)
    hers, his = begun(of, ana), begun(of, ben)
    help_(hers, ben)
    help_(his, ana)
    with clock.at(clock.now() + HOUR):
        for who in others:
            help_(hers, who)
    found = told(of)
    assert found["Collections that reached a step, of those decided"] == "1 of 1 (100%)"
    assert found["Most likes of one collection within a minute"] == 2
    assert found["Likes between two who like each other"] == "2 of 4 (50%)"
    assert found["Usual number of likes"] == "2"


def test_bargains_say_how_many_come_to_a_price_and_are_bought(shop: Shop) -> None:
    item = make.variant(shop, price=10_000)
    of = campaign(shop, "bargain", variant=item.pk, floor=4_000, people=1)
    ana, ben, cy = crowd(3)
    for owner in (ana, ben):
        help_(begun(of, owner), cy)
    make.pay(make.place((item, 1), buyer=ana))
    found = told(of)
    assert found["Bargains that came to a price, of those decided"] == "2 of 2 (100%)"
    assert found["Bought, of those that came to a price"] == "1 of 2 (50%)"
    assert found["Of who came by a friend, newcomers"] == "1 of 1 (100%)"


def test_a_draw_and_a_wheel_say_what_an_entry_costs_and_what_the_odds_are(
    shop: Shop, off: Coupon
) -> None:
    draw = campaign(shop, "assist_draw", prize=off.pk, count=2, budget=1_000)
    entry = begun(draw, somebody())
    begun(draw, somebody())
    help_(entry, somebody())
    assert told(draw)["Entries that count"] == 2
    assert told(draw)["Prizes for each entry, at most"] == "CN¥5.00"
    wheel = campaign(shop, "instant_draw", prize=off.pk, count=9, weight=1, nothing=0)
    ana = somebody()
    campaigns.play(actor=make.actor(ana), code=begun(wheel, ana).code, verb="redeem")
    found = told(wheel)
    assert found["Turns"] == 1
    assert found["5 off · CN¥5.00 off"] == "1, by the odds about 1.0"
    assert found["Nothing"] == "0, by the odds about 0.0"
    assert found["Whether that fits the odds"] == "too few turns to say"


def test_a_wheel_says_whether_its_turns_fit_the_odds(shop: Shop, off: Coupon) -> None:
    wheel = campaign(shop, "instant_draw", prize=off.pk, count=40, weight=1, nothing=3)
    code = begun(wheel, somebody())

    def after(won: int, lost: int) -> str:
        """Return what is said after so many turns, written as turns leave them."""
        turns = [[n, "1" if n < won else NOTHING, ""] for n in range(won + lost)]
        Instance.objects.filter(pk=code.pk).update(public={"turns": turns})
        return str(told(wheel)["Whether that fits the odds"])

    assert after(10, 30) == "chi-square 0.00; chance alone brings as much in 100.0% of cases"
    # By hand: (20 - 10)**2 / 10 + (20 - 30)**2 / 30; a table says p < 0.001 above 10.83.
    assert after(20, 20) == "chi-square 13.33; chance alone brings as much in 0.0% of cases"
    assert after(4, 15) == "too few turns to say", "4.75 are expected"
    assert after(40, 120) == "cannot be said, as a prize is gone"


def test_codes_say_who_qualified_and_how_long_it_took(shop: Shop, off: Coupon) -> None:
    terms = {"coupon": off.pk, "thanks": coupon(shop).pk, "hold_days": 0}
    of = campaign(shop, "referral", **terms)
    code, (friend, other) = begun(of, somebody()), crowd(2)
    join(code, friend)
    join(code, other)
    item = make.variant(shop)
    placed = make.pay(make.place((item, 1), buyer=friend)).orders.get()
    relay.drain()
    orders.ship(actor=make.actor(shop.owner), order_id=placed.pk, carrier="SF", tracking="1")
    with clock.at(clock.now() + 2 * DAY):
        orders.confirm_receipt(actor=make.actor(friend), order_id=placed.pk)
        relay.drain()
        campaigns.advance(actor=SYSTEM)
    found = told(of)
    assert found["Friends who entered a code"] == 2
    assert found["Qualified, of those"] == "1 of 2 (50%)"
    assert found["Usual time from the code to the thanks, in days"] == "2"


def test_a_flash_sale_says_what_became_of_its_units_and_nothing_of_plays(shop: Shop) -> None:
    item = make.variant(shop, price=10_000, stock=20)
    terms = {"variant": item.pk, "price": 5_000, "public": 4, "codes": 1, "room": False}
    of = campaign(shop, "flash_sale", **terms)
    sale, owner = Sale.objects.get(), make.actor(shop.owner)
    batch = sales.issue_codes(
        actor=owner, sale_id=sale.pk, variant_id=item.pk, channel="by hand", count=1
    )
    code = sales.codes_of(actor=owner, batch_id=batch.pk)[0].code
    who = somebody()
    sales.enter_code(actor=make.actor(who), sale_id=sale.pk, code=code)
    for buyer in (who, regular(shop)):
        make.pay(make.place((item, 1), buyer=buyer))
    make.place((item, 1), buyer=somebody())
    found = told(of)
    assert found["Units sold"] == "2 of 5 (40%)"
    assert found["Units that wait for payment"] == 1
    assert found["F-codes bought with"] == "1 of 1 (100%)"
    assert found["Entered, of F-codes that can be passed on"] == "1 of 1 (100%)"
    assert found["Buyers"] == 2
    assert found["Newcomers among them"] == "1 of 2 (50%)"
    assert found["Paid in these orders"] == "CN¥100.00"
    assert found["Robots, of who opened links meanwhile"] == "–"
    page = Phone(shop.owner).look(f"/studio/{shop.slug}/campaigns/{of.pk}")
    assert "Units sold" in page
    assert "Promised and not given yet" not in page, "there are no plays"
    assert f'href="/studio/{shop.slug}/sales/{sale.pk}"' in page


def test_a_flash_sale_says_when_its_units_went_and_how_many_it_had_once_it_is_settled(
    shop: Shop,
) -> None:
    """What is left is free stock by then, and none of the units that were sold."""
    item = make.variant(shop, price=10_000, stock=20)
    sale = on(item, price=5_000, public=4, per_person=2)
    for minutes in (1, 2, 61):
        with clock.at(sale.starts_at + minutes * MINUTE):
            make.pay(make.place((item, 1), buyer=somebody()))
        if minutes == 2:
            sales.end_sale(actor=make.actor(shop.owner), sale_id=sale.pk)
            assert sales.settle_sale(actor=SYSTEM, sale_id=sale.pk)
    sale.refresh_from_db()

    found = {str(name): value for name, value in of_units(sale, "CNY")}

    assert found["Units sold"] == "2 of 4 (50%)"
    assert found["Sold after the beginning"] == "25%: 0:01:00 · 50%: 0:02:00"
    page = Phone(shop.owner).look(f"/studio/{shop.slug}/sales/{sale.pk}")
    assert "25%: 0:01:00 · 50%: 0:02:00" in page
    assert "2 of 4 (50%)" in page


def test_robots_are_counted_among_who_opened_links_to_a_sales_things_while_it_was_on(
    shop: Shop,
) -> None:
    item = make.variant(shop, price=10_000, stock=20)
    sale = on(item, price=5_000, public=4)
    link, other = (
        share(actor=make.actor(somebody()), target_kind="product", target_id=one.pk, via=None)
        for one in (item.product, make.product())
    )
    seen: list[tuple[Link, str, dt.timedelta]] = [
        (link, "bot", MINUTE),
        (link, "preview", -14 * MINUTE),
        (link, "human", MINUTE),
        (link, "unknown", MINUTE),
        (link, "self", MINUTE),
        (link, "bot", -16 * MINUTE),
        (link, "bot", 60 * MINUTE),
        (other, "bot", MINUTE),
    ]
    for n, (opened, verdict, after) in enumerate(seen, start=1):
        Touch.objects.create(id=n, link=opened, verdict=verdict, at=sale.starts_at + after)

    found = {str(name): value for name, value in of_units(sale, "CNY")}

    assert found["Robots, of who opened links meanwhile"] == "2 of 4 (50%)"


def test_of_nothing_there_is_no_rate(shop: Shop, off: Coupon) -> None:
    for code, terms in {
        "coupon_pack": {"coupon": off.pk},
        "like_collection": {"coupon": off.pk},
        "referral": {"coupon": off.pk},
        "assist_draw": {"prize": off.pk},
        "instant_draw": {"prize": off.pk},
        "red_packet": {},
    }.items():
        found = told(campaign(shop, code, **terms))
        assert "–" in found.values() or code == "instant_draw", code
    assert not Instance.objects.exists()
