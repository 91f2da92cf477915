"""A shop saves its product at the moment when the platform takes it down."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from banyan.catalog import actions as catalog
from banyan.catalog.actions import products
from banyan.catalog.models import Category, Product, Variant
from banyan.kernel.actors import Actor
from banyan.orders.actions import placement
from banyan.orders.models import Checkout
from banyan.standing import actions as standing
from banyan.standing.actions import takedowns
from banyan.standing.models import Takedown
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.threads import run_at_once
from tests.support.weakened import between

pytestmark = pytest.mark.usefixtures("threaded_db")
SYSTEM = Actor.system("test")


def saved(item: Variant) -> Product:
    return catalog.update_product(
        actor=make.actor(item.product.shop.owner),
        product_id=item.product_id,
        data=catalog.ProductInput(
            title="A better title", variants=[catalog.VariantInput(price=item.price_amount)]
        ),
    )


def taken_down_while_saving(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Let the takedown happen after the shop's save has read the product and before it writes."""
    item = make.variant()
    meanwhile = between(monkeypatch, products, "_check_member")

    def take_down() -> Any:
        return standing.take_down(
            actor=SYSTEM, product_id=item.product_id, reason="unsafe", words="It gets hot."
        )

    return run_at_once(lambda: saved(item), meanwhile(take_down))


def test_what_is_taken_down_stays_down_when_its_shop_saves_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changed, taken = taken_down_while_saving(monkeypatch)

    assert not isinstance(changed, Exception), changed
    assert not isinstance(taken, Exception), taken
    product = Product.objects.get()
    assert (product.state, product.title) == ("taken_down", "A better title")


def test_control_a_save_of_every_column_puts_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    save = Product.save
    monkeypatch.setattr(products, "_lock", lambda product: None)
    monkeypatch.setattr(Product, "save", lambda self, **_how: save(self))

    taken_down_while_saving(monkeypatch)

    assert Product.objects.get().state == "active"


def guarded_while_publishing(monkeypatch: pytest.MonkeyPatch) -> Product:
    """Let a draft move into a guarded category after its publication was found fit."""
    wine = Category.objects.create(slug="wine", names={"en": "Wine"})
    standing.guard_category(actor=SYSTEM, category_id=wine.pk, why="A licence.", reason="Law.")
    product = make.product()
    owner = make.actor(product.shop.owner)
    catalog.unpublish_product(actor=owner, product_id=product.pk)
    meanwhile = between(monkeypatch, products, "check_publishing", seconds=2)
    data = catalog.ProductInput(
        title=product.title, variants=[catalog.VariantInput(price=1)], category="wine"
    )
    run_at_once(
        lambda: catalog.publish_product(actor=owner, product_id=product.pk),
        meanwhile(lambda: catalog.update_product(actor=owner, product_id=product.pk, data=data)),
    )
    product.refresh_from_db()
    return product


def test_a_draft_that_is_published_and_moved_at_once_is_never_on_sale_without_a_permit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    product = guarded_while_publishing(monkeypatch)

    assert product.state == "active"
    assert product.category is None


def test_control_without_the_lock_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "_lock", lambda product: None)

    product = guarded_while_publishing(monkeypatch)

    assert product.state == "active"
    assert product.category is not None


def placed_while_taken_down(monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """Let a takedown happen, and be settled, when an order is written and not yet committed."""
    item = make.variant()
    meanwhile = between(monkeypatch, placement, "_write")

    def take_down() -> Any:
        found = standing.take_down(
            actor=SYSTEM, product_id=item.product_id, reason="unsafe", words="It gets hot."
        )
        return standing.settle_takedown(actor=SYSTEM, takedown_id=found.pk)

    placed, taken = run_at_once(lambda: make.place((item, 1)), meanwhile(take_down))
    assert isinstance(placed, Checkout), placed
    assert not isinstance(taken, Exception), taken
    assert taken.state == "settled"
    return placed


def test_what_was_being_placed_at_that_moment_ends_with_the_second_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(placement, "PRICE_HOLDS", 60)  # as if all that took no time
    checkout = placed_while_taken_down(monkeypatch)
    assert checkout.state == "placed", "the first look could not see it"

    assert standing.settle_due(actor=SYSTEM) == 1

    checkout.refresh_from_db()
    assert checkout.state == "cancelled"
    assert Takedown.objects.get().result == {"ended": 1, "refunded": 0, "warned": 0}
    assert recount() == {}


def test_control_without_a_second_look_it_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "PRICE_HOLDS", 60)
    monkeypatch.setattr(takedowns, "LOOK_AGAIN", dt.timedelta(0))
    checkout = placed_while_taken_down(monkeypatch)

    standing.settle_due(actor=SYSTEM)

    checkout.refresh_from_db()
    assert checkout.state == "placed"
