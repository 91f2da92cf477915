"""Pools of keys: stock follows them, keys stay secret, duplicates are refused."""

from __future__ import annotations

import pytest
from django.test import override_settings

from banyan.catalog import actions as catalog
from banyan.catalog.models import StockAt
from banyan.delivery import actions as delivery
from banyan.delivery.actions import TermsInput
from banyan.delivery.actions.terms import OPEN_EDITION
from banyan.delivery.models import LicenceKey
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry
from banyan.kernel.problems import Conflict, Invalid, NotFound
from banyan.orders import actions as orders
from banyan.sales import actions as sales
from tests.delivery import goods
from tests.sales import scene
from tests.support import factories as make
from tests.support.recount import recount

pytestmark = pytest.mark.django_db


def test_stock_is_the_number_of_free_keys() -> None:
    item = goods.keyed()
    owner = make.actor(goods.shop_of(item).owner)
    assert make.stock_of(item).on_hand == 0
    assert delivery.add_keys(actor=owner, variant_id=item.pk, text="A\nB\nC") == 3
    assert make.stock_of(item).on_hand == 3
    key = LicenceKey.objects.order_by("id")[0]
    for _ in range(2):
        delivery.withdraw_key(actor=owner, key_id=key.pk, reason="spoilt")
    assert make.stock_of(item).on_hand == 2
    assert AuditEntry.objects.filter(action="key.withdraw").count() == 1
    assert recount() == {}


@pytest.mark.parametrize("text", ["NEW\nOLD", "TWICE\nTWICE", "", "\n \n", "x" * 501])
def test_a_refused_list_adds_nothing(text: str) -> None:
    item = goods.keyed("OLD")
    owner = make.actor(goods.shop_of(item).owner)
    with pytest.raises(Invalid):
        delivery.add_keys(actor=owner, variant_id=item.pk, text=text)
    assert LicenceKey.objects.count() == 1
    assert make.stock_of(item).on_hand == 1


def test_a_list_with_an_open_quotation_mark_says_in_which_line() -> None:
    item = goods.keyed()
    owner = make.actor(goods.shop_of(item).owner)
    for text in ('A\n\n"B\nC', 'A\n\n"' + "B\n" * 100_000):
        with pytest.raises(Invalid) as refused:
            delivery.add_keys(actor=owner, variant_id=item.pk, text=text)
        assert refused.value.code == "keys_unreadable"
        assert refused.value.extra == {"lines": ["3"]}
    assert not LicenceKey.objects.exists(), "three keys would have been sold as one"


def test_a_known_key_is_named_by_its_line() -> None:
    item = goods.keyed("OLD")
    owner = make.actor(goods.shop_of(item).owner)
    with pytest.raises(Invalid) as refused:
        delivery.add_keys(actor=owner, variant_id=item.pk, text="NEW\n\n\nOLD")
    assert refused.value.extra == {"lines": ["4"]}


def test_a_key_is_known_after_the_secret_was_changed() -> None:
    with override_settings(SECRET_KEY="one", SECRET_KEY_FALLBACKS=[]):
        item = goods.keyed("OLD")
    owner = make.actor(goods.shop_of(item).owner)
    with override_settings(SECRET_KEY="two", SECRET_KEY_FALLBACKS=["one"]):
        with pytest.raises(Invalid) as refused:
            delivery.add_keys(actor=owner, variant_id=item.pk, text="OLD")
        assert refused.value.code == "keys_known"
        assert delivery.open_key(LicenceKey.objects.get()) == "OLD"


def test_a_withdrawn_or_sold_key_never_comes_back() -> None:
    item = goods.keyed("A", "B")
    owner = make.actor(goods.shop_of(item).owner)
    make.pay(make.place((item, 1)))
    sold, free = LicenceKey.objects.order_by("id")
    with pytest.raises(Conflict) as refused:
        delivery.withdraw_key(actor=owner, key_id=sold.pk, reason="mine again")
    assert refused.value.code == "key_taken"
    delivery.withdraw_key(actor=owner, key_id=free.pk, reason="spoilt")
    for text in ("A", "B"):
        with pytest.raises(Invalid):
            delivery.add_keys(actor=owner, variant_id=item.pk, text=text)
    assert make.stock_of(item).on_hand == 0


