"""F24: the price shown is the price charged, whatever lists, zones, ways and taxes there are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.catalog.models import Shop, Variant
from banyan.entitlements.actions import create_coupon
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import Problem
from banyan.ledger import proof
from banyan.orders import actions as orders
from banyan.orders.models import Checkout
from banyan.people.models import Account
from tests.support import factories as make
from tests.support import prices
from tests.support.pointed import give, points_of

amounts = st.integers(1, 30_000)
places = st.sampled_from(["*", "CN", "CN:Zhe", "CN:Sichuan", "DE"])


@st.composite
def shops(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "shipping": draw(st.integers(0, 2_000)),
        "free": draw(st.none() | amounts),
        "goods": draw(st.lists(amounts, min_size=1, max_size=2)),
        "lists": draw(
            st.lists(
                st.tuples(amounts, st.integers(1, 4), st.sampled_from(["everyone", "members"])),
                max_size=2,
            )
        ),
        "zones": draw(st.lists(st.tuples(places, st.none() | amounts), max_size=2)),
        "taxes": draw(
            st.lists(
                st.tuples(
                    places,
                    st.integers(0, 300_000),
                    st.booleans(),
                    st.sampled_from(["line", "order"]),
                    st.sampled_from(["half_up", "half_even"]),
                ),
                max_size=2,
                unique_by=lambda tax: tax[0],
            )
        ),
        "coupon": draw(st.none() | st.integers(1, 10_000)),
        "points": draw(st.none() | st.tuples(st.integers(1, 5_000), st.integers(1, 90))),
    }


def build(told: dict[str, Any]) -> tuple[Shop, list[Variant]]:
    shop = make.shop(shipping_amount=told["shipping"], free_shipping_from=told["free"])
    goods = [make.variant(shop, price=price, stock=9) for price in told["goods"]]
    for amount, from_quantity, audience in told["lists"]:
        prices.price_list(
            shop,
            dict.fromkeys(goods, amount),
            from_quantity=from_quantity,
            audience=audience,
        )
    for number, (place, amount) in enumerate(told["zones"]):
        zone = prices.zone(shop, place, name=f"zone {number}")
        if amount is not None:
            prices.way(zone, amount)
    for place, rate, included, per, rounding in told["taxes"]:
        prices.tax(shop, place, rate=rate, included=included, per=per, rounding=rounding)
    return shop, goods


@pytest.mark.django_db
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.lists(shops(), min_size=1, max_size=2), quantities=st.data(), member=st.booleans())
def test_f24_the_price_shown_is_the_price_charged(
    told: list[dict[str, Any]], quantities: st.DataObject, member: bool
) -> None:
    buyer = make.actor(make.member()) if member else Actor.guest()
    built = [build(one) for one in told]
    for one, (shop, _goods) in zip(told, built, strict=True):
        if one["points"] and buyer.id:
            points, most = one["points"]
            points_of(shop, worth=3, most_percent=most)
            give(Account.objects.get(pk=buyer.id), shop, points)
    lines = [
        orders.WantedLine(item.pk, quantities.draw(st.integers(1, 4)))
        for _shop, goods in built
        for item in goods
    ]
    coupon = ""
    if told[0]["coupon"]:
        shop = built[0][0]
        coupon = create_coupon(
            actor=make.actor(shop.owner),
            shop_id=shop.pk,
            title="Some",
            amount_off=told[0]["coupon"],
        ).code
    wishes = orders.Wishes(to=orders.place_of(make.ADDRESS))
    shown = orders.quote(actor=buyer, lines=lines, coupon_code=coupon, wishes=wishes)
    given_back = orders.quote(actor=buyer, lines=lines, coupon_code=coupon, wishes=wishes)
    assert shown.priced == given_back.priced, "recomputed from zero, the same"
    if shown.undelivered():
        with pytest.raises(Problem, match="not_delivered_there"):
            _place(buyer, lines, coupon, shown)
        return
    _is_as_shown(_place(buyer, lines, coupon, shown), shown)


def _place(
    buyer: Actor, lines: list[orders.WantedLine], coupon: str, shown: orders.Quote
) -> Checkout:
    return orders.place(
        actor=buyer,
        lines=lines,
        contact=orders.Contact("cy@example.com"),
        address=make.ADDRESS,
        placement_key=new_code(80),
        provider="sandbox",
        coupon_code=coupon,
        agreement=shown.agreement.text(),
    )


def _is_as_shown(checkout: Checkout, shown: orders.Quote) -> None:
    checkout = make.pay(checkout) if checkout.total_amount else checkout
    assert checkout.state == "paid"
    assert checkout.total_amount == shown.total.amount
    found = list(checkout.orders.all())
    for name, whole in (("goods", shown.priced.goods()), ("tax", shown.priced.tax())):
        assert getattr(checkout, f"{name}_amount") == whole
        assert sum(getattr(order, f"{name}_amount") for order in found) == whole
    for order in found:
        kept = list(order.lines.all())
        assert sum(line.paid_amount for line in kept) == order.total_amount
        assert order.total_amount == shown.priced.total(order.shop_id)
        for line in kept:
            assert sum(step["amount"] for step in line.price) == line.paid_amount
    assert proof.verify().clean
