"""Lists, zones and taxes decide a price together; what is written is what was quoted."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from banyan.catalog import actions as catalog
from banyan.catalog.rules import Place
from banyan.entitlements.actions import create_coupon
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Invalid, NotFound
from banyan.orders import actions as orders
from banyan.orders.models import Checkout, Order, OrderLine
from banyan.orders.rules import Agreement
from banyan.people.models import Account
from tests.support import factories as make
from tests.support import prices

pytestmark = pytest.mark.django_db
LATER = clock.now() + dt.timedelta(days=7)


def quote(
    *wanted: Any, who: Account | None = None, coupon: str = "", **wishes: Any
) -> orders.Quote:
    return orders.quote(
        actor=make.actor(who) if who else Actor.guest(),
        lines=[orders.WantedLine(item.pk, n) for item, n in wanted],
        coupon_code=coupon,
        wishes=orders.Wishes(**wishes),
    )


def place(*wanted: Any, agreement: str = "", **wishes: Any) -> Checkout:
    return orders.place(
        actor=Actor.guest(),
        lines=[orders.WantedLine(item.pk, n) for item, n in wanted],
        contact=orders.Contact("cy@example.com"),
        address=make.ADDRESS,
        placement_key=f"key{Checkout.objects.count()}",
        provider="sandbox",
        wishes=orders.Wishes(**wishes),
        agreement=agreement,
    )


def test_the_cheapest_list_holds_for_those_it_is_for_and_none_makes_dearer() -> None:
    shop, friend = make.shop(), make.member()
    item = make.variant(shop, price=1_000)
    prices.price_list(shop, {item: 900})
    prices.price_list(shop, {item: 800}, audience="members")
    prices.price_list(shop, {item: 700}, audience="accounts", handles=[friend.handle])
    prices.price_list(shop, {item: 2_000})

    assert quote((item, 1)).total.amount == 900
    assert quote((item, 1), who=make.member()).total.amount == 800
    assert quote((item, 1), who=friend).total.amount == 700


def test_a_step_of_quantity_holds_from_its_number_on() -> None:
    shop = make.shop()
    item = make.variant(shop, price=1_000, stock=50)
    prices.price_list(shop, {item: 600}, from_quantity=10)

    assert quote((item, 9)).total.amount == 9_000
    assert quote((item, 10)).total.amount == 6_000


def test_a_list_holds_from_its_start_until_just_before_its_end() -> None:
    shop = make.shop()
    item = make.variant(shop, price=1_000)
    prices.price_list(shop, {item: 500}, starts_at=LATER, ends_at=LATER + dt.timedelta(hours=1))
    moments = {
        LATER - dt.timedelta(microseconds=1): 1_000,
        LATER: 500,
        LATER + dt.timedelta(hours=1) - dt.timedelta(microseconds=1): 500,
        LATER + dt.timedelta(hours=1): 1_000,
    }
    for moment, amount in moments.items():
        with clock.at(moment):
            assert quote((item, 1)).total.amount == amount


def test_one_order_has_a_currency_that_every_line_offers() -> None:
    yuan = make.shop()
    euro = make.shop(currency="EUR")
    here, there = make.variant(yuan, price=8_000), make.variant(euro, price=1_000)
    with pytest.raises(Invalid) as refused:
        quote((here, 1), (there, 1))
    assert refused.value.code == "mixed_currencies"
    assert refused.value.extra["lines"] == {"CNY": [here.pk], "EUR": [there.pk]}

    prices.price_list(yuan, {here: 1_100}, currency="EUR")
    prices.way(prices.zone(yuan, "CN", "DE"), 300, currency="EUR")
    both = quote((here, 1), (there, 1))
    assert (both.currency, both.currencies) == ("EUR", ["EUR"])
    assert both.total.amount == 1_100 + 1_000 + 300
    assert quote((here, 1)).currency == "CNY", "its own comes first"
    assert quote((here, 1), currency="EUR").total.amount == 1_400
    with pytest.raises(Invalid) as foreign:
        quote((here, 1), currency="USD")
    assert foreign.value.code == "currency_not_offered"


def test_an_order_in_another_currency_is_placed_and_paid_in_it() -> None:
    shop = make.shop()
    item = make.variant(shop, price=8_000)
    prices.price_list(shop, {item: 1_100}, currency="EUR", name="Europe")
    prices.way(prices.zone(shop, "CN"), 0, currency="EUR")
    checkout = make.pay(place((item, 2), currency="EUR"))
    order = checkout.orders.get()
    assert (checkout.state, order.currency, order.total_amount) == ("paid", "EUR", 2_200)
    assert order.lines.get().price[0] | {"n": 0} == {
        "step": "price_list",
        "amount": 2_200,
        "unit": 1_100,
        "n": 0,
        "note": "Europe",
    }


def test_the_nearest_zone_says_how_it_travels_and_the_buyer_chooses() -> None:
    shop = make.shop(shipping_amount=900)
    item = make.variant(shop, price=1_000)
    spain = prices.zone(shop, "ES")
    slow = prices.way(spain, 500, days=(4, 6))
    fast = prices.way(spain, 1_500, name="Express", position=1)
    prices.zone(shop, "ES:35", "ES:38")

    def shipping(*place: str, **wishes: Any) -> int | None:
        found = quote((item, 1), to=Place(*place), **wishes)
        return None if found.undelivered() else found.priced.shipping()

    assert shipping("FR") == 900
    assert shipping("ES", "", "28001") == 500
    assert shipping("ES", methods={shop.pk: fast.pk}) == 1_500
    assert shipping("ES", "", "35 001") is None, "a zone without a way: not delivered"
    wrong = quote((item, 1), to=Place("FR"), methods={shop.pk: slow.pk})
    assert wrong.carriage[shop.pk].unknown


def test_weight_and_value_bands_and_free_from_after_discounts() -> None:
    shop = make.shop()
    prices.first_way(shop).delete()
    item = make.variant(shop, price=1_000)
    item.weight_grams = 600
    item.save()
    where = prices.zone(shop, "CN")
    weighed = prices.way(where, basis="weight", bands=[(0, 400), (1_000, 700), (5_000, 2_000)])
    valued = prices.way(where, basis="value", bands=[(0, 300), (3_000, 100)], free_from=5_000)
    create_coupon(
        actor=make.actor(shop.owner), shop_id=shop.pk, title="T", code="TEN", amount_off=1_000
    )

    def shipping(n: int, method: Any, coupon: str = "") -> int:
        return quote((item, n), methods={shop.pk: method.pk}, coupon=coupon).priced.shipping()

    assert [shipping(n, weighed) for n in (1, 2, 9)] == [400, 700, 2_000]
    assert [shipping(n, valued) for n in (1, 3, 5)] == [300, 100, 0]
    assert shipping(5, valued, "TEN") == 100, "after the discount"


def test_tax_on_top_and_included_are_kept_apart_from_what_sharers_earn_from() -> None:
    shop = make.shop(shipping_amount=1_000)
    item = make.variant(shop, price=10_000)
    zone = prices.tax(shop, "CN", rate=190_000)
    above = place((item, 1)).orders.get()
    line = above.lines.get()
    assert (above.tax_amount, above.total_amount) == (1_900 + 190, 13_090)
    assert (line.net_amount, line.shipping_tax_amount, line.paid_amount) == (10_000, 190, 13_090)

    zone.included = True
    zone.save()
    within = place((item, 1)).orders.get()
    line = within.lines.get()
    assert (within.tax_amount, within.total_amount) == (0, 11_000)
    assert (line.included_tax_amount, line.shipping_tax_amount) == (1_597 + 160, 160)
    assert line.net_amount == 10_000 - 1_597


def test_each_class_of_goods_has_its_rate_and_shipping_that_of_most_of_them() -> None:
    shop = make.shop(shipping_amount=1_000)
    owner = make.actor(shop.owner)
    book, lamp = make.variant(shop, price=2_000), make.variant(shop, price=1_000)
    for item, tax_class in ((book, "reduced"), (lamp, "standard")):
        item.product.tax_class = tax_class
        item.product.save()
    prices.tax(shop, "*", rate=190_000, reduced_rate=70_000)
    lines = {line.key: line for line in quote((book, 1), (lamp, 1)).priced.lines}
    assert [lines[one.pk].tax - lines[one.pk].shipping_tax for one in (book, lamp)] == [140, 190]
    assert sum(line.shipping_tax for line in lines.values()) == 70
    given = catalog.ProductInput(
        title="Map", variants=[catalog.VariantInput(price=1)], tax_class="free"
    )
    with pytest.raises(Invalid) as refused:
        catalog.create_product(actor=owner, shop_id=shop.pk, data=given)
    assert set(refused.value.fields) == {"tax_class"}


@pytest.mark.parametrize("change", ["price", "shipping", "tax", "list gone"])
def test_what_changed_since_it_was_shown_is_named_and_nothing_is_written(change: str) -> None:
    shop = make.shop(shipping_amount=500)
    item = make.variant(shop, price=1_000)
    kept = make.variant(price=200)
    tax = prices.tax(shop, "CN", rate=100_000)
    listed = prices.price_list(shop, {item: 900})
    agreement = quote((item, 1), (kept, 1)).agreement.text()
    if change == "price":
        listed.prices.update(amount=950)
    elif change == "shipping":
        way = prices.first_way(shop)
        way.bands = [[0, 600]]
        way.save()
    elif change == "tax":
        tax.standard_rate = 200_000
        tax.save()
    else:
        listed.delete()

    with pytest.raises(Conflict) as refused:
        place((item, 1), (kept, 1), agreement=agreement)

    assert refused.value.code == "price_changed"
    told = {(one["what"], one["id"]): one for one in refused.value.extra["changes"]}
    line, sent, taxed = ("line", str(item.pk)), ("shipping", str(shop.pk)), ("tax", str(shop.pk))
    expected = {
        "price": {line: (900, 950), taxed: (140, 145)},
        "shipping": {sent: (500, 600), taxed: (140, 150)},
        "tax": {taxed: (140, 280)},
        "list gone": {line: (900, 1_000), taxed: (140, 150)},
    }[change]
    assert {key: (one["before"], one["now"]) for key, one in told.items()} == expected
    assert not Checkout.objects.exists()
    assert make.stock_of(item).reserved == 0


def test_two_changes_that_cancel_out_are_still_asked_about() -> None:
    one, other = make.variant(price=1_000), make.variant(price=1_000)
    agreement = quote((one, 1), (other, 1)).agreement.text()
    for item, amount in ((one, 900), (other, 1_100)):
        item.price_amount = amount
        item.save()
    with pytest.raises(Conflict):
        place((one, 1), (other, 1), agreement=agreement)
    assert not Checkout.objects.exists()


@pytest.mark.parametrize("text", ["12", "CNY l1:x", "CNY l1:-5", "EURO", "CNY " + "l1:1 " * 4000])
def test_an_agreement_that_no_quote_has_said_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        place((make.variant(), 1), agreement=text)
    assert refused.value.code == "agreement"
    assert not Checkout.objects.exists()


def test_the_longest_agreement_that_a_quote_can_say_is_read() -> None:
    """A hundred things of a hundred shops, each with a discount, points, shipping and tax."""
    ids = range(10**19 - 100, 10**19)
    figures = [dict.fromkeys(ids, 10**16 - 1 - n) for n in range(5)]
    agreed = Agreement("CNY", *figures)
    assert Agreement.read(agreed.text()) == agreed


def test_an_agreement_in_another_currency_is_no_agreement() -> None:
    item = make.variant(price=1_000)
    agreed = quote((item, 1)).agreement.text().replace("CNY", "JPY")
    with pytest.raises(Conflict) as refused:
        place((item, 1), agreement=agreed)
    assert refused.value.code == "price_changed"


def test_where_nothing_is_delivered_the_shop_is_named_and_nothing_is_written() -> None:
    shop = make.shop(name="Clay")
    item = make.variant(shop)
    prices.zone(shop, "CN:Zhejiang")
    with pytest.raises(Invalid) as refused:
        place((item, 1))
    assert refused.value.code == "not_delivered_there"
    assert "Clay" in str(refused.value.message)
    assert not Order.objects.exists()
    assert make.stock_of(item).reserved == 0


def test_a_way_of_another_shop_is_refused() -> None:
    item, other = make.variant(), make.shop()
    foreign = prices.first_way(other)
    with pytest.raises(Invalid) as refused:
        place((item, 1), methods={item.product.shop_id: foreign.pk})
    assert refused.value.code == "unknown_method"
    assert not Order.objects.exists()


def test_the_chosen_way_is_frozen_on_the_order_even_when_it_is_taken_away() -> None:
    shop = make.shop()
    item = make.variant(shop)
    way = prices.way(prices.zone(shop, "CN"), 700, name="Courier", days=(1, 2))
    order = place((item, 1), methods={shop.pk: way.pk}).orders.get()
    catalog.remove_shipping_method(actor=make.actor(shop.owner), shop_id=shop.pk, method_id=way.pk)
    order.refresh_from_db()
    assert order.delivery == {"method": str(way.pk), "name": "Courier", "days": [1, 2]}
    assert order.shipping_amount == 700


def test_a_stranger_changes_no_zone_no_tax_and_no_list() -> None:
    shop, stranger = make.shop(), make.actor(make.member())
    item = make.variant(shop)
    tax, listed = prices.tax(shop, "CN"), prices.price_list(shop, {item: 1})
    with pytest.raises(NotFound):
        catalog.remove_tax_zone(actor=stranger, shop_id=shop.pk, zone_id=tax.pk)
    with pytest.raises(NotFound):
        catalog.remove_price_list(actor=stranger, shop_id=shop.pk, list_id=listed.pk)
    with pytest.raises(NotFound):
        catalog.remove_shipping_zone(
            actor=stranger, shop_id=shop.pk, zone_id=prices.first_way(shop).zone_id
        )
    with pytest.raises(NotFound):  # its own shop does not open another's
        catalog.remove_tax_zone(
            actor=make.actor(shop.owner), shop_id=make.shop().pk, zone_id=tax.pk
        )
    assert shop.tax_zones.count() == shop.price_lists.count() == shop.shipping_zones.count() == 1


def test_refunds_give_the_tax_back_in_its_share() -> None:
    shop = make.shop(shipping_amount=1_000)
    item = make.variant(shop, price=9_999)
    prices.tax(shop, "*", rate=190_000)
    order = make.pay(place((item, 1))).orders.get()
    owner = make.actor(shop.owner)
    for number, amount in enumerate((1_001, 2_002, order.total_amount - 3_003)):
        orders.grant_refund(
            actor=owner, order_id=order.pk, amount=amount, reason="r", key=f"k{number}"
        )
    taxes = [part["tax"] for refund in order.refunds.all() for part in refund.lines]
    assert sum(taxes) == order.tax_amount == OrderLine.objects.get(order=order).tax_amount
    assert all(tax > 0 for tax in taxes)