def test_a_clerk_and_strangers_reach_no_key() -> None:
    item = goods.keyed("A")
    shop = goods.shop_of(item)
    clerk = make.member()
    catalog.hire(actor=make.actor(shop.owner), shop_id=shop.pk, account_id=clerk.pk, role="clerk")
    key = LicenceKey.objects.get()
    for who in (clerk, make.member(), make.shop().owner):
        for act in (
            lambda: delivery.show_key(actor=make.actor(who), key_id=key.pk),  # noqa: B023
            lambda: delivery.withdraw_key(actor=make.actor(who), key_id=key.pk, reason="x"),  # noqa: B023
            lambda: delivery.add_keys(actor=make.actor(who), variant_id=item.pk, text="N"),  # noqa: B023
        ):
            with pytest.raises(NotFound):
                act()
    assert AuditEntry.objects.filter(action__startswith="key.").count() == 0
    assert LicenceKey.objects.get().state == "free"


def test_a_stock_that_went_astray_follows_its_pool() -> None:
    item = goods.keyed(n=2)
    owner = make.actor(goods.shop_of(item).owner)
    catalog.count_all({item.pk: 50}, reference="import 1")
    assert delivery.mend_pools(actor=owner) == 1
    assert make.stock_of(item).on_hand == 2
    assert delivery.mend_pools(actor=owner) == 0
    # promised beyond a pool that shrank: once the order is given up there is nothing to sell
    checkout = make.place((item, 2))
    for key in LicenceKey.objects.all():
        delivery.withdraw_key(actor=owner, key_id=key.pk, reason="spoilt")
    assert make.stock_of(item).on_hand == 2
    orders.cancel_checkout(
        actor=Actor.guest(), checkout_id=checkout.pk, access_token=checkout.access_token
    )
    delivery.mend_pools(actor=owner)
    assert make.stock_of(item).on_hand == 0
    assert recount() == {}


def test_nobody_counts_or_carries_keys_by_whichever_way() -> None:
    item = goods.keyed("A", "B", "C")
    shop = goods.shop_of(item)
    owner = make.actor(shop.owner)
    cellar = catalog.add_location(actor=owner, shop_id=shop.pk, name="Cellar")
    game = catalog.ProductInput(
        title="Game", variants=[catalog.VariantInput(price=5_000, on_hand=50)], kind="digital"
    )
    for act in (
        lambda: catalog.set_on_hand(actor=owner, variant_id=item.pk, on_hand=50),
        lambda: catalog.set_on_hand(
            actor=owner, variant_id=item.pk, on_hand=50, location_id=cellar.pk
        ),
        lambda: catalog.transfer(
            actor=owner, variant_id=item.pk, quantity=3, source_id=None, target_id=cellar.pk
        ),
        lambda: catalog.update_product(actor=owner, product_id=item.product_id, data=game),
    ):
        with pytest.raises(Conflict) as refused:
            act()
        assert refused.value.code == "stock_of_pool"
    assert make.stock_of(item).on_hand == 3
    assert not StockAt.objects.exists()


def test_a_pool_whose_units_lay_elsewhere_shrinks_and_grows_as_any() -> None:
    item = goods.product(None, "digital", TermsInput(way="file"), stock=6).variants.get()
    shop = goods.shop_of(item)
    owner = make.actor(shop.owner)
    cellar = catalog.add_location(actor=owner, shop_id=shop.pk, name="Cellar")
    catalog.transfer(
        actor=owner, variant_id=item.pk, quantity=6, source_id=None, target_id=cellar.pk
    )

    terms = TermsInput(way="keys")
    delivery.set_terms(actor=owner, product_id=item.product_id, terms=terms)
    assert delivery.add_keys(actor=owner, variant_id=item.pk, text="A\nB") == 2
    key = LicenceKey.objects.order_by("id")[0]
    delivery.withdraw_key(actor=owner, key_id=key.pk, reason="spoilt")

    stock = make.stock_of(item)
    assert (stock.on_hand, stock.elsewhere) == (1, 0)
    assert recount() == {}


