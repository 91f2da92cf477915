"""What was bought in a sale and comes back is the sale's again, while it lasts."""

from __future__ import annotations

import pytest

from banyan.orders import actions as orders
from banyan.sales.models import Right
from tests.delivery import goods
from tests.sales import scene
from tests.support import factories as make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("ticketed", [False, True])
@pytest.mark.parametrize("shelved", [0, 1])
def test_what_is_sent_back_is_the_sales_again_once_it_lies_on_the_shelf(
    shelved: int, ticketed: bool
) -> None:
    item, ana = make.variant(stock=5), scene.buyer("ana")
    sale, boss = scene.on(item, public=2, ticketed=ticketed), make.actor(item.product.shop.owner)
    if ticketed:
        scene.claim(sale, item, ana)
    order = make.pay(scene.order(item, who=ana)).orders.get()
    orders.ship(actor=boss, order_id=order.pk, carrier="SF")
    units = {order.lines.get().pk: 1}
    asked = orders.ask_return(
        actor=make.actor(ana), order_id=order.pk, units=units, reason="changed_mind", key="back"
    )
    orders.approve_return(actor=boss, return_id=asked.pk, address="Warehouse 7")
    orders.receive_return(actor=boss, return_id=asked.pk)

    seen = {asked.lines.get().pk: orders.Found(accepted=1, restocked=shelved)}
    orders.settle_return(actor=boss, return_id=asked.pk, found=seen, at_fault=False)

    assert Right.objects.get().state == ("returned" if shelved else "redeemed")
    assert make.stock_of(item).held == 1 + shelved
    scene.assert_sound()
    if shelved:
        scene.claim(sale, item, ana)


def test_a_voucher_whose_money_goes_back_is_the_sales_again() -> None:
    item, ana = goods.voucher(stock=5), scene.buyer("ana")
    scene.on(item, public=3, per_person=2)
    order = make.pay(scene.order(item, 2, who=ana)).orders.get()

    orders.grant_refund(
        actor=make.actor(item.product.shop.owner),
        order_id=order.pk,
        amount=5_000,
        reason="one too many",
        key="one",
    )

    assert sorted(Right.objects.values_list("state", flat=True)) == ["redeemed", "returned"]
    assert (make.stock_of(item).held, make.stock_of(item).free) == (2, 2)
    scene.assert_sound()
