"""The pool: terms, who may sell, prices that are too low, and what orders keep."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from banyan.catalog.actions import VariantInput
from banyan.catalog.models import Variant
from banyan.earnings import actions as earnings
from banyan.earnings import queries as earned
from banyan.earnings import settling
from banyan.earnings.models import Commission
from banyan.entitlements import actions as entitlements
from banyan.kernel import relay
from banyan.kernel.actors import Actor
from banyan.kernel.models import StateChange
from banyan.kernel.problems import Conflict, Invalid, NotFound, Problem, SoldOut
from banyan.ledger.proof import verify
from banyan.notify.models import Notification
from banyan.notify.queries import notifications
from banyan.orders import actions as orders
from banyan.orders.actions import unit_prices
from banyan.orders.models import Order, OrderLine
from banyan.orders.rules import UnitPrice
from banyan.sharing import actions as sharing
from banyan.sharing.models import Link
from banyan.standing.actions import take_down
from banyan.storefronts import actions as storefronts
from banyan.storefronts import queries
from banyan.storefronts.models import Offer, OfferPrice, PoolItem, PoolPrice
from tests.support import factories as make
from tests.support import prices
from tests.support.recount import recount

from . import stalls

pytestmark = pytest.mark.django_db


def test_given_an_open_item_when_listed_in_one_tap_then_the_shops_price_is_suggested() -> None:
    item = make.variant(price=12_000)
    pooled = stalls.supply(item, supply=8_000, minimum=9_000)
    page = stalls.page()

    offer = storefronts.list_from_pool(actor=stalls.owner_of(page), item_id=pooled.pk)

    assert offer.prices.get().amount == 12_000
    assert storefronts.list_from_pool(actor=stalls.owner_of(page), item_id=pooled.pk) == offer


@pytest.mark.parametrize("price", [7_999, 8_999, 1, 0, -1])
def test_a_price_below_what_the_supplier_allows_is_refused(price: int) -> None:
    item = make.variant(price=12_000)
    pooled = stalls.supply(item, supply=8_000, minimum=9_000)
    page = stalls.page()

    with pytest.raises(Invalid) as refused:
        stalls.listed(page, pooled, price)

    assert refused.value.code == "price_too_low"
    assert not Offer.objects.exists()


def test_a_price_for_a_variant_of_somebody_else_is_refused() -> None:
    pooled = stalls.supply(make.variant())
    other = make.variant()
    page = stalls.page()

    with pytest.raises(NotFound):
        storefronts.list_from_pool(
            actor=stalls.owner_of(page), item_id=pooled.pk, prices={other.pk: 99_000}
        )
    assert not Offer.objects.exists()


def test_terms_are_for_the_shops_managers() -> None:
    item = make.variant()

    with pytest.raises(NotFound):
        storefronts.offer_to_pool(
            actor=make.actor(make.member()),
            product_id=item.product_id,
            terms={item.pk: storefronts.Terms(1)},
        )
    assert not PoolPrice.objects.exists()


def test_when_the_minimum_rises_then_cheap_pages_are_paused_told_and_orders_stay() -> None:
    item = make.variant(price=12_000, stock=5)
    pooled = stalls.supply(item, supply=8_000)
    cheap, dear = stalls.page(), stalls.page()
    low, high = stalls.listed(cheap, pooled, 9_000), stalls.listed(dear, pooled, 11_000)
    placed = stalls.place(item, low)

    stalls.supply(item, supply=8_500, minimum=10_000)

    low.refresh_from_db()
    high.refresh_from_db()
    assert (low.state, low.pause_reason, high.state) == ("paused", "below_minimum", "live")
    with pytest.raises(SoldOut):
        stalls.place(item, low)
    line = OrderLine.objects.get()
    assert (line.unit_amount, line.supply_amount) == (9_000, 8_000)
    make.pay(placed)
    assert stalls.balance("shop_payable", item.product.shop_id) == 8_000

    storefronts.set_offer_prices(
        actor=stalls.owner_of(cheap), offer_id=low.pk, prices={item.pk: 10_000}
    )
    assert stalls.place(item, low).total_amount == 10_000


def test_a_page_is_paused_once_however_often_the_supplier_withdraws() -> None:
    item = make.variant(price=12_000)
    pooled = stalls.supply(item, supply=8_000)
    stalls.listed(stalls.page(), pooled, 9_000)

    for _again in range(2):
        storefronts.withdraw_from_pool(actor=make.actor(item.product.shop.owner), item_id=pooled.pk)

    moves = StateChange.objects.filter(machine="storefronts.offer.state")
    assert [move.target for move in moves] == ["paused"]


def test_when_the_supplier_withdraws_then_it_is_gone_from_every_page_at_once() -> None:
    item = make.variant(price=12_000)
    pooled = stalls.supply(item, supply=8_000)
    pages = [stalls.page(), stalls.page()]
    offers = [stalls.listed(page, pooled, 9_900) for page in pages]

    storefronts.withdraw_from_pool(actor=make.actor(item.product.shop.owner), item_id=pooled.pk)

    for page, offer in zip(pages, offers, strict=True):
        assert queries.offers_of(page) == []
        with pytest.raises(SoldOut):
            stalls.place(item, offer)
    assert not Order.objects.exists()
    assert make.stock_of(item).reserved == 0


def test_when_the_supplier_drops_a_variant_each_page_that_had_it_is_told_once() -> None:
    shop = make.shop()
    cups = make.product(
        shop,
        title="Cup",
        options=["Colour"],
        variants=[VariantInput(price=9_000, on_hand=5, values=[each]) for each in ("Red", "Blue")],
    )
    red, blue = cups.variants.order_by("position", "id")
    supplier = make.actor(shop.owner)

    def offer_to_pool(*of: Variant) -> PoolItem:
        terms = {one.pk: storefronts.Terms(8_000) for one in of}
        return storefronts.offer_to_pool(actor=supplier, product_id=cups.pk, terms=terms)

    pooled = offer_to_pool(red)
    only_red, both = stalls.page(), stalls.page()
    gone = storefronts.list_from_pool(actor=stalls.owner_of(only_red), item_id=pooled.pk)
    offer_to_pool(red, blue)
    less = storefronts.list_from_pool(actor=stalls.owner_of(both), item_id=pooled.pk)

    for _again in range(2):
        offer_to_pool(blue)

    gone.refresh_from_db()
    less.refresh_from_db()
    assert (gone.state, gone.pause_reason, less.state) == ("paused", "withdrawn", "live")
    assert stalls.place(blue, less).total_amount == 9_000
    with pytest.raises(SoldOut):
        stalls.place(red, less)
    relay.drain()
    assert [row.n for row in Notification.objects.all()] == [1, 1]
    told = {
        page.pk: [row.text for row in notifications(page.owner_id)] for page in (only_red, both)
    }
    assert told == {
        only_red.pk: ["Cup is off your page: the supplier took it out of the pool."],
        both.pk: ["Cup: Red is off your page: the supplier took it out of the pool."],
    }


def test_only_approved_pages_sell_what_is_for_approved_ones() -> None:
    item = make.variant(price=12_000)
    supplier = make.actor(item.product.shop.owner)
    pooled = stalls.supply(item, supply=8_000, open_to="approved")
    page = stalls.page()
    me = stalls.owner_of(page)
    with pytest.raises(Conflict) as refused:
        stalls.listed(page, pooled, 9_900)
    assert refused.value.code == "not_approved"

    storefronts.ask_to_sell(actor=me, item_id=pooled.pk)
    with pytest.raises(NotFound):  # nobody approves themselves
        storefronts.approve_seller(actor=me, item_id=pooled.pk, account_id=page.owner_id)
    storefronts.approve_seller(actor=supplier, item_id=pooled.pk, account_id=page.owner_id)
    offer = stalls.listed(page, pooled, 9_900)
    assert stalls.place(item, offer).total_amount == 9_900

    storefronts.refuse_seller(actor=supplier, item_id=pooled.pk, account_id=page.owner_id)
    with pytest.raises(SoldOut):
        stalls.place(item, offer)


def test_pages_that_have_to_be_approved_from_now_on_are_told_what_is_off_them() -> None:
    item = make.variant(price=12_000)
    supplier = make.actor(item.product.shop.owner)
    pooled = stalls.supply(item, supply=8_000)
    known, new = stalls.page(), stalls.page()
    offers = [stalls.listed(page, pooled, 9_900) for page in (known, new)]
    stalls.supply(item, supply=8_000, open_to="approved")
    for page, offer in zip((known, new), offers, strict=True):
        storefronts.ask_to_sell(actor=stalls.owner_of(page), item_id=pooled.pk)
        offer.refresh_from_db()
        assert (offer.state, offer.pause_reason) == ("paused", "not_approved")
    storefronts.approve_seller(actor=supplier, item_id=pooled.pk, account_id=known.owner_id)
    stalls.listed(known, pooled, 9_900)

    stalls.supply(item, supply=8_100, open_to="approved")

    offers[0].refresh_from_db()
    assert offers[0].state == "live", "it was approved, and stays"
    relay.drain()
    told = Notification.objects.filter(kind="offer.paused")
    assert {row.recipient_id for row in told} == {known.owner_id, new.owner_id}


def test_the_supplier_cannot_list_its_own_goods_from_the_pool() -> None:
    item = make.variant()
    pooled = stalls.supply(item)
    owner = make.actor(item.product.shop.owner)
    storefronts.open_storefront(actor=owner, title="Mine")

    with pytest.raises(Conflict) as refused:
        storefronts.list_from_pool(actor=owner, item_id=pooled.pk)
    assert refused.value.code == "own_goods"


def test_a_coupon_of_the_shop_takes_nothing_off_a_pooled_line() -> None:
    item = make.variant(price=12_000)
    shop = item.product.shop
    coupon = entitlements.create_coupon(
        actor=make.actor(shop.owner), shop_id=shop.pk, title="Half", percent_bps=5_000, cap=10
    )
    offer = stalls.listed(stalls.page(), stalls.supply(item), 9_900)

    with pytest.raises(Problem):
        stalls.place(item, offer, coupon=coupon.code)
    assert not Order.objects.exists()


def test_a_coupon_works_on_the_shops_own_lines_beside_a_pooled_one() -> None:
    shop = make.shop(shipping_amount=1_000, free_shipping_from=20_000)
    pooled, own = make.variant(shop, price=12_000), make.variant(shop, price=11_000)
    coupon = entitlements.create_coupon(
        actor=make.actor(shop.owner), shop_id=shop.pk, title="Half", percent_bps=5_000, cap=10
    )
    page = stalls.page()
    offer = stalls.listed(page, stalls.supply(pooled), 9_900)

    placed = orders.place(
        actor=Actor.guest(),
        lines=[orders.WantedLine(pooled.pk, offer_id=offer.pk), orders.WantedLine(own.pk)],
        contact=orders.Contact(email="cy@example.com"),
        address=make.ADDRESS,
        placement_key="mixed-cart",
        provider="sandbox",
        coupon_code=coupon.code,
    )

    off = dict(OrderLine.objects.values_list("variant_id", "discount_amount"))
    assert off == {pooled.pk: 0, own.pk: 5_500}
    # 154.00 of goods are left, the pooled ones among them: shipping is not free.
    assert (placed.shipping_amount, placed.total_amount) == (1_000, 16_400)
    make.pay(placed)
    assert stalls.balance("earner_held", page.owner_id) == 1_900
    assert stalls.balance("shop_payable", shop.pk) == 16_400 - 1_900


def test_no_ordinary_commission_is_paid_on_a_pooled_line_whoever_shared_it() -> None:
    item = make.variant(price=12_000)
    shop = item.product.shop
    earnings.set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=1_000)
    page = stalls.page()
    offer = stalls.listed(page, stalls.supply(item), 9_900)
    friend = make.member()
    link = sharing.share(
        actor=make.actor(friend), target_kind="storefront", target_id=page.pk, via=page.link
    )

    make.pay(stalls.place(item, offer, via=link.code))

    only = Commission.objects.get()
    assert (only.kind, only.payee_id, only.amount) == ("margin", page.owner_id, 1_900)
    assert stalls.balance("shop_payable", shop.pk) == 8_000


@pytest.mark.parametrize("fee_bps", [0, 333])
def test_refunds_in_parts_end_at_zero_for_everybody(settings: Any, fee_bps: int) -> None:
    settings.POOL_FEE_BPS = fee_bps
    item = make.variant(price=12_000, stock=5)
    shop = item.product.shop
    page = stalls.page()
    offer = stalls.listed(page, stalls.supply(item, supply=8_001), 9_907)
    order = make.pay(stalls.place(item, offer, n=3)).orders.get()
    margin = Commission.objects.get()
    assert margin.amount + margin.fee_amount == 3 * (9_907 - 8_001)

    left = order.total_amount
    for step, amount in enumerate((1, 7_777, 10_000, left - 17_778)):
        orders.grant_refund(
            actor=make.actor(shop.owner),
            order_id=order.pk,
            amount=amount,
            reason="in parts",
            key=f"part-{step}",
        )
        assert verify().clean
        # what is passed on to a connected shop is what its account says it is owed
        order.refresh_from_db()
        assert settling._due(order) == stalls.balance("shop_payable", shop.pk)

    assert stalls.balance("shop_payable", shop.pk) == 0
    assert stalls.balance("earner_held", page.owner_id) == 0
    margin.refresh_from_db()
    assert (margin.state, margin.reversed_amount) == ("reversed", margin.amount)
    assert recount() == {}


def test_the_margin_explains_itself() -> None:
    item = make.variant(price=12_000)
    page = stalls.page()
    make.pay(stalls.place(item, stalls.listed(page, stalls.supply(item), 9_900), n=2))

    told = earned.why(actor=stalls.owner_of(page), commission_id=Commission.objects.get().pk)

    assert told.margin is not None
    assert (told.margin.unit, told.margin.supply, told.margin.quantity) == (9_900, 8_000, 2)
    assert (told.budget.amount, told.amount.amount) == (3_800, 3_800)


def test_the_owner_who_buys_on_their_own_page_gets_the_margin_and_the_supplier_its_price() -> None:
    item = make.variant(price=12_000)
    page = stalls.page()

    make.pay(stalls.place(item, stalls.listed(page, stalls.supply(item), 9_900), buyer=page.owner))

    assert stalls.balance("shop_payable", item.product.shop_id) == 8_000
    assert stalls.balance("earner_held", page.owner_id) == 1_900


def test_the_database_refuses_a_minimum_below_the_suppliers_price() -> None:
    item = make.variant()
    stalls.supply(item, supply=8_000)

    with pytest.raises(IntegrityError), transaction.atomic():
        PoolPrice.objects.update(minimum_amount=7_999)
    assert not OfferPrice.objects.exists()


def test_a_sale_of_the_shop_does_not_touch_a_pages_own_price(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    item = make.variant(price=12_000)
    offer = stalls.listed(stalls.page(), stalls.supply(item, supply=8_000), 9_900)

    def sale(asking: unit_prices.Asking, said: unit_prices.Said) -> dict[int, UnitPrice]:
        return {key: UnitPrice(7_000, "sale") for key in asking.variants}

    monkeypatch.setattr(unit_prices, "SOURCES", (*unit_prices.SOURCES, sale))

    assert make.place((item, 1)).total_amount == 7_000
    assert stalls.place(item, offer).total_amount == 9_900


def test_what_moderation_takes_down_is_gone_from_pages_pool_and_cards() -> None:
    item = make.variant(price=12_000)
    pooled = stalls.supply(item)
    page = stalls.page("ana")
    offer = stalls.listed(page, pooled, 9_900)

    take_down(
        actor=make.actor(make.staff("moderation")),
        product_id=item.product_id,
        reason="unsafe",
        words="It breaks.",
    )

    assert queries.offers_of(page) == []
    assert list(queries.pool_items(stalls.owner_of(page))) == []
    assert Client().get(f"/embed/offer/{offer.code}").status_code == 404
    with pytest.raises(SoldOut):
        stalls.place(item, offer)


def test_a_friend_who_shares_the_page_stands_after_its_owner() -> None:
    product = make.product()
    page = stalls.page("ana")
    storefronts.select_product(actor=stalls.owner_of(page), product_id=product.pk)
    friend = Client()
    friend.force_login(make.member("ben"))
    assert page.link is not None

    shared = friend.get(f"/share/storefront/{page.pk}", {"via": page.link.code})

    assert shared.status_code == 200
    link = Link.objects.get(owner__handle="ben")
    assert link.parent_id == page.link_id
    landing = Client().get("/store/ana", {"via": link.code}).content.decode()
    assert f"via={link.code}" in landing


def test_of_a_cart_in_parts_what_a_page_sells_is_in_its_own_currency() -> None:
    """The shop has a price in euros, too; the page has none."""
    item, other = make.variant(), make.variant(make.shop(currency="EUR"), price=700)
    prices.price_list(item.product.shop, {item: 1_500}, currency="EUR")
    offer = stalls.listed(stalls.page(), stalls.supply(item), 12_000)
    lines = [orders.WantedLine(item.pk, offer_id=offer.pk), orders.WantedLine(other.pk)]
    with pytest.raises(Invalid) as refused:
        orders.quote(actor=Actor.guest(), lines=lines)
    parts = refused.value.extra["lines"]
    assert parts == {"CNY": [item.pk], "EUR": [other.pk]}

    for currency, variants in parts.items():
        part = orders.priced_in(actor=Actor.guest(), lines=lines, currency=currency)
        assert [line.variant_id for line in part] == variants
        orders.quote(actor=Actor.guest(), lines=part, wishes=orders.Wishes(currency=currency))