def test_a_pool_that_a_sale_keeps_units_of_may_shrink() -> None:
    item = goods.keyed(n=3)
    owner = make.actor(goods.shop_of(item).owner)
    sale = scene.on(item, price=4_000, public=3)
    key = LicenceKey.objects.order_by("id")[0]

    delivery.withdraw_key(actor=owner, key_id=key.pk, reason="spoilt")

    assert LicenceKey.objects.get(pk=key.pk).state == "withdrawn"
    assert (make.stock_of(item).on_hand, make.stock_of(item).held) == (3, 3)
    assert delivery.mend_pools(actor=owner) == 0, "the sale has promised three"
    with clock.at(sale.ends_at):
        sales.advance_sales(actor=scene.SYSTEM)
        assert delivery.mend_pools(actor=owner) == 1
    assert (make.stock_of(item).on_hand, make.stock_of(item).held) == (2, 0)
    assert recount() == {}


def test_the_buyer_of_a_sale_who_finds_no_key_gets_their_money_back() -> None:
    item = goods.keyed(n=2)
    owner = make.actor(goods.shop_of(item).owner)
    scene.on(item, price=4_000, public=2)
    key = LicenceKey.objects.order_by("id")[0]
    delivery.withdraw_key(actor=owner, key_id=key.pk, reason="spoilt")

    bought = [make.pay(make.place((item, 1))).orders.get() for _n in range(2)]
    for order in bought:
        orders.refund_missing(actor=scene.SYSTEM, order_id=order.pk)
        order.refresh_from_db()

    assert [one.refunded_amount for one in bought] == [0, 4_000]
    assert recount() == {}


def test_keys_for_what_a_sale_keeps_already_are_no_fault() -> None:
    shop = make.shop()
    owner = make.actor(shop.owner)
    game = catalog.ProductInput(
        title="Game", variants=[catalog.VariantInput(price=5_000, on_hand=3)], kind="digital"
    )
    made = catalog.create_product(actor=owner, shop_id=shop.pk, data=game)
    item = made.variants.get()
    scene.on(item, price=4_000, public=3)

    delivery.set_terms(actor=owner, product_id=made.pk, terms=TermsInput(way="keys"))

    assert (make.stock_of(item).on_hand, make.stock_of(item).held) == (3, 3)


def test_the_stock_follows_a_way_that_was_chosen_anew() -> None:
    game = goods.draft(None, "digital", TermsInput(way="keys"), stock=0)
    owner, item = make.actor(game.shop.owner), game.variants.get()

    delivery.set_terms(actor=owner, product_id=game.pk, terms=TermsInput(way="file"))
    assert make.stock_of(item).on_hand == OPEN_EDITION
    delivery.set_terms(actor=owner, product_id=game.pk, terms=TermsInput(way="keys"))
    assert make.stock_of(item).on_hand == 0, "nobody buys what there is no key for"
    assert recount() == {}


def test_terms_fit_the_kind_and_keys_hold_them() -> None:
    shop = make.shop()
    owner = make.actor(shop.owner)
    cup = make.product(shop)
    game = goods.draft(shop, "digital", TermsInput(way="file"))
    for product_id, terms in (
        (cup.pk, TermsInput(way="keys")),
        (game.pk, TermsInput(way="voucher", places="here")),
        (game.pk, TermsInput(way="file", downloads=0)),
    ):
        with pytest.raises(Invalid):
            delivery.set_terms(actor=owner, product_id=product_id, terms=terms)
    delivery.set_terms(actor=owner, product_id=game.pk, terms=TermsInput(way="file"))
    delivery.set_terms(actor=owner, product_id=game.pk, terms=TermsInput(way="keys"))
    variant = game.variants.get()
    delivery.add_keys(actor=owner, variant_id=variant.pk, text="A")
    with pytest.raises(Conflict) as refused:
        delivery.set_terms(actor=owner, product_id=game.pk, terms=TermsInput(way="file"))
    assert refused.value.code == "delivery_way_fixed"
    with pytest.raises(NotFound):
        delivery.set_terms(
            actor=make.actor(make.member()), product_id=game.pk, terms=TermsInput(way="keys")
        )
