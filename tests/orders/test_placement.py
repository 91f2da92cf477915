"""Placing, paying, giving up and refunding, one thread."""

from __future__ import annotations

import datetime as dt

import pytest

from banyan.catalog import actions as catalog
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Invalid, NotFound, SoldOut
from banyan.ledger.models import Journal, Posting
from banyan.orders import actions as orders
from banyan.orders.models import Checkout, Order, OrderLine
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def test_a_placed_order_reserves_stock_and_explains_its_price() -> None:
    shirt = make.variant(make.shop(shipping_amount=1_000), price=19_900, stock=3)

    checkout = make.place((shirt, 2))

    assert checkout.state == "placed"
    assert checkout.total_amount == 2 * 19_900 + 1_000
    stock = make.stock_of(shirt)
    assert (stock.on_hand, stock.reserved, stock.allocated) == (3, 2, 0)
    line = OrderLine.objects.get(order__checkout=checkout)
    assert [step["step"] for step in line.price] == ["list", "shipping"]
    assert sum(step["amount"] for step in line.price) == checkout.total_amount


def test_the_longest_names_are_cut_where_the_choice_needs_room() -> None:
    red, made = "r" * 60, "cotton" * 10
    cloth = make.product(
        title="T" * 160,
        options=["Colour", "Cloth", "Size"],
        variants=[catalog.VariantInput(price=100, values=[red, made, "L"], on_hand=1)],
    )

    checkout = make.place((cloth.variants.get(), 1))

    line = OrderLine.objects.get(order__checkout=checkout)
    assert line.title == f"{'T' * 109}… ({red} / {made} / L)"
    assert len(line.title) == 240


def test_one_checkout_over_two_shops_is_one_payment_and_two_orders() -> None:
    first, second = make.variant(price=1_000), make.variant(price=2_500)

    checkout = make.pay(make.place((first, 1), (second, 2)))

    assert checkout.state == "paid"
    assert sorted(checkout.orders.values_list("total_amount", flat=True)) == [1_000, 5_000]
    assert set(checkout.orders.values_list("state", flat=True)) == {"paid"}


def test_the_same_key_places_once() -> None:
    item = make.variant(stock=5)

    first = make.place((item, 1), key="same", email="cy@example.com")
    second = make.place((item, 1), key="same", email="cy@example.com")

    assert first.pk == second.pk
    assert make.stock_of(item).reserved == 1


def test_more_than_there_is_is_refused_and_takes_nothing() -> None:
    plenty, scarce = make.variant(stock=5), make.variant(stock=1)

    with pytest.raises(SoldOut) as refused:
        make.place((plenty, 1), (scarce, 2))

    assert refused.value.extra["variants"] == [str(scarce.pk)]
    assert make.stock_of(plenty).reserved == 0
    assert not Checkout.objects.exists()


@pytest.mark.parametrize("quantity", [0, -1, 100])
def test_quantities_out_of_range_are_refused(quantity: int) -> None:
    with pytest.raises(Invalid):
        make.place((make.variant(), quantity))


def test_a_quantity_in_many_lines_is_no_larger_than_in_one() -> None:
    item = make.variant(stock=500)
    with pytest.raises(Invalid) as refused:
        make.place((item, 99), (item, 99))
    assert refused.value.code == "quantity"
    assert make.place((item, 50), (item, 49)).goods_amount == 99 * 10_000


def test_a_changed_price_must_be_agreed_to() -> None:
    item = make.variant(price=5_000)

    with pytest.raises(Conflict) as refused:
        orders.place(
            actor=Actor.guest(),
            lines=[orders.WantedLine(item.pk)],
            contact=orders.Contact(email="guest@example.com"),
            address=make.ADDRESS,
            placement_key="k",
            provider="sandbox",
            agreed_total=4_000,
        )

    assert refused.value.code == "price_changed"
    assert refused.value.extra["total"] == 5_000
    assert make.stock_of(item).reserved == 0


def test_a_missing_address_names_the_fields() -> None:
    with pytest.raises(Invalid) as refused:
        orders.place(
            actor=Actor.guest(),
            lines=[orders.WantedLine(make.variant().pk)],
            contact=orders.Contact(),
            address={"country": "US", "postcode": "12"},
            placement_key="k",
            provider="sandbox",
        )

    assert {"recipient", "street", "postcode", "email"} <= set(refused.value.fields)


