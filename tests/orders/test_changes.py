"""A paid order changed: shown first, done as shown or not at all, and never dearer."""

from __future__ import annotations

from typing import Any

import pytest

from banyan.catalog.actions import VariantInput
from banyan.catalog.models import Variant
from banyan.kernel import relay
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry
from banyan.kernel.problems import Conflict, Invalid, NotFound, SoldOut
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.actions.changes import Wish
from banyan.orders.models import Checkout, Order, OrderChange, OrderRefund
from tests.delivery import goods
from tests.sales import scene
from tests.support import factories as make
from tests.support.prices import tax, way, zone
from tests.support.recount import recount

pytestmark = pytest.mark.django_db


def paid(quantity: int = 3) -> Order:
    shop = make.shop(shipping_amount=600)
    return make.pay(make.place((make.variant(shop, price=1_000), quantity))).orders.get()


def boss(order: Order) -> Actor:
    return make.actor(order.shop.owner)


def change(order: Order, wish: Wish, *, actor: Actor | None = None, **more: Any) -> OrderChange:
    who = actor or boss(order)
    shown = orders.preview_change(actor=who, order_id=order.pk, wish=wish)
    more = {"fingerprint": shown.fingerprint, "key": f"k{wish.kind}"} | more
    return orders.confirm_change(actor=who, order_id=order.pk, wish=wish, **more)


def test_a_smaller_number_is_shown_with_its_money_and_done_once() -> None:
    order = paid(3)
    wish = Wish("quantity", line_id=order.lines.get().pk, quantity=2)
    shown = orders.preview_change(actor=boss(order), order_id=order.pk, wish=wish)
    assert (shown.before["quantity"], shown.after["quantity"], shown.amount) == (3, 2, 1_200)
    assert not OrderRefund.objects.exists(), "a preview writes nothing"

    first, again = (
        orders.confirm_change(
            actor=boss(order),
            order_id=order.pk,
            wish=wish,
            fingerprint=shown.fingerprint,
            key="one",
        )
        for _ in range(2)
    )

    assert first == again
    assert OrderRefund.objects.get().amount == shown.amount == first.amount
    assert order.lines.get().cancelled_quantity == 1
    assert AuditEntry.objects.get(action="order.change").subject_id == order.shop_id
    assert recount() == {}
    assert verify().clean


def test_more_is_refused_with_advice() -> None:
    order = paid(1)
    wish = Wish("quantity", line_id=order.lines.get().pk, quantity=2)
    with pytest.raises(Conflict) as refused:
        orders.preview_change(actor=boss(order), order_id=order.pk, wish=wish)
    assert refused.value.code == "change_upwards"


def test_what_moved_since_the_preview_is_not_done() -> None:
    order = paid(3)
    line = order.lines.get()
    wish = Wish("quantity", line_id=line.pk, quantity=1)
    shown = orders.preview_change(actor=boss(order), order_id=order.pk, wish=wish)
    orders.ship(actor=boss(order), order_id=order.pk, carrier="SF", units={line.pk: 1})

    with pytest.raises(Conflict) as refused:
        orders.confirm_change(
            actor=boss(order),
            order_id=order.pk,
            wish=wish,
            fingerprint=shown.fingerprint,
            key="x",
        )

    assert refused.value.code == "preview_stale"
    assert not OrderChange.objects.exists()
    assert not OrderRefund.objects.exists()


def two_kinds(other_price: int = 2_000, stock: int = 3) -> tuple[Order, Variant, Variant]:
    product = make.product(
        options=["Colour"],
        variants=[
            VariantInput(values=["red"], price=2_000, on_hand=stock),
            VariantInput(values=["blue"], price=other_price, on_hand=stock),
        ],
    )
    red, blue = product.variants.order_by("id")
    return make.pay(make.place((red, 2))).orders.get(), red, blue


def test_another_kind_of_the_same_price_takes_its_place() -> None:
    order, red, blue = two_kinds()
    done = change(order, Wish("variant", line_id=order.lines.get().pk, variant_id=blue.pk))

    assert done.amount == 0
    line = order.lines.get()
    assert line.variant_id == blue.pk
    assert "blue" in line.title
    assert (make.stock_of(red).allocated, make.stock_of(blue).allocated) == (0, 2)
    assert recount() == {}


