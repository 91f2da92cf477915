"""What a sharer is told that they earn is what they earn, whatever holds for the price."""

from __future__ import annotations

import pytest

from banyan.catalog.models import Shop, Variant
from banyan.earnings import actions, queries
from banyan.earnings.models import Commission
from banyan.sharing import actions as sharing
from tests.sales import scene as sale_scene
from tests.support import factories as make
from tests.support import prices

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    made = make.shop()
    actions.set_plan(actor=make.actor(made.owner), shop_id=made.pk, rate_bps=1_000)
    return made


def told(item: Variant) -> int:
    offer = queries.offer_of(item.product)
    assert offer is not None
    return offer.amount.amount


def earned(item: Variant) -> int:
    link = sharing.share(
        actor=make.actor(make.member()),
        target_kind="product",
        target_id=item.product_id,
        via=None,
    )
    placed = make.place((item, 1), via=link.code, buyer=make.member())
    return Commission.objects.get(order__checkout=placed).amount


def test_nobody_earns_from_the_tax_in_a_price(shop: Shop) -> None:
    prices.tax(shop, "*", rate=130_000, included=True)
    item = make.variant(shop, price=11_300)

    assert told(item) == earned(item) == 1_000


def test_tax_on_top_takes_nothing_off(shop: Shop) -> None:
    prices.tax(shop, "*", rate=130_000)
    item = make.variant(shop, price=11_300)

    assert told(item) == earned(item) == 1_130


def test_while_a_sale_is_on_it_is_of_the_sales_price(shop: Shop) -> None:
    item = make.variant(shop, price=10_000, stock=5)
    sale_scene.on(item, price=5_000)

    assert told(item) == earned(item) == 500


def test_a_list_for_everybody_counts(shop: Shop) -> None:
    item = make.variant(shop, price=10_000)
    prices.price_list(shop, {item: 8_000})

    assert told(item) == earned(item) == 800