def test_payment_allocates_and_credits_the_shop() -> None:
    item = make.variant(price=9_900, stock=2)

    checkout = make.pay(make.place((item, 1)))

    stock = make.stock_of(item)
    assert (stock.on_hand, stock.reserved, stock.allocated) == (2, 0, 1)
    order = checkout.orders.get()
    assert order.state == "paid"
    credited = Posting.objects.get(
        account__kind="shop_payable", account__owner_id=order.shop_id, journal__kind="order.paid"
    )
    assert credited.amount == 9_900


def test_an_unpaid_reservation_runs_out_and_frees_everything() -> None:
    item = make.variant(stock=1)
    checkout = make.place((item, 1))

    with clock.at(clock.now() + dt.timedelta(minutes=16)):
        orders.expire_due(actor=Actor.system("test"))

    checkout.refresh_from_db()
    assert checkout.state == "expired"
    assert make.stock_of(item).reserved == 0
    assert checkout.orders.get().state == "expired"


def test_money_after_the_reservation_ran_out_goes_back_in_full() -> None:
    item = make.variant(price=5_000, stock=1)
    checkout = make.place((item, 1))
    with clock.at(clock.now() + dt.timedelta(minutes=16)):
        orders.expire_due(actor=Actor.system("test"))

    make.pay(checkout)

    from banyan.payments.models import Refund

    assert checkout.state == "expired"
    assert Refund.objects.get().amount == 5_000
    assert make.stock_of(item).allocated == 0


def test_shipping_takes_the_goods_off_the_shelf() -> None:
    shop = make.shop()
    item = make.variant(shop, stock=4)
    order = make.pay(make.place((item, 3))).orders.get()

    orders.ship(actor=make.actor(shop.owner), order_id=order.pk, carrier="SF", tracking="1")

    stock = make.stock_of(item)
    assert (stock.on_hand, stock.allocated) == (1, 0)
    order.refresh_from_db()
    assert order.state == "shipped"


def test_another_shops_staff_cannot_ship_or_refund() -> None:
    order = make.pay(make.place((make.variant(), 1))).orders.get()
    stranger = make.actor(make.shop().owner)

    with pytest.raises(NotFound):
        orders.ship(actor=stranger, order_id=order.pk, carrier="SF")
    with pytest.raises(NotFound):
        orders.grant_refund(actor=stranger, order_id=order.pk, amount=1, reason="x", key="k")

    order.refresh_from_db()
    assert (order.state, order.refunded_amount) == ("paid", 0)


def test_a_part_of_an_order_is_refunded_to_the_cent() -> None:
    shop = make.shop(shipping_amount=700)
    first, second = make.variant(shop, price=3_333), make.variant(shop, price=1_001)
    order = make.pay(make.place((first, 1), (second, 1))).orders.get()
    owner = make.actor(shop.owner)

    refund = orders.grant_refund(
        actor=owner, order_id=order.pk, amount=2_014, reason="a scratch", key="r1"
    )

    assert refund.state == "processing"
    assert sum(int(part["amount"]) for part in refund.lines) == 2_014
    order.refresh_from_db()
    assert order.refunded_amount == 2_014
    for journal in Journal.objects.all():
        assert sum(journal.posting_set.values_list("amount", flat=True)) == 0


def test_the_same_refund_key_refunds_once_and_too_much_is_refused() -> None:
    shop = make.shop()
    order = make.pay(make.place((make.variant(shop, price=1_000), 1))).orders.get()
    owner = make.actor(shop.owner)

    for _ in range(2):
        orders.grant_refund(actor=owner, order_id=order.pk, amount=600, reason="x", key="r")
    with pytest.raises(Invalid) as refused:
        orders.grant_refund(actor=owner, order_id=order.pk, amount=401, reason="x", key="s")

    assert refused.value.code == "refund_too_much"
    assert Order.objects.get(pk=order.pk).refunded_amount == 600


def test_a_full_refund_before_shipping_puts_the_unit_back() -> None:
    shop = make.shop()
    item = make.variant(shop, price=1_000, stock=1)
    order = make.pay(make.place((item, 1))).orders.get()

    orders.grant_refund(
        actor=make.actor(shop.owner), order_id=order.pk, amount=1_000, reason="x", key="r"
    )

    order.refresh_from_db()
    assert order.state == "closed"
    stock = make.stock_of(item)
    assert (stock.on_hand, stock.allocated, stock.reserved) == (1, 0, 0)