def test_another_kind_gives_the_unit_of_a_sale_back_to_it() -> None:
    product = make.product(
        options=["Colour"],
        variants=[VariantInput(values=[colour], price=2_000, on_hand=3) for colour in "ab"],
    )
    red, blue = product.variants.order_by("id")
    ana, sale = scene.buyer("ana"), scene.on(red, price=1_000, public=2)
    order = make.pay(scene.order(red, who=ana)).orders.get()
    line = order.lines.get()
    assert (line.sale_id, scene.bucket(sale).taken) == (sale.pk, 1)

    change(order, Wish("variant", line_id=line.pk, variant_id=blue.pk))

    assert scene.bucket(sale).taken == 0
    orders.cancel_order(actor=make.actor(ana), order_id=order.pk, key="all")
    again = make.pay(scene.order(red, who=ana)).orders.get()
    assert again.total_amount == 1_000, "who gave it back has had none"
    assert scene.bucket(sale).taken == 1
    scene.assert_sound()


@pytest.mark.parametrize(
    ("price", "code"), [(2_001, "change_upwards"), (1_999, "exchange_not_equal")]
)
def test_a_kind_of_another_price_is_refused(price: int, code: str) -> None:
    order, _red, blue = two_kinds(other_price=price)
    wish = Wish("variant", line_id=order.lines.get().pk, variant_id=blue.pk)
    with pytest.raises((Conflict, Invalid)) as refused:
        orders.preview_change(actor=boss(order), order_id=order.pk, wish=wish)
    assert refused.value.code == code


def test_a_kind_that_is_sold_out_changes_nothing() -> None:
    order, red, blue = two_kinds(stock=2)
    make.place((blue, 1))
    with pytest.raises(SoldOut):
        change(order, Wish("variant", line_id=order.lines.get().pk, variant_id=blue.pk))
    assert order.lines.get().variant_id == red.pk
    assert recount() == {}


def test_shipping_is_paid_back_up_to_what_was_paid_for_it() -> None:
    order = paid()
    change(order, Wish("shipping", amount=400))
    with pytest.raises(Invalid):
        change(order, Wish("shipping", amount=201), key="more")
    change(order, Wish("shipping", amount=200), key="rest")
    assert Order.objects.get().refunded_amount == 600
    assert recount() == {}
    assert verify().clean


def test_shipping_that_went_back_with_a_unit_is_not_paid_back_again() -> None:
    shop = make.shop(shipping_amount=1_000)
    order = make.pay(make.place((make.variant(shop, price=5_000), 2))).orders.get()
    back = orders.cancel_order(
        actor=Actor.guest(),
        order_id=order.pk,
        units={order.lines.get().pk: 1},
        key="one",
        access_token=order.checkout.access_token,
    )
    assert back is not None
    assert back.amount == 5_500
    manager = boss(order)

    with pytest.raises(Invalid) as refused:
        orders.preview_change(actor=manager, order_id=order.pk, wish=Wish("shipping", amount=501))

    assert refused.value.code == "refund_too_much"
    wish = Wish("shipping", amount=500)
    shown = orders.preview_change(actor=manager, order_id=order.pk, wish=wish)
    assert (shown.before, shown.after) == ({"shipping": 500}, {"shipping": 0})


def test_shipping_goes_back_with_the_tax_that_came_on_top_of_it() -> None:
    shop = make.shop(shipping_amount=1_000)
    tax(shop, "CN", rate=100_000)
    order = make.pay(make.place((make.variant(shop, price=5_000), 2))).orders.get()
    line = order.lines.get()
    change(order, Wish("quantity", line_id=line.pk, quantity=1))
    assert OrderRefund.objects.get().amount == 6_050

    change(order, Wish("shipping", amount=550))

    order.refresh_from_db()
    assert order.refunded_amount == 6_600
    left = Wish("quantity", line_id=line.pk, quantity=0)
    shown = orders.preview_change(actor=boss(order), order_id=order.pk, wish=left)
    assert shown.amount == 5_500, "the other cup, with the tax on it"
    assert recount() == {}
    assert verify().clean


