"""Several things of one name made at once in a shop: each has an address of its own."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError

from banyan.catalog import actions as catalog
from banyan.catalog.actions import (
    CollectionInput,
    ProductInput,
    VariantInput,
    collections,
    products,
)
from banyan.catalog.models import Collection, Product
from tests.support import factories as make
from tests.support.threads import kinds, run_concurrently
from tests.support.weakened import meet

pytestmark = pytest.mark.usefixtures("threaded_db")
N = 4


def products_at_once() -> list[Any]:
    shop = make.shop()
    owner = make.actor(shop.owner)
    cup = ProductInput(title="Cup", variants=[VariantInput(price=1_000)])
    return run_concurrently(
        lambda: catalog.create_product(actor=owner, shop_id=shop.pk, data=cup), N
    )


def collections_at_once() -> list[Any]:
    shop = make.shop()
    owner = make.actor(shop.owner)
    spring = CollectionInput(title="Spring")
    return run_concurrently(
        lambda: catalog.make_collection(actor=owner, shop_id=shop.pk, data=spring), N
    )


def test_products_of_one_title_have_an_address_each(monkeypatch: pytest.MonkeyPatch) -> None:
    meet(monkeypatch, products, "_is_taken", N)
    made = products_at_once()
    assert kinds(made) == {"Product": N}
    assert len(set(Product.objects.values_list("slug", flat=True))) == N
    assert Product.objects.filter(slug="cup").count() == 1


def test_collections_of_one_title_have_an_address_each(monkeypatch: pytest.MonkeyPatch) -> None:
    meet(monkeypatch, collections, "_is_taken", N)
    made = collections_at_once()
    assert kinds(made) == {"Collection": N}
    assert len(set(Collection.objects.values_list("slug", flat=True))) == N


class NeverError(Exception):
    """Nothing raises it."""


def test_the_control_who_does_not_look_again_makes_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for place, make_at_once in ((products, products_at_once), (collections, collections_at_once)):
        monkeypatch.setattr(place, "IntegrityError", NeverError)
        meet(monkeypatch, place, "_is_taken", N)
        results = make_at_once()
        assert sum(isinstance(each, IntegrityError) for each in results) == N - 1
