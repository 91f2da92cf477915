"""What cards of goods draw, and the first look at the market: one statement each."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from banyan.catalog.models import Category, Product, ProductImage, Shop, Stock, Variant
from banyan.catalog.queries import front, on_cards
from banyan.kernel import clock
from tests.community.posts import image
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def test_a_card_has_the_first_picture_the_lowest_price_and_all_that_is_free(
    django_assert_num_queries: Any,
) -> None:
    product = make.product(price=900, stock=10)
    for price, is_active in ((700, True), (100, False)):
        another = Variant.objects.create(
            product=product,
            values=[str(price)],
            price_amount=price,
            currency=product.shop.currency,
            is_active=is_active,
        )
        Stock.objects.create(variant=another, on_hand=5, reserved=1)
    first, second = image(), image()
    for place, shown in enumerate((second, first)):
        ProductImage.objects.create(product=product, image=shown, position=1 - place)
    unpriced = make.product()
    unpriced.variants.update(is_active=False)

    with django_assert_num_queries(1):
        [card] = on_cards([unpriced, product])

    assert card.product is product
    assert (card.cover_id, card.price.amount, card.was) == (first.pk, 700, None)
    assert card.free == 14


def test_the_market_at_first_sight_is_the_newest_that_is_open(
    django_assert_num_queries: Any,
) -> None:
    tea, empty = (Category.objects.create(slug=name, position=n) for n, name in enumerate("te"))
    products = [make.variant().product for _ in range(4)]
    for n, product in enumerate(products):
        Product.objects.filter(pk=product.pk).update(
            category=tea, published_at=clock.now() + dt.timedelta(seconds=n)
        )
    closed = products[3].shop
    Shop.objects.filter(pk=closed.pk).update(state="closed")
    front(goods=2)

    with django_assert_num_queries(1):
        found = front(goods=2)

    assert [card.product for card in found.goods] == [products[2], products[1]]
    assert found.goods == on_cards([products[2], products[1]])
    assert found.shops == sorted(Shop.objects.filter(state="open"), key=lambda one: -one.pk)
    assert (found.categories, empty in found.categories) == ([tea], False)
