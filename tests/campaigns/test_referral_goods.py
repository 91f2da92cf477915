"""Mechanic 2.7: a code for friends that is for goods of some categories alone."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from django.urls import reverse

from banyan.campaigns import actions as campaigns
from banyan.campaigns.disclosing import rules_of
from banyan.campaigns.mechanic import mechanic
from banyan.campaigns.models import Campaign, Instance, Participation
from banyan.campaigns.problems import Refused
from banyan.catalog.models import Category, Product, Shop, Variant
from banyan.entitlements.models import Coupon
from banyan.kernel import clock, relay
from banyan.kernel.problems import Invalid
from banyan.orders import actions as orders
from banyan.orders.models import Order, OrderLine
from banyan.people.models import Account
from tests.api.client import Program
from tests.campaigns.scene import DAY, SYSTEM, assert_sound, begun, coupon, crowd, draft, join
from tests.campaigns.test_referral import arrives, codes, days_later, goes_back, held, notes
from tests.support import factories as make
from tests.support.pages import Page
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


class Goods(NamedTuple):
    """A shop that sells tea, green tea, which is below it, and a cup."""

    shop: Shop
    tea: Category
    green: Category
    cups: Category
    sencha: Variant
    cup: Variant


@pytest.fixture
def goods() -> Goods:
    shop = make.shop()
    tea = Category.objects.create(slug="tea", names={"en": "Tea", "zh-hans": "茶"})
    green = Category.objects.create(slug="green", names={"en": "Green tea"}, parent=tea)
    cups = Category.objects.create(slug="cups", names={"en": "Cups"})
    sencha, cup = (make.variant(shop, stock=99) for _n in range(2))
    for item, category in ((sencha, green), (cup, cups)):
        Product.objects.filter(pk=item.product_id).update(category=category)
    return Goods(shop, tea, green, cups, sencha, cup)


def only(*categories: Category) -> list[dict[str, Any]]:
    return [{"code": "categories", "args": {"ids": [one.pk for one in categories]}}]


def for_tea(goods: Goods, **values: Any) -> Campaign:
    """A code for tea, whose coupon is for green tea: what is below tea is tea."""
    welcome = coupon(goods.shop, title="welcome", conditions=only(goods.green))
    usual = {"coupon": welcome.pk, "categories": [goods.tea.pk]}
    return codes(goods.shop, **usual | values)


def buys(who: Account, *items: Variant) -> Order:
    placed = make.place(*((item, 1) for item in items), buyer=who)
    order = Order.objects.get(checkout=make.pay(placed))
    relay.drain()
    return order


def line_goes_back(order: Order, line: OrderLine) -> None:
    """Refund one line of an order that has arrived, and nothing else."""
    orders.grant_refund(
        actor=make.actor(order.shop.owner),
        order_id=order.pk,
        amount=line.paid_amount,
        lines={line.pk: line.paid_amount},
        reason="Broken",
        key=f"back:{line.pk}",
    )
    relay.drain()


def place_of(who: Account) -> Participation:
    return Participation.objects.get(account=who, role="friend")


def test_m07_an_order_of_other_goods_has_no_discount_and_brings_no_thanks(goods: Goods) -> None:
    ana, ben = crowd(2)
    code = begun(for_tea(goods), ana)
    join(code, ben)
    page = client(ben).get(f"/checkout?variant={goods.cup.pk}&n=1").content.decode()
    assert "This coupon is for other goods." in page, "the reason stands at the checkout"

    order = buys(ben, goods.cup)
    arrives(order)
    days_later(30)

    assert (order.discount_amount, held(ana)) == (0, [])
    assert (place_of(ben).state, place_of(ben).data["reason"]) == ("in", "goods")
    told = "1 friend has ordered other goods only: a later order may still count."
    assert told in notes(code, ana)
    assert "Only for goods of: Tea" in notes(code, ben)
    figures = dict(mechanic("referral").figures(code.campaign))
    assert figures["Friends who have ordered other goods only"] == 1
    assert_sound()


def test_a_later_order_of_the_goods_counts_and_the_reason_goes(goods: Goods) -> None:
    ana, ben = crowd(2)
    code = begun(for_tea(goods), ana)
    join(code, ben)
    buys(ben, goods.cup)
    order = buys(ben, goods.sencha)
    assert order.discount_amount == 500
    assert "other goods only" not in notes(code, ana)
    arrives(order)
    days_later(8)
    assert held(ana) == ["thanks"]
    assert_sound()


def test_of_a_mixed_order_only_the_goods_count_and_their_return_takes_thanks_back(
    goods: Goods,
) -> None:
    ana, ben = crowd(2)
    code = begun(for_tea(goods), ana)
    join(code, ben)
    order = buys(ben, goods.sencha, goods.cup)
    lines = {line.variant_id: line for line in order.lines.all()}
    assert [lines[item.pk].discount_amount for item in (goods.sencha, goods.cup)] == [500, 0]
    arrives(order)
    days_later(8)
    assert held(ana) == ["thanks"]

    cup, tea = lines[goods.cup.pk], lines[goods.sencha.pk]
    line_goes_back(order, cup)
    assert place_of(ben).state == "won", "the tea is kept"
    line_goes_back(order, tea)
    assert place_of(ben).state == "reversed", "nothing of tea is left"
    assert_sound()


def test_the_least_sum_is_asked_of_these_goods_alone(goods: Goods) -> None:
    ana, ben = crowd(2)
    code = begun(for_tea(goods, least=goods.sencha.price_amount + 1), ana)
    join(code, ben)
    arrives(buys(ben, goods.sencha, goods.cup))
    days_later(8)
    assert (place_of(ben).order_id, held(ana)) == (None, [])
    order = Order.objects.get(
        checkout=make.pay(make.place((goods.sencha, 2), (goods.cup, 1), buyer=ben))
    )
    relay.drain()
    arrives(order)
    days_later(8)
    assert held(ana) == ["thanks"]
    goes_back(order, order.total_amount // 2)
    assert_sound()


def test_goods_that_change_their_category_afterwards_change_nothing(goods: Goods) -> None:
    ana, ben = crowd(2)
    code = begun(for_tea(goods), ana)
    join(code, ben)
    order = buys(ben, goods.sencha)
    Product.objects.filter(pk=goods.sencha.product_id).update(category=goods.cups)
    arrives(order)
    days_later(8)
    assert held(ana) == ["thanks"]
    assert_sound()


def test_within_the_grace_a_first_order_of_other_goods_is_none(goods: Goods) -> None:
    ana, ben, cy = crowd(3)
    code = begun(for_tea(goods, grace_hours=24), ana)
    buys(ben, goods.cup)
    first = buys(cy, goods.sencha)
    with pytest.raises(Refused, match="play_newcomers_only"):
        join(code, ben)
    join(code, cy)
    Product.objects.filter(pk=goods.sencha.product_id).update(category=goods.cups)
    arrives(first)
    days_later(1)
    days_later(9)
    assert held(ana) == ["thanks"]
    assert_sound()


def test_what_a_friend_is_given_is_for_the_same_goods(goods: Goods) -> None:
    wide = coupon(goods.shop, title="for all")
    other = coupon(goods.shop, title="for cups", conditions=only(goods.green, goods.cups))
    above = coupon(goods.shop, title="for tea", conditions=only(goods.tea))
    for given in (wide, other):
        with pytest.raises(Invalid) as refused:
            for_tea(goods, coupon=given.pk)
        assert list(refused.value.fields) == ["coupon"]
    with pytest.raises(Invalid) as refused:
        for_tea(goods, coupon=above.pk, categories=[goods.green.pk])
    assert list(refused.value.fields) == ["coupon"], "all tea is more than green tea"
    for unknown in ([12345], [goods.tea.pk, 2**63], ["x"]):
        with pytest.raises(Invalid) as refused:
            for_tea(goods, categories=unknown)
        assert list(refused.value.fields) == ["categories"]
    priced = {"coupon": None, "landing": "right", "price": 8_000}
    with pytest.raises(Invalid) as refused:
        for_tea(goods, variant=goods.cup.pk, **priced)
    assert list(refused.value.fields) == ["variant"]
    assert for_tea(goods, variant=goods.sencha.pk, **priced).state == "published"


def test_a_coupon_that_changed_meanwhile_is_seen_when_it_is_published(goods: Goods) -> None:
    welcome = coupon(goods.shop, title="welcome", conditions=only(goods.tea))
    made = draft(goods.shop, "referral", coupon=welcome.pk, categories=[goods.tea.pk])
    Coupon.objects.filter(pk=welcome.pk).update(conditions=[])
    with pytest.raises(Invalid) as refused:
        campaigns.publish_campaign(actor=make.actor(goods.shop.owner), campaign_id=made.pk)
    assert list(refused.value.fields) == ["coupon"]


def test_the_studio_asks_for_categories_and_makes_a_coupon_for_them(goods: Goods) -> None:
    owner = client(goods.shop.owner)
    form = reverse("studio_campaign_new", args=[goods.shop.slug, "referral"])
    shown = owner.get(form).content.decode()
    assert "Only for goods of these categories" in shown
    filled = dict(next(one.fields for one in Page(shown).forms if "title" in one.fields))
    sent = filled | {"categories": [str(goods.tea.pk), str(goods.cups.pk)], "coupon_off": "5.00"}

    page = owner.post(form, sent, follow=True).content.decode()

    made, given = Campaign.objects.get(), Coupon.objects.get()
    assert made.version is not None
    assert made.version.terms["categories"] == [goods.tea.pk, goods.cups.pk]
    assert [one.code for one in given.terms.conditions] == ["categories"]
    assert "Tea, Cups" in page
    again = owner.get(reverse("studio_campaign_change", args=[goods.shop.slug, made.pk]))
    assert f'<option value="{goods.tea.pk}" selected>Tea' in again.content.decode()
    told = " ".join(" ".join(part.paragraphs) for part in rules_of(mechanic("referral"), made))
    assert "It is for goods of Tea, Cups alone, those below included." in told
    refused = owner.post(form, sent | {"coupon_off": "", "categories": ["x"]})
    assert refused.status_code == 422


def test_a_program_names_categories_as_text(goods: Goods) -> None:
    asked = {one["code"]: one for one in Program().get("/mechanics")}["referral"]["terms"]
    assert asked["properties"]["categories"]["items"]["type"] == "string"
    welcome = coupon(goods.shop, conditions=only(goods.tea))
    terms = {"coupon": str(welcome.pk), "categories": [str(goods.tea.pk)]}
    body = {
        "mechanic": "referral",
        "title": "Tea for friends",
        "starts_at": "2020-01-01T00:00:00Z",
        "ends_at": "2020-06-01T00:00:00Z",
        "plays": 10,
        "terms": terms,
    }
    path = f"/shops/{goods.shop.pk}/campaigns"
    made = Program(goods.shop.owner).do("POST", path, body)
    assert {name: made["terms"][name] for name in terms} == terms


def test_a_code_for_honour_counts_the_same_goods(goods: Goods) -> None:
    ana, ben = crowd(2)
    honour = {"coupon": None, "thanks": None, "drive": "honour"}
    code: Instance = begun(for_tea(goods, **honour), ana)
    join(code, ben)
    arrives(buys(ben, goods.cup))
    days_later(8)
    code.refresh_from_db()
    assert code.done == 0
    arrives(buys(ben, goods.sencha))
    with clock.at(clock.now() + 8 * DAY):
        campaigns.advance(actor=SYSTEM)
    code.refresh_from_db()
    assert code.done == 1
    assert_sound()
