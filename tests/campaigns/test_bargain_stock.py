"""Mechanic 2.4: a piece is kept for a bargain from its beginning, and let go of once."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from banyan.campaigns import actions as campaigns
from banyan.campaigns.disclosing import rules_of
from banyan.campaigns.mechanic import mechanic
from banyan.campaigns.models import Campaign, Instance, KeptUnit
from banyan.campaigns.problems import Refused
from banyan.catalog import actions as catalog
from banyan.catalog.models import StockMovement, Variant
from banyan.catalog.proof import stock_audit
from banyan.entitlements import actions as entitlements
from banyan.entitlements.models import PriceRight
from banyan.kernel import clock
from banyan.kernel.problems import Conflict, Invalid, SoldOut
from banyan.orders import actions as orders
from banyan.orders.queries import cart_lines
from banyan.people.models import Account
from tests.campaigns.scene import (
    DAY,
    HOUR,
    SYSTEM,
    assert_sound,
    begun,
    campaign,
    crowd,
    help_,
    later,
    somebody,
)
from tests.support import factories as make
from tests.support.recount import recount
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


@pytest.fixture
def item() -> Variant:
    return make.variant(price=10_000, stock=1)


def keeping(item: Variant, **values: Any) -> Campaign:
    usual = {"variant": item.pk, "floor": 4_000, "people": 3, "stock": "launch"}
    return campaign(item.product.shop, "bargain", **usual | values)


def reached(item: Variant, who: Account, **values: Any) -> Instance:
    """A bargain whose price is reached."""
    bargain = begun(keeping(item, **values), who)
    for friend in crowd(3):
        help_(bargain, friend)
    bargain.refresh_from_db()
    return bargain


def held(item: Variant) -> tuple[int, int, int, int]:
    """Return what of the stock is free, held, reserved and allocated."""
    stock = make.stock_of(item)
    return stock.free, stock.held, stock.reserved, stock.allocated


def adds_up() -> None:
    assert_sound()
    assert recount() == {}
    assert stock_audit() == []


def test_who_begins_has_the_last_piece_and_nobody_else_can_order_it(item: Variant) -> None:
    ana = somebody()
    bargain = reached(item, ana)
    assert held(item) == (0, 1, 0, 0)
    with pytest.raises(SoldOut):
        make.place((item, 1), buyer=somebody())
    right = PriceRight.objects.get()
    assert (right.keeps, KeptUnit.objects.exists()) == (True, False), "it went over to the price"

    placed = make.place((item, 1), buyer=ana)
    assert held(item) == (0, 0, 1, 0)
    adds_up()
    assert make.pay(placed).total_amount == 4_000

    bargain.refresh_from_db()
    assert (bargain.state, held(item)) == ("bought", (0, 0, 0, 1))
    adds_up()


def test_sold_out_is_said_before_anything_is_begun(item: Variant) -> None:
    of, first, second = keeping(item), *crowd(2)
    begun(of, first)
    page = client(second).get(reverse("campaign", args=[of.code])).content.decode()
    assert "It is sold out just now, and each of these needs one." in page
    assert reverse("campaign_begin", args=[of.code]) not in page
    with pytest.raises(Refused, match="play_sold_out"):
        begun(of, second)
    assert Instance.objects.count() == 1
    assert begun(of, first) == Instance.objects.get(), "one's own is found again"
    adds_up()


@pytest.mark.parametrize("way", ["withdrawn", "expired", "lapsed", "not ordered", "not paid"])
def test_the_piece_is_free_again_once_however_it_ends(item: Variant, way: str) -> None:
    ana = somebody()
    if way in {"withdrawn", "expired"}:
        bargain = begun(keeping(item), ana)
        help_(bargain, somebody())
        if way == "withdrawn":
            campaigns.play(actor=make.actor(ana), code=bargain.code, verb="withdraw")
    else:
        bargain = reached(item, ana, pay_hours=1)
        if way == "not paid":
            make.place((item, 1), buyer=ana)
    with clock.at(clock.now() + 2 * DAY):
        for _twice in range(2):
            orders.expire_due(actor=SYSTEM)
            if way == "lapsed":
                entitlements.expire_rights(actor=SYSTEM)
            campaigns.lapse_due(actor=SYSTEM)
            campaigns.advance(actor=SYSTEM)
            campaigns.settle_orders(actor=SYSTEM)
            entitlements.expire_rights(actor=SYSTEM)

    bargain.refresh_from_db()
    assert bargain.ended_at is not None
    assert held(item) == (1, 0, 0, 0)
    assert not KeptUnit.objects.exists()
    moves = StockMovement.objects.filter(stock__variant=item)
    assert sum(one.held for one in moves) == 0
    adds_up()
    make.place((item, 1), buyer=somebody())


def test_an_order_that_is_given_up_in_time_leaves_the_piece_with_the_price(item: Variant) -> None:
    ana = somebody()
    reached(item, ana)
    placed = make.place((item, 1), buyer=ana)
    orders.cancel_checkout(
        actor=make.actor(ana), checkout_id=placed.pk, access_token=placed.access_token
    )
    assert held(item) == (0, 1, 0, 0)
    with pytest.raises(SoldOut):
        make.place((item, 1), buyer=somebody())
    adds_up()
    assert make.pay(make.place((item, 1), buyer=ana)).total_amount == 4_000
    adds_up()


def test_a_price_that_its_shop_takes_back_lets_go_of_the_piece(item: Variant) -> None:
    reached(item, somebody())
    right = PriceRight.objects.get()
    owner = make.actor(item.product.shop.owner)
    for _twice in range(2):
        entitlements.withdraw_price_right(actor=owner, right_id=right.pk, reason="by mistake")
    assert held(item) == (1, 0, 0, 0)
    adds_up()


def test_whoever_stops_early_keeps_the_piece(item: Variant) -> None:
    ana = somebody()
    bargain = begun(keeping(item), ana)
    help_(bargain, somebody())
    campaigns.play(actor=make.actor(ana), code=bargain.code, verb="redeem")
    assert held(item) == (0, 1, 0, 0)
    assert make.pay(make.place((item, 1), buyer=ana)).total_amount == 8_000
    adds_up()


def test_more_than_the_kept_piece_is_bought_at_the_usual_price(item: Variant) -> None:
    ana = somebody()
    catalog.set_on_hand(actor=make.actor(item.product.shop.owner), variant_id=item.pk, on_hand=3)
    bargain = reached(item, ana)
    assert make.place((item, 2), buyer=ana).total_amount == 20_000
    assert held(item) == (0, 1, 2, 0)
    later(bargain)
    adds_up()


def test_what_is_kept_is_no_longer_on_the_shelf_for_the_shop_to_take_away(item: Variant) -> None:
    begun(keeping(item), somebody())
    with pytest.raises(Conflict) as refused:
        catalog.set_on_hand(
            actor=make.actor(item.product.shop.owner), variant_id=item.pk, on_hand=0
        )
    assert refused.value.code == "stock_already_promised"


def test_the_pages_say_which_it_is(item: Variant) -> None:
    ana, ben = crowd(2)
    of = keeping(item)
    bargain = begun(of, ana)
    url = reverse("play", args=[bargain.code])
    assert "One piece is kept for you until this is over." in client(ana).get(url).content.decode()
    assert "One piece is kept for your friend" in client(ben).get(url).content.decode()
    told = " ".join(" ".join(part.paragraphs) for part in rules_of(mechanic("bargain"), of))
    assert "One piece is kept for whoever begins one, until it is over." in told
    for friend in crowd(3):
        help_(bargain, friend)
    assert "one piece is kept for you" in client(ana).get(url).content.decode()
    product = reverse("product", args=[item.product.shop.slug, item.product.slug])
    assert "Buy for" in client(ana).get(product).content.decode()
    owner = client(item.product.shop.owner)
    studio = reverse("studio_campaign", args=[item.product.shop.slug, of.pk])
    told_shop = owner.get(studio).content.decode()
    assert "Kept from its beginning" in told_shop
    assert ("Pieces kept now", 1) in mechanic("bargain").figures(of)
    assert "Pieces kept now" in told_shop
    form = reverse("studio_campaign_new", args=[item.product.shop.slug, "bargain"])
    assert "no more bargains run at once than there are pieces" in owner.get(form).content.decode()


def test_the_cart_of_whoever_has_the_piece_holds_it(item: Variant) -> None:
    ana = somebody()
    reached(item, ana)
    who = make.actor(ana)
    orders.add_to_cart(actor=who, cart=orders.cart_for(actor=who), variant_id=item.pk)
    (line,) = cart_lines(actor=who, token="")
    assert (line.free, line.problem) == (1, "")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"landing": "coupon"}, "stock"),
        ({"drive": "honour", "floor": None}, "stock"),
        ({"stock": "sometimes"}, "stock"),
    ],
)
def test_a_piece_is_kept_for_a_price_alone(
    item: Variant, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        keeping(item, **values)
    assert list(refused.value.fields) == [field]


def test_by_default_nothing_is_kept(item: Variant) -> None:
    of = campaign(item.product.shop, "bargain", variant=item.pk, floor=4_000, people=3)
    begun(of, somebody())
    begun(of, somebody())
    assert held(item) == (1, 0, 0, 0)
    with clock.at(clock.now() + HOUR):
        make.place((item, 1), buyer=somebody())
    adds_up()
