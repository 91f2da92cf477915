"""Something is changed while it is taken away, or goes its way, in another tab."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from banyan.catalog import actions as catalog
from banyan.catalog.actions import collections, delivery, price_lists
from banyan.catalog.models import Collection, PriceList, ShippingMethod, ShippingZone, Shop
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.models import StoredEvent
from banyan.kernel.problems import Busy, NotFound
from banyan.orders import actions as orders
from banyan.orders.actions import changes
from banyan.orders.models import Cart, CartItem, Order, Shipment
from tests.support import factories as make
from tests.support import prices
from tests.support.threads import alone, run_at_once
from tests.support.weakened import between

pytestmark = pytest.mark.usefixtures("threaded_db")


# -- the cart -------------------------------------------------------------------------------------


@contextlib.contextmanager
def _emptying_after(statement: int) -> Iterator[list[str]]:
    """Let another tab order what the cart holds after this statement on it, if it then can."""
    emptied: list[str] = []
    seen = 0

    def empty() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
            cursor.execute("DELETE FROM orders_cartitem")

    def watch(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        nonlocal seen
        done = execute(sql, *args)
        seen += "orders_cartitem" in sql
        if seen == statement and "orders_cartitem" in sql:
            with contextlib.suppress(OperationalError):  # it would have to wait for this tab
                alone(empty)
                emptied.append(sql)
        return done

    with connection.execute_wrapper(watch):
        yield emptied


@pytest.mark.parametrize("statement", [1, 2, 3])
def test_more_of_what_is_just_ordered_from_another_tab_is_in_the_cart(statement: int) -> None:
    item, who = make.variant(), make.actor(make.member())
    cart = orders.cart_for(actor=who)
    orders.add_to_cart(actor=who, cart=cart, variant_id=item.pk, quantity=2)

    with _emptying_after(statement) as emptied:
        added = orders.add_to_cart(actor=who, cart=cart, variant_id=item.pk, quantity=3)

    assert added.quantity == (3 if emptied else 5)
    assert CartItem.objects.get().quantity == added.quantity


def test_a_guests_cart_that_is_joined_meanwhile_takes_nothing_more() -> None:
    item, guest, member = make.variant(), Actor.guest(), make.actor(make.member())
    cart = orders.cart_for(actor=guest)
    orders.join_cart(actor=member, token=cart.token)

    with pytest.raises(Busy):
        orders.add_to_cart(actor=guest, cart=cart, variant_id=item.pk)

    assert not Cart.objects.filter(account=None).exists()


def test_a_cart_that_many_tabs_fill_has_a_hundred_things(monkeypatch: pytest.MonkeyPatch) -> None:
    shop, who = make.shop(), make.actor(make.member())
    items = [make.variant(shop) for _n in range(6)]
    cart = orders.cart_for(actor=who)
    monkeypatch.setattr("banyan.orders.actions.cart.MOST_LINES", 2)

    run_at_once(
        *(
            lambda item=item: orders.add_to_cart(actor=who, cart=cart, variant_id=item.pk)
            for item in items
        )
    )

    assert cart.items.count() == 2


# -- an address that several shops send to --------------------------------------------------------


def _of_two_shops() -> tuple[Order, Order]:
    one, other = make.variant(), make.variant()
    checkout = make.pay(make.place((one, 1), (other, 1)))
    first, second = checkout.orders.order_by("id")
    return first, second


def _changes_address(order: Order) -> Callable[[], Any]:
    guest, token = Actor.guest(), order.checkout.access_token
    wish = orders.Wish(kind="address", address={"street": "Elsewhere 7"})
    shown = orders.preview_change(actor=guest, order_id=order.pk, wish=wish, access_token=token)
    return lambda: orders.confirm_change(
        actor=guest,
        order_id=order.pk,
        wish=wish,
        fingerprint=shown.fingerprint,
        key=new_code(80),
        access_token=token,
    )


def _sends(order: Order) -> Shipment:
    return orders.ship(actor=make.actor(order.shop.owner), order_id=order.pk, carrier="SF")


def _in_order_of_time() -> list[str]:
    told = StoredEvent.objects.filter(name__in=["order.changed", "order.shipped"])
    return list(told.order_by("id").values_list("name", flat=True))


def test_no_parcel_of_another_shop_leaves_while_the_address_becomes_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order, other = _of_two_shops()
    change = _changes_address(order)
    # Stopped when it has seen that nothing is sent yet.
    meanwhile = between(monkeypatch, changes, "_preview", seconds=1.0)

    results = run_at_once(change, meanwhile(lambda: _sends(other)))

    assert not [one for one in results if isinstance(one, Exception)], results
    assert _in_order_of_time() == ["order.changed", "order.shipped"]


def test_control_without_the_other_orders_lock_it_leaves_for_the_old_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order, other = _of_two_shops()
    change = _changes_address(order)
    monkeypatch.setattr(changes, "_more_locks", lambda order, wish: [])
    meanwhile = between(monkeypatch, changes, "_preview")

    results = run_at_once(change, meanwhile(lambda: _sends(other)))

    assert not [one for one in results if isinstance(one, Exception)], results
    assert _in_order_of_time() == ["order.shipped", "order.changed"]


# -- a shop's own lists ---------------------------------------------------------------------------


def _price_list(shop: Shop) -> tuple[type, Callable[[], Any], Callable[[], Any], Any, str]:
    made = prices.price_list(shop, {make.variant(shop): 9_000})
    who = make.actor(shop.owner)
    wanted = catalog.ListInput(name="Other", currency="CNY")
    return (
        PriceList,
        lambda: catalog.save_price_list(actor=who, shop_id=shop.pk, data=wanted, list_id=made.pk),
        lambda: catalog.remove_price_list(actor=who, shop_id=shop.pk, list_id=made.pk),
        price_lists,
        "get_price_list_for_staff",
    )


def _list_prices(shop: Shop) -> tuple[type, Callable[[], Any], Callable[[], Any], Any, str]:
    item = make.variant(shop)
    made = prices.price_list(shop, {item: 9_000})
    who = make.actor(shop.owner)
    rows = [catalog.RowInput(item.pk, 8_000)]
    return (
        PriceList,
        lambda: catalog.set_list_prices(actor=who, shop_id=shop.pk, list_id=made.pk, rows=rows),
        lambda: catalog.remove_price_list(actor=who, shop_id=shop.pk, list_id=made.pk),
        price_lists,
        "get_price_list_for_staff",
    )


def _zone(shop: Shop) -> tuple[type, Callable[[], Any], Callable[[], Any], Any, str]:
    zone = prices.first_way(shop).zone
    who = make.actor(shop.owner)
    return (
        ShippingZone,
        lambda: catalog.save_shipping_zone(
            actor=who, shop_id=shop.pk, name="Far", places=["*"], zone_id=zone.pk
        ),
        lambda: catalog.remove_shipping_zone(actor=who, shop_id=shop.pk, zone_id=zone.pk),
        delivery,
        "get_shipping_zone_for_staff",
    )


def _way(shop: Shop) -> tuple[type, Callable[[], Any], Callable[[], Any], Any, str]:
    way = prices.first_way(shop)
    who = make.actor(shop.owner)
    wanted = catalog.MethodInput(name="Slow", currency="CNY", bands=[(0, 100)])
    return (
        ShippingMethod,
        lambda: catalog.save_shipping_method(
            actor=who, shop_id=shop.pk, zone_id=way.zone_id, data=wanted, method_id=way.pk
        ),
        lambda: catalog.remove_shipping_method(actor=who, shop_id=shop.pk, method_id=way.pk),
        delivery,
        "get_shipping_method_for_staff",
    )


def _collection(shop: Shop) -> tuple[type, Callable[[], Any], Callable[[], Any], Any, str]:
    who = make.actor(shop.owner)
    made = catalog.make_collection(
        actor=who, shop_id=shop.pk, data=catalog.CollectionInput(title="Best")
    )
    return (
        Collection,
        lambda: catalog.change_collection(
            actor=who, collection_id=made.pk, data=catalog.CollectionInput(title="Worst")
        ),
        lambda: catalog.delete_collection(actor=who, collection_id=made.pk),
        collections,
        "get_collection_for_staff",
    )


@pytest.mark.parametrize("made", [_price_list, _list_prices, _zone, _way, _collection])
def test_what_is_taken_away_while_it_is_changed_stays_away(
    made: Callable[[Shop], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = make.shop()
    model, change, take_away, place, read = made(shop)
    meanwhile = between(monkeypatch, place, read)

    changed, gone = run_at_once(change, meanwhile(take_away))

    assert gone is None
    assert isinstance(changed, NotFound), changed
    assert not model.objects.exists()
