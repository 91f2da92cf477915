"""What something cost at least within the last seven days: what a sale has to be below."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from banyan.catalog import actions as catalog
from banyan.catalog.models import PriceChange
from banyan.kernel import clock
from banyan.kernel.problems import Invalid
from banyan.sales import actions as sales
from banyan.sales.queries import baselines
from banyan.sales.rules import baseline
from tests.support import factories as make
from tests.support import prices

from .scene import NOON, SYSTEM, on, planned

pytestmark = pytest.mark.django_db


def test_a_price_above_the_lowest_of_the_week_is_refused() -> None:
    shop = make.shop()
    with clock.at(NOON - dt.timedelta(days=20)):
        item = make.variant(shop, price=10_000)
    for days, price in ((10, 6_000), (3, 9_000)):
        with clock.at(NOON - dt.timedelta(days=days)):
            catalog.update_product(
                actor=make.actor(shop.owner),
                product_id=item.product_id,
                data=catalog.ProductInput(
                    title="Tea", variants=[catalog.VariantInput(price=price)]
                ),
            )
    with clock.at(NOON):
        assert baselines([item.pk]) == {item.pk: 6_000}
        sale = planned(item, price=6_001)
        with pytest.raises(Invalid) as refused:
            sales.publish_sale(actor=make.actor(shop.owner), sale_id=sale.pk)
    assert refused.value.code == "sale_above_baseline"
    assert make.stock_of(item).held == 0


def test_the_price_of_an_earlier_sale_counts() -> None:
    with clock.at(NOON - dt.timedelta(days=20)):
        item = make.variant(price=10_000)
    with clock.at(NOON - dt.timedelta(days=3)):
        on(item, price=5_000)
    with clock.at(NOON):
        assert baselines([item.pk]) == {item.pk: 5_000}
    with clock.at(NOON + dt.timedelta(days=5)):
        assert baselines([item.pk]) == {item.pk: 10_000}


def test_the_price_of_a_sale_that_was_ended_early_counts_for_a_week_from_then() -> None:
    with clock.at(NOON - dt.timedelta(days=40)):
        item = make.variant(price=10_000)
    owner = make.actor(item.product.shop.owner)
    with clock.at(NOON - dt.timedelta(days=20)):
        long = on(item, price=5_000, ends_at=NOON + dt.timedelta(days=5))
    ended = NOON - dt.timedelta(days=10)
    with clock.at(ended):
        sales.end_sale(actor=owner, sale_id=long.pk)
        sales.advance_sales(actor=SYSTEM)
    with clock.at(ended + dt.timedelta(days=6)):
        assert baselines([item.pk]) == {item.pk: 5_000}
    with clock.at(NOON):
        assert baselines([item.pk]) == {item.pk: 10_000}
        assert on(item, price=8_000).items.get().baseline_amount == 10_000


@pytest.mark.parametrize(
    ("days", "lowest"), [([(8, 5), (6, 9)], 5), ([(9, 5), (8, 7), (6, 9)], 7), ([], None)]
)
def test_the_price_when_the_week_began_counts(
    days: list[tuple[int, int]], lowest: int | None
) -> None:
    prices = [(NOON - dt.timedelta(days=ago), amount) for ago, amount in days]
    assert baseline(prices, NOON) == lowest


def test_what_everybody_paid_by_a_price_list_counts() -> None:
    with clock.at(NOON - dt.timedelta(days=20)):
        item = make.variant(price=10_000)
        shop = item.product.shop
        ended = NOON - dt.timedelta(days=3)
        prices.price_list(shop, {item: 6_000}, starts_at=clock.now(), ends_at=ended)
        prices.price_list(shop, {item: 5_000}, audience="members")
        prices.price_list(shop, {item: 4_000}, from_quantity=10)
        prices.price_list(shop, {item: 3_000}, currency="EUR")
        prices.price_list(shop, {item: 2_000}, starts_at=NOON + dt.timedelta(days=1))
        long_ago = clock.now() - dt.timedelta(days=1)
        prices.price_list(shop, {item: 1_000}, starts_at=long_ago, ends_at=clock.now())
    with clock.at(NOON):
        assert baselines([item.pk]) == {item.pk: 6_000}
        sale = planned(item, price=6_001)
        with pytest.raises(Invalid) as refused:
            sales.publish_sale(actor=make.actor(shop.owner), sale_id=sale.pk)
    assert refused.value.code == "sale_above_baseline"
    with clock.at(ended + dt.timedelta(days=7)):
        assert baselines([item.pk])[item.pk] == 2_000


@pytest.mark.parametrize("how", ["removed", "raised", "left out", "for members", "begins later"])
def test_what_everybody_paid_by_a_list_counts_for_a_week_after_it_is_gone(how: str) -> None:
    with clock.at(NOON - dt.timedelta(days=40)):
        item = make.variant(price=10_000)
    shop, later = item.product.shop, NOON + dt.timedelta(days=90)
    owner = make.actor(shop.owner)
    with clock.at(NOON - dt.timedelta(days=30)):
        of = prices.price_list(shop, {item: 6_000})
    mine: dict[str, Any] = {"actor": owner, "shop_id": shop.pk, "list_id": of.pk}
    given: dict[str, Any] = {"name": of.name, "currency": of.currency}
    with clock.at(NOON):
        if how == "removed":
            catalog.remove_price_list(**mine)
        elif how == "raised":
            catalog.set_list_prices(**mine, rows=[catalog.RowInput(item.pk, 9_000)])
        elif how == "left out":
            catalog.set_list_prices(**mine, rows=[])
        elif how == "for members":
            data = catalog.ListInput(**given, audience="members")
            catalog.save_price_list(**mine, data=data)
        else:
            catalog.save_price_list(**mine, data=catalog.ListInput(**given, starts_at=later))
    with clock.at(NOON + dt.timedelta(days=6)):
        assert baselines([item.pk]) == {item.pk: 6_000}
        sale = planned(item, price=6_001)
        with pytest.raises(Invalid) as refused:
            sales.publish_sale(actor=owner, sale_id=sale.pk)
        assert refused.value.code == "sale_above_baseline"
    with clock.at(NOON + dt.timedelta(days=8)):
        assert baselines([item.pk]) == {item.pk: 9_000 if how == "raised" else 10_000}


def test_a_list_that_goes_on_leaves_nothing_in_the_history() -> None:
    item = make.variant(price=10_000)
    of = prices.price_list(item.product.shop, {item: 6_000})
    mine: dict[str, Any] = {
        "actor": make.actor(of.shop.owner),
        "shop_id": of.shop_id,
        "list_id": of.pk,
    }
    data = catalog.ListInput(name="Another name", currency=of.currency)
    catalog.save_price_list(**mine, data=data)
    catalog.set_list_prices(**mine, rows=[catalog.RowInput(item.pk, 5_000)])
    assert PriceChange.objects.filter(variant=item).count() == 1, "its own price"
    assert baselines([item.pk]) == {item.pk: 5_000}
