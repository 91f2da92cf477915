"""Storefronts under fire: two pages, one stock; terms that move while somebody buys."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from banyan.catalog.actions import stock as stock_module
from banyan.catalog.models import Variant
from banyan.kernel.problems import Busy, Conflict, SoldOut
from banyan.ledger.proof import verify
from banyan.orders.actions import placement
from banyan.orders.models import Checkout, Order, OrderLine
from banyan.payments.models import Intent
from banyan.storefronts import actions as storefronts
from banyan.storefronts.actions import offers as offers_module
from banyan.storefronts.models import Offer, PoolItem
from tests.storefronts import stalls
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.threads import kinds, run_at_once
from tests.support.weakened import between, no_locks, without_check

pytestmark = pytest.mark.usefixtures("threaded_db")


def two_pages(stock: int = 1) -> tuple[Variant, PoolItem, list[Offer]]:
    item = make.variant(price=12_000, stock=stock)
    pooled = stalls.supply(item, supply=8_000)
    prices = (9_900, 10_500)
    return item, pooled, [stalls.listed(stalls.page(), pooled, price) for price in prices]


def placed_of(results: list[Any]) -> list[Checkout]:
    return [result for result in results if isinstance(result, Checkout)]


def both(item: Variant, offers: list[Offer], times: int) -> list[Any]:
    calls = [lambda offer=offer: stalls.place(item, offer) for offer in offers * times]
    return run_at_once(*calls)


def test_row_35_the_last_unit_is_sold_once_by_two_pages() -> None:
    item, _pooled, offers = two_pages()

    results = both(item, offers, 4)

    assert len(placed_of(results)) == 1, kinds(results)
    assert all(isinstance(r, SoldOut | Busy) for r in results if not isinstance(r, Checkout))
    make.pay(placed_of(results)[0])
    line = OrderLine.objects.get()
    assert stalls.balance("shop_payable", item.product.shop_id) == 8_000
    assert line.unit_amount in {9_900, 10_500}
    assert recount() == {}
    assert verify().clean


def unguarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reserve without looking whether there is enough."""
    statement = stock_module._MOVE.replace(
        "s.on_hand - s.allocated - s.reserved - s.held >= n", "true"
    )
    assert statement != stock_module._MOVE
    monkeypatch.setattr(stock_module, "_MOVE", statement)
    monkeypatch.setattr(placement, "_check_free", lambda wanted: None)


def test_row_35_control_without_the_guard_both_pages_sell_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    item, _pooled, offers = two_pages()
    unguarded(monkeypatch)

    with without_check("catalog_stock", "stock_never_oversold"):
        results = both(item, offers, 2)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE catalog_stock SET reserved = 0")

    assert len(placed_of(results)) > 1


def test_the_page_changes_its_price_between_look_and_order() -> None:
    item, _pooled, (offer, _other) = two_pages(stock=5)
    storefronts.set_offer_prices(
        actor=make.actor(offer.storefront.owner), offer_id=offer.pk, prices={item.pk: 10_100}
    )

    with pytest.raises(Conflict) as refused:
        stalls.place(item, offer, agreed=9_900)

    assert refused.value.code == "price_changed"
    assert not Order.objects.exists()
    assert make.stock_of(item).reserved == 0


def test_control_without_an_agreement_the_new_price_is_taken() -> None:
    item, _pooled, (offer, _other) = two_pages(stock=5)
    storefronts.set_offer_prices(
        actor=make.actor(offer.storefront.owner), offer_id=offer.pk, prices={item.pk: 10_100}
    )

    assert stalls.place(item, offer).total_amount == 10_100


def withdrawn_while_placing(
    monkeypatch: pytest.MonkeyPatch, item: Variant, pooled: PoolItem, offer: Offer
) -> Any:
    """Place an order; the supplier withdraws when it is written and not yet committed."""
    supplier = make.actor(item.product.shop.owner)
    write = placement._write

    def written(**asked: Any) -> Any:
        done = write(**asked)
        [gone] = run_at_once(
            lambda: storefronts.withdraw_from_pool(actor=supplier, item_id=pooled.pk)
        )
        assert gone is None
        return done

    monkeypatch.setattr(placement, "_write", written)
    [result] = run_at_once(lambda: stalls.place(item, offer))
    return result


def test_the_supplier_withdraws_while_somebody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    item, pooled, (offer, _other) = two_pages(stock=5)
    monkeypatch.setattr(placement, "PRICE_HOLDS", 0)  # as if there had been others before them

    result = withdrawn_while_placing(monkeypatch, item, pooled, offer)

    assert isinstance(result, SoldOut)
    assert not Order.objects.exists()
    assert not Intent.objects.exists()
    assert make.stock_of(item).reserved == 0


def test_control_while_the_price_holds_the_order_goes_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    item, pooled, (offer, _other) = two_pages(stock=5)
    monkeypatch.setattr(placement, "PRICE_HOLDS", 60)

    result = withdrawn_while_placing(monkeypatch, item, pooled, offer)

    assert isinstance(result, Checkout)


def raised_while_listing(monkeypatch: pytest.MonkeyPatch) -> Offer:
    """A page lists at 85.00 while the supplier raises its price to 90.00; return the offer."""
    item = make.variant(price=12_000)
    pooled = stalls.supply(item, supply=8_000)
    page = stalls.page()
    # Locked, the supplier waits for the page; unlocked, the page for the supplier.
    meanwhile = between(monkeypatch, offers_module, "_amounts", seconds=2)

    run_at_once(
        lambda: stalls.listed(page, pooled, 8_500),
        meanwhile(lambda: stalls.supply(item, supply=9_000)),
    )
    return Offer.objects.get()


def test_terms_that_rise_while_a_page_lists_pause_it(monkeypatch: pytest.MonkeyPatch) -> None:
    offer = raised_while_listing(monkeypatch)

    assert (offer.state, offer.pause_reason) == ("paused", "below_minimum")


def test_control_without_locks_a_page_stays_live_below_the_terms(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    no_locks(monkeypatch)

    offer = raised_while_listing(monkeypatch)

    # It shows as live, though even then nobody can buy below the supplier's price.
    assert offer.state == "live"
    with pytest.raises(SoldOut):
        stalls.place(offer.prices.get().variant, offer)


def tapped(item: Variant, email: str) -> Any:
    """Stand at the checkout that a buy card led to; return what presses Pay there."""
    browser = Client()
    page = browser.get("/checkout", {"variant": item.pk, "n": 1}).content.decode()
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    return lambda: browser.post("/checkout", {**fields, **make.ADDRESS, "email": email}).status_code


def test_row_15_two_people_tap_the_last_one_at_once() -> None:
    item = make.variant(stock=1)
    taps = [tapped(item, f"{name}@example.com") for name in ("one", "two")]

    assert sorted(run_at_once(*taps)) == [302, 409]
    assert (Order.objects.count(), Intent.objects.count()) == (1, 1)
    assert make.stock_of(item).reserved == 1
    assert recount() == {}


def test_row_15_control_without_the_guard_both_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    item = make.variant(stock=1)
    taps = [tapped(item, f"{name}@example.com") for name in ("one", "two")]
    unguarded(monkeypatch)

    with without_check("catalog_stock", "stock_never_oversold"):
        assert run_at_once(*taps) == [302, 302]
        with connection.cursor() as cursor:
            cursor.execute("UPDATE catalog_stock SET reserved = 0")
