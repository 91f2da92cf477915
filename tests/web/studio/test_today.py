"""The Today page's figures, against counts made by hand."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from banyan.catalog.actions import hire
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.orders import actions as orders
from banyan.orders.access import visible_orders
from banyan.orders.models import Order
from banyan.sharing import actions as sharing
from banyan.web.studio import figures
from tests.support import factories, prices

from .scene import Scene, client, scene

pytestmark = pytest.mark.django_db


def test_sales_count_after_refunds_and_credit_the_sharers() -> None:
    at = scene(price=10_000)
    alone = factories.place((at.item, 1), buyer=factories.member())
    factories.pay(alone)
    factories.place((at.item, 1))  # never paid
    who = factories.actor(at.owner)
    orders.grant_refund(actor=who, order_id=at.order.pk, amount=2_500, reason="late", key="k")
    (now,) = figures.today(at.shop, visible_orders(who, at.shop.pk))["now"]
    assert now.sales.amount == 17_500
    assert now.orders == 2
    assert (now.goods.amount, now.credited.amount) == (20_000, 10_000)
    assert now.shared_rate == 0.5


def in_euros(at: Scene) -> Order:
    """Pay an order of one unit for 11 euros, in a shop that counts in yuan."""
    prices.price_list(at.shop, {at.item: 1_100}, currency="EUR")
    prices.way(prices.zone(at.shop, "CN"), 0, currency="EUR")
    placed = orders.place(
        actor=Actor.guest(),
        lines=[orders.WantedLine(at.item.pk, 1, via=at.link.code)],
        contact=orders.Contact("cy@example.com"),
        address=factories.ADDRESS,
        placement_key="euros",
        provider="sandbox",
        wishes=orders.Wishes(currency="EUR"),
    )
    return factories.pay(placed).orders.get()


def test_money_of_two_currencies_is_never_added_up() -> None:
    at = scene(price=10_000)
    assert in_euros(at).currency == "EUR"
    who = factories.actor(at.owner)
    own, euros = figures.today(at.shop, visible_orders(who, at.shop.pk))["now"]
    assert (own.sales, euros.sales) == (Money(10_000, "CNY"), Money(1_100, "EUR"))
    assert (own.credited, euros.credited) == (Money(10_000, "CNY"), Money(1_100, "EUR"))
    told = figures.report(at.shop, visible_orders(who, at.shop.pk), viewer=who)
    (mover,) = told["movers"]
    assert (mover.orders, mover.sold) == (2, [Money(10_000, "CNY"), Money(1_100, "EUR")])

    browser, slug = client(at.owner), at.shop.slug
    day = clock.now().astimezone(ZoneInfo(at.shop.timezone)).date().isoformat()
    rooms = {"studio_today": [], "studio_day": [day], "studio_shares": []}
    for room, more in rooms.items():
        text = browser.get(reverse(room, args=[slug, *more])).content.decode()
        assert "111.00" not in text, room
        assert "CN¥100.00" in text, room
        assert "€11.00" in text, room


def test_what_is_promised_in_another_currency_is_told_and_listed() -> None:
    at = scene(price=10_000)
    in_euros(at)
    browser = client(at.owner)
    home = browser.get(reverse("studio_today", args=[at.shop.slug])).content.decode()
    assert "CN¥10.00 + €1.10" in home
    assert "2 commissions" in home
    rows, foot = (
        browser.get(reverse("studio_promised", args=[at.shop.slug])).content.decode()
    ).split("<tfoot>")
    for amount in ("CN¥10.00", "€1.10"):
        assert amount in rows
        assert amount in foot


@pytest.mark.parametrize("end", ["", "/"])
def test_the_rooms_have_one_address_with_a_slash_at_its_end_or_without(end: str) -> None:
    shop = factories.shop()
    assert client(shop.owner).get(f"/studio/{shop.slug}{end}").status_code == 200
    assert shop.name in client(shop.owner).get(f"/studio{end}", follow=True).content.decode()


def test_the_funnel_counts_people_and_the_tree_names_the_root() -> None:
    at = scene()
    for visitor in ("v-one", "v-two", "v-two"):
        guest = Actor.guest(visitor)
        touch = sharing.record_touch(actor=guest, link=at.link)
        sharing.confirm_touch(actor=guest, touch_id=touch.pk)
    owner = factories.actor(at.owner)
    told = figures.report(at.shop, visible_orders(owner, at.shop.pk), viewer=owner)
    assert [step.count for step in told["funnel"]] == [3, 3, 3, 1, 1]
    paid = told["funnel"][-1]
    assert paid.rate == 1.0
    assert 0 < paid.low < 1
    travel = told["travel"]
    assert [node.kind for node in travel.nodes] == ["root", "bought", "opened", "opened"]
    assert (travel.rows[0].sharer.paid, travel.rows[0].sharer.came) == (1, 3)
    (mover,) = told["movers"]
    assert (mover.face.handle, mover.visited, mover.orders) == (at.sharer.handle, 2, 1)
    text = client(at.owner).get(reverse("studio_today", args=[at.shop.slug])).content.decode()
    assert 'data-live-refresh="' in text
    assert "svg" in text


def test_a_week_ago_is_compared_hour_by_hour() -> None:
    with clock.at(clock.now() - figures.WEEK):
        at = scene(price=10_000)
    factories.pay(factories.place((at.item, 2), buyer=factories.member()))
    who = factories.actor(at.owner)
    with clock.at(clock.now() + dt.timedelta(minutes=1)):
        told = figures.today(at.shop, visible_orders(who, at.shop.pk))
    assert told["sales_change"] == 1.0


def test_a_week_ago_is_compared_by_the_clock_of_the_shop() -> None:
    morning = dt.datetime(2027, 3, 21, 10, 30, tzinfo=dt.UTC)  # half past eleven in Berlin
    with clock.at(morning):
        at = scene(price=10_000)
    at.shop.timezone = "Europe/Berlin"
    at.shop.save()
    noon = dt.datetime(2027, 3, 28, 10, tzinfo=dt.UTC)  # by then in summer time
    with clock.at(noon):
        who = factories.actor(at.owner)
        told = figures.today(at.shop, visible_orders(who, at.shop.pk))
    assert (told["day"], told["sales_change"]) == (dt.date(2027, 3, 28), -1.0)


def test_the_queue_costs_the_same_for_one_order_and_for_five() -> None:
    at = scene()
    browser = client(at.owner)
    url = reverse("studio_orders", args=[at.shop.slug])
    browser.get(url)
    with CaptureQueriesContext(connection) as one:
        browser.get(url)
    for _ in range(4):
        factories.pay(factories.place((at.item, 1), buyer=factories.member(), via=at.link.code))
    with CaptureQueriesContext(connection) as five:
        text = browser.get(url).content.decode()
    assert text.count('data-label="Total"') == 5
    assert len(five) == len(one)


@pytest.mark.parametrize("part", ["", "?part=travel"])
def test_a_new_shop_is_led_to_what_sharers_earn_and_a_clerk_is_not(part: str) -> None:
    shop = factories.shop()
    clerk = factories.member()
    hire(actor=factories.actor(shop.owner), shop_id=shop.pk, account_id=clerk.pk, role="clerk")
    terms = f'href="{reverse("studio_settings", args=[shop.slug])}#terms"'
    url = reverse("studio_today", args=[shop.slug]) + part

    assert terms in client(shop.owner).get(url).content.decode()
    assert terms not in client(clerk).get(url).content.decode()