def test_shipping_that_was_paid_back_does_not_go_back_with_a_unit_again() -> None:
    shop = make.shop(shipping_amount=1_000)
    order = make.pay(make.place((make.variant(shop, price=5_000), 2))).orders.get()
    change(order, Wish("shipping", amount=1_000))

    def cancel_one() -> int:
        back = orders.cancel_order(
            actor=Actor.guest(),
            order_id=order.pk,
            units={order.lines.get().pk: 1},
            key=f"one{order.refunds.count()}",
            access_token=order.checkout.access_token,
        )
        assert back is not None
        return back.amount

    assert [cancel_one(), cancel_one()] == [5_000, 5_000]
    order.refresh_from_db()
    assert (order.state, order.refunded_amount) == ("closed", 11_000)
    assert recount() == {}


def test_the_buyer_changes_the_address_until_something_is_sent() -> None:
    order = paid(2)
    token = order.checkout.access_token
    wish = Wish("address", address={"street": "Other Road 9"})
    shown = orders.preview_change(
        actor=Actor.guest(), order_id=order.pk, wish=wish, access_token=token
    )
    orders.confirm_change(
        actor=Actor.guest(),
        order_id=order.pk,
        wish=wish,
        fingerprint=shown.fingerprint,
        key="a",
        access_token=token,
    )
    assert Checkout.objects.get().address["street"] == "Other Road 9"
    assert OrderChange.objects.get().before["street"] == make.ADDRESS["street"]

    line = order.lines.get()
    orders.ship(actor=boss(order), order_id=order.pk, carrier="SF", units={line.pk: 1})
    with pytest.raises(Conflict) as refused:
        orders.preview_change(actor=Actor.guest(), order_id=order.pk, wish=wish, access_token=token)
    assert refused.value.code == "already_sent"


@pytest.mark.parametrize("of_another_shop", [False, True])
def test_a_file_beside_it_leaves_the_address_of_a_parcel_open(of_another_shop: bool) -> None:
    shop = make.shop()
    item = make.variant(shop)
    file = goods.filed(of=None if of_another_shop else shop)
    ana = make.member()
    checkout = make.pay(make.place((file, 1), (item, 1), buyer=ana))
    relay.drain()
    order = checkout.orders.get(lines__variant=item)

    done = change(order, Wish("address", address={"street": "Other Road 9"}), actor=make.actor(ana))

    assert done.after["street"] == "Other Road 9"


def test_a_place_with_other_prices_is_another_order() -> None:
    order = paid()
    with pytest.raises(Conflict) as refused:
        orders.preview_change(
            actor=boss(order),
            order_id=order.pk,
            wish=Wish("address", address={"level1": "Beijing"}),
        )
    assert refused.value.code == "address_elsewhere"


@pytest.mark.parametrize("kind", ["quantity", "variant", "shipping"])
def test_what_costs_money_or_stock_is_not_the_buyers_to_change(kind: str) -> None:
    order = paid()
    wish = Wish(kind, line_id=order.lines.get().pk, quantity=1, variant_id=1, amount=1)
    token = order.checkout.access_token
    with pytest.raises(NotFound):
        orders.preview_change(actor=Actor.guest(), order_id=order.pk, wish=wish, access_token=token)
    with pytest.raises(NotFound):
        orders.preview_change(actor=make.actor(make.shop().owner), order_id=order.pk, wish=wish)
    assert not OrderChange.objects.exists()


def test_a_postcode_of_another_zone_is_another_order() -> None:
    order = paid(1)
    far = zone(order.shop, "DE:25")  # the islands
    way(far, amount=9_000)
    tell = {
        "recipient": "Ana",
        "phone": "+4915112345678",
        "country": "DE",
        "street": "Hauptstr. 1",
        "level2": "Hamburg",
        "postcode": "20095",
    }
    Checkout.objects.update(address=tell)
    island, next_street = (
        Wish("address", address=tell | {"postcode": code}) for code in ("25980", "20097")
    )

    with pytest.raises(Conflict) as elsewhere:
        orders.preview_change(actor=boss(order), order_id=order.pk, wish=island)

    assert elsewhere.value.code == "address_elsewhere"
    assert change(order, next_street).after["postcode"] == "20097"
