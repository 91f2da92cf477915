"""A member's own price: charged, explained, borne by whom it says, and gone with its order."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from banyan.catalog.models import Variant
from banyan.entitlements.models import PriceRight
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict
from banyan.ledger.models import Account as LedgerAccount
from banyan.ledger.proof import verify
from banyan.ledger.queries import balance
from banyan.orders import actions as orders
from banyan.orders.models import Checkout, OrderLine
from banyan.orders.rules import borne_by
from banyan.people.models import Account
from tests.sales import scene
from tests.support import factories as make
from tests.support.recount import recount

pytestmark = pytest.mark.django_db
US = Actor.system("test")


def quoted(who: Account | None, item: Variant, n: int = 1, **values: Any) -> orders.Quote:
    actor = make.actor(who) if who else Actor.guest()
    return orders.quote(actor=actor, lines=[orders.WantedLine(item.pk, n)], **values)


def state_of(right: PriceRight) -> str:
    return PriceRight.objects.get(pk=right.pk).state


def line_of(checkout: Checkout) -> OrderLine:
    return OrderLine.objects.get(order__checkout=checkout)


def booked(kind: str) -> int:
    return sum(balance(one).amount for one in LedgerAccount.objects.filter(kind=kind))


def undo(checkout: Checkout) -> None:
    order, buyer = checkout.orders.get(), checkout.buyer
    assert buyer is not None
    orders.cancel_order(actor=make.actor(buyer), order_id=order.pk, key=f"undo{order.pk}")


# -- its price ------------------------------------------------------------------------------------


def test_the_holder_pays_their_own_price_and_nobody_else_does() -> None:
    item, ana, ben = make.variant(price=10_000), make.member(), make.member()
    make.right(ana, item, 4_000, title="Bargain of bowls")

    assert quoted(ana, item).total.amount == 4_000
    assert quoted(ben, item).total.amount == 10_000
    assert quoted(None, item).total.amount == 10_000
    steps = quoted(ana, item).priced.lines[0].steps[:2]
    assert [(s["step"], s["amount"], s.get("note"), s.get("funded_by")) for s in steps] == [
        ("list", 10_000, None, None),
        ("right", -6_000, "Bargain of bowls", "shop"),
    ]


def test_the_best_right_counts_and_one_that_is_dearer_or_over_does_not() -> None:
    item, ana = make.variant(price=10_000), make.member()
    make.right(ana, item, 12_000)
    make.right(ana, item, 1_000, expires_at=clock.now())
    assert quoted(ana, item).total.amount == 10_000
    assert quoted(ana, item).by_right() == {}
    same = make.right(ana, item, 10_000)
    assert quoted(ana, item).by_right()[item.pk].right_id == same.pk, "it is of a campaign"

    make.right(ana, item, 6_000)
    make.right(ana, item, 5_000)
    assert quoted(ana, item).total.amount == 5_000


def test_more_units_than_a_right_has_cost_the_ordinary_price_and_the_quote_says_why() -> None:
    item, ana = make.variant(price=10_000), make.member()
    make.right(ana, item, 4_000, quantity=2)

    assert quoted(ana, item, 2).total.amount == 8_000
    assert quoted(ana, item, 2).left_out() == {}
    more = quoted(ana, item, 3)
    assert more.total.amount == 30_000
    assert more.left_out()[item.pk].quantity == 2


def test_a_right_stands_in_the_place_of_a_sale_and_takes_none_of_its_units() -> None:
    item, ana = make.variant(price=10_000, stock=9), make.member(email="ana@example.com")
    sale = scene.on(item, price=7_000, public=3)
    right = make.right(ana, item, 5_000)

    steps = quoted(ana, item).priced.lines[0].steps
    assert [step["step"] for step in steps] == ["list", "right", "shipping"]
    checkout = scene.order(item, who=ana)

    assert scene.bucket(sale).taken == 0
    assert (line_of(checkout).sale_id, line_of(checkout).right_id) == (None, right.pk)
    dearer = make.member(email="dear@example.com")
    make.right(dearer, item, 8_000)
    assert quoted(dearer, item).total.amount == 7_000, "the sale is cheaper"
    scene.assert_sound()


# -- its order ------------------------------------------------------------------------------------


def test_the_line_keeps_which_right_campaign_and_instance_it_was_bought_by() -> None:
    item, ana = make.variant(price=10_000), make.member()
    right = make.right(ana, item, 4_000, campaign_id=7, instance_id=8)

    line = line_of(make.place((item, 1), buyer=ana))

    assert (line.right_id, line.campaign_id, line.instance_id) == (right.pk, 7, 8)
    assert (line.unit_amount, line.price[1]["step"]) == (4_000, "right")


def test_a_right_is_reserved_with_the_order_and_redeemed_with_its_payment() -> None:
    item, ana = make.variant(price=10_000), make.member()
    right = make.right(ana, item, 4_000)

    checkout = make.place((item, 1), buyer=ana)
    assert state_of(right) == "reserved"
    assert quoted(ana, item).total.amount == 10_000, "it is in an order already"
    make.pay(checkout)

    right.refresh_from_db()
    assert (right.state, right.checkout_id) == ("redeemed", checkout.pk)
    assert recount() == {}


def test_a_price_of_nothing_is_paid_at_once() -> None:
    item, ana = make.variant(price=10_000), make.member()
    right = make.right(ana, item, 0, funded_by="platform")

    checkout = make.place((item, 1), buyer=ana)

    assert (checkout.state, state_of(right)) == ("paid", "redeemed")
    assert (booked("promotions"), booked("shop_payable")) == (-10_000, 10_000)
    undo(checkout)
    assert (booked("promotions"), booked("shop_payable")) == (0, 0)
    assert state_of(right) == "returned"


@pytest.mark.parametrize(("minutes", "then"), [(60, "held"), (10, "expired")])
def test_an_order_that_runs_out_gives_the_right_back_while_there_is_time(
    minutes: int, then: str
) -> None:
    item, ana = make.variant(price=10_000), make.member()
    right = make.right(ana, item, 4_000, expires_at=clock.now() + dt.timedelta(minutes=minutes))
    checkout = make.place((item, 1), buyer=ana)

    with clock.at(clock.now() + dt.timedelta(minutes=16)):
        orders.expire_checkout(actor=US, checkout_id=checkout.pk)
        price = quoted(ana, item).total.amount

    assert state_of(right) == then
    assert price == (4_000 if then == "held" else 10_000)


def test_an_order_that_was_placed_in_time_may_be_paid_after_it() -> None:
    item, ana = make.variant(price=10_000), make.member()
    right = make.right(ana, item, 4_000, expires_at=clock.now() + dt.timedelta(minutes=1))
    checkout = make.place((item, 1), buyer=ana)

    with clock.at(clock.now() + dt.timedelta(minutes=10)):
        make.pay(checkout)

    assert (checkout.state, state_of(right)) == ("paid", "redeemed")


def test_a_right_ends_with_an_order_that_is_refunded_in_full_and_only_then() -> None:
    item, ana = make.variant(price=10_000), make.member()
    right = make.right(ana, item, 4_000, quantity=2)
    checkout = make.pay(make.place((item, 2), buyer=ana))
    line = line_of(checkout)

    actor, order_id = make.actor(ana), line.order_id
    orders.cancel_order(actor=actor, order_id=order_id, units={line.pk: 1}, key="one")
    assert state_of(right) == "redeemed"
    orders.cancel_order(actor=actor, order_id=order_id, key="rest")

    assert state_of(right) == "returned"
    assert quoted(ana, item).total.amount == 10_000
    assert recount() == {}


def test_who_agreed_to_a_right_that_is_used_meanwhile_is_asked_again() -> None:
    item, ana = make.variant(price=10_000), make.member()
    make.right(ana, item, 4_000)
    make.place((item, 1), buyer=ana)

    with pytest.raises(Conflict) as refused:
        orders.place(
            actor=make.actor(ana),
            lines=[orders.WantedLine(item.pk, 1)],
            contact=orders.Contact(email="ana@example.com"),
            address=make.ADDRESS,
            placement_key="second tab",
            provider="sandbox",
            agreed_total=4_000,
        )

    assert refused.value.code == "price_changed"
    assert not Checkout.objects.filter(placement_key="second tab").exists()


# -- who bears it ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("funder", "shop", "us"), [("shop", 4_000, 0), ("platform", 9_000, -5_000)]
)
def test_who_funds_it_bears_the_difference_to_what_it_costs_without(
    funder: str, shop: int, us: int
) -> None:
    item, ana = make.variant(price=9_000), make.member()
    make.right(ana, item, 4_000, funded_by=funder)
    checkout = make.pay(make.place((item, 1), buyer=ana))
    assert (booked("shop_payable"), booked("promotions")) == (shop, us)

    orders.grant_refund(
        actor=US, order_id=checkout.orders.get().pk, amount=1_000, reason="scratch", key="part"
    )
    assert (booked("shop_payable"), booked("promotions")) == (shop * 3 // 4, us * 3 // 4)
    undo(checkout)
    assert (booked("shop_payable"), booked("promotions")) == (0, 0)


# -- what it costs --------------------------------------------------------------------------------


def _statements(item: Variant, who: Account, right: bool) -> tuple[int, int]:
    if right:
        make.right(who, item, 4_000)
    with CaptureQueriesContext(
        connection,
    ) as placing:
        checkout = make.place((item, 1), buyer=who)
    with CaptureQueriesContext(connection) as paying:
        make.pay(checkout)
    return len(placing), len(paying)


def test_a_right_costs_an_order_one_statement_and_its_payment_none() -> None:
    item, ana = make.variant(price=10_000, stock=99), make.member()
    _statements(item, ana, True)  # remembers what it asks
    plain = _statements(item, ana, False)

    with_right = _statements(item, ana, True)

    assert with_right == (plain[0] + 1, plain[1])


@pytest.mark.parametrize("claimed", [False, True])
def test_who_has_a_lower_price_takes_a_unit_of_the_sale_where_no_other_is_free(
    claimed: bool,
) -> None:
    item, ana = make.variant(price=10_000, stock=2), scene.buyer("ana")
    sale = scene.on(item, price=5_000, public=2)
    own = make.right(ana, item, 3_000, funded_by="platform")
    if claimed:
        scene.claim(sale, item, ana)

    order = make.pay(scene.order(item, who=ana)).orders.get()

    line = order.lines.get()
    assert (line.unit_amount, line.sale_id, line.right_id) == (3_000, sale.pk, own.pk)
    assert borne_by(line.price, "platform") == 2_000, "what it is less than in the sale"
    scene.assert_sound()
    orders.cancel_order(actor=make.actor(ana), order_id=order.pk, key="back")
    own.refresh_from_db()
    assert (own.state, scene.bucket(sale).taken) == ("returned", 0)
    scene.assert_sound()
    assert verify().clean


def test_unpaid_the_unit_goes_back_to_the_sale_and_the_price_to_its_owner() -> None:
    item, ana = make.variant(price=10_000, stock=2), scene.buyer("ana")
    sale = scene.on(item, price=5_000, public=2)
    own = make.right(ana, item, 3_000)
    placed = scene.order(item, who=ana)
    assert scene.bucket(sale).taken == 1

    orders.cancel_checkout(actor=make.actor(ana), checkout_id=placed.pk)

    own.refresh_from_db()
    assert (own.state, scene.bucket(sale).taken) == ("held", 0)
    assert make.stock_of(item).held == 2
    scene.assert_sound()
