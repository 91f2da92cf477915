"""Whole lives of sales, of rights to buy and of places in the waiting room."""

from __future__ import annotations

from typing import Any

from banyan.catalog.models import Variant
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.orders import actions as orders
from banyan.orders.models import Checkout
from banyan.people.models import Account
from banyan.sales import actions as sales
from banyan.sales.models import Entry, Right, Sale
from tests.sales.scene import MINUTE, SYSTEM, buyer, claim, on, order, planned
from tests.support import factories as make


def _boss(item: Variant) -> Actor:
    return make.actor(item.product.shop.owner)


def _advance(sale: Sale, minutes: float = 0) -> Sale:
    """Do what is due for a sale, as the job does ``minutes`` from now; return it as it is then."""
    with clock.at(clock.now() + minutes * MINUTE):
        sales.advance_sale(actor=SYSTEM, sale=Sale.objects.get(pk=sale.pk))
    return Sale.objects.get(pk=sale.pk)


def of_sales(settings: Any) -> None:
    """Sales begin with and without a warm-up, sell out, go on, end early or in time."""

    def scheduled() -> tuple[Variant, Sale]:
        item = make.variant(stock=5)
        sale = planned(
            item, public=1, starts_at=clock.now() + 30 * MINUTE, ends_at=clock.now() + 60 * MINUTE
        )
        return item, sales.publish_sale(actor=_boss(item), sale_id=sale.pk)

    item, sale = scheduled()
    sales.end_sale(actor=_boss(item), sale_id=sale.pk)
    item, sale = scheduled()
    assert _advance(sale, 20).state == "warm"
    sales.end_sale(actor=_boss(item), sale_id=sale.pk)
    _item, sale = scheduled()
    _advance(sale, 20)
    assert _advance(sale, 30).state == "on"
    assert _advance(sale, 60).state == "ended"

    item = make.variant(stock=5)
    sale = on(item, public=1)
    sales.pause_sale(actor=_boss(item), sale_id=sale.pk)
    sales.resume_sale(actor=_boss(item), sale_id=sale.pk)
    given_up = order(item)
    assert _advance(sale).state == "sold_out"
    _let_expire(given_up)
    assert _advance(sale).state == "on"
    make.pay(order(item))
    _advance(sale)
    assert _advance(sale, 60).state == "ended"


def _let_expire(checkout: Checkout) -> None:
    with clock.at(checkout.expires_at):
        orders.expire_due(actor=SYSTEM)


def of_rights(settings: Any) -> None:
    """Rights are claimed, ordered, paid, paid back and given up; codes are used again or end."""
    item = make.variant(price=10_000, stock=20)
    sale = on(item, public=5, code=5)
    _advance(sale)
    made = sales.issue_codes(
        actor=_boss(item), sale_id=sale.pk, variant_id=item.pk, channel="radio", count=4
    )
    codes = [right.code for right in sales.codes_of(actor=_boss(item), batch_id=made.pk)]
    ana = buyer("rights-ana")

    def enter() -> Right:
        return sales.enter_code(actor=make.actor(ana), sale_id=sale.pk, code=codes[0])

    sales.let_go(actor=make.actor(ana), right_id=enter().pk)
    enter()
    _let_expire(order(item, who=ana))
    enter()
    paid = make.pay(order(item, who=ana)).orders.get()
    assert _state(codes[0]) == "redeemed"
    orders.cancel_order(actor=make.actor(ana), order_id=paid.pk, key="rights")
    assert _state(codes[0]) == "returned"

    ben = buyer("rights-ben")
    sales.let_go(actor=make.actor(ben), right_id=claim(sale, item, ben).pk)
    _let_expire(order(item))
    short = sales.issue_codes(
        actor=_boss(item),
        sale_id=sale.pk,
        variant_id=item.pk,
        channel="print",
        count=1,
        expires_at=clock.now() + MINUTE,
    )
    _advance(sale, 2)
    [ended] = sales.codes_of(actor=_boss(item), batch_id=short.pk)
    assert ended.state == "expired"
    sales.revoke_codes(actor=_boss(item), batch_id=made.pk)
    assert _state(codes[1]) == "revoked"
    _advance(sale, 60)


def _state(code: str) -> str:
    return Right.objects.get(code=code).state


def of_the_waiting_room(settings: Any) -> None:
    """People wait, are let in, claim or do not, and leave."""
    item = make.variant(stock=20)
    sale = on(item, admission="queue", public=10, at_once=3)
    those = [buyer(f"room{n}") for n in range(5)]
    for who in those:
        sales.enter_room(actor=make.actor(who), sale_id=sale.pk)
    sales.leave_room(actor=make.actor(those[0]), sale_id=sale.pk)
    _advance(sale, 1)
    first, second, third = (
        Account.objects.get(pk=entry.account_id)
        for entry in Entry.objects.filter(sale=sale, state="admitted").order_by("place")
    )
    with clock.at(clock.now() + 1.5 * MINUTE):
        claim(sale, item, first)
        sales.leave_room(actor=make.actor(second), sale_id=sale.pk)
    _advance(sale, 4)
    states = dict(Entry.objects.filter(sale=sale).values_list("account_id", "state"))
    found = [states[who.pk] for who in (those[0], first, second, third)]
    assert found == ["left", "served", "left", "lapsed"]
    _advance(sale, 60)
