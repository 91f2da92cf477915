"""Row 31: a pack is shared; friends and sender gain; checkout deducts it by itself, whenever."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from banyan.campaigns.models import Instance, Participation
from banyan.catalog.models import Variant
from banyan.entitlements.models import Grant
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.models import Checkout
from tests.acceptance.campaign_walk import begin, buy
from tests.campaigns.scene import DAY, assert_sound, campaign, coupon, somebody
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.sandbox import Sandbox
from tests.support.walkers import WECHAT, Town, Walker
from tests.web.people.driver import ORIGIN, enter

pytestmark = pytest.mark.django_db


@pytest.fixture
def item() -> Variant:
    return make.variant(price=10_000, stock=9)


def sent_pack(town: Town, item: Variant) -> tuple[Walker, str]:
    """Somebody who has sent a pack of two, 5.00 off each; their own comes after a friend's."""
    shop = item.product.shop
    of = campaign(shop, "coupon_pack", coupon=coupon(shop, title="Five off").pk, places=2, sender=1)
    ana = begin(Walker(town, somebody()), of)
    return ana, ana.share()


def test_row_31_friends_open_it_and_checkout_deducts_it_on_any_device(
    town: Town, sandbox: Sandbox, item: Variant
) -> None:
    ana, link = sent_pack(town, item)
    ana.go("/me/coupons")
    assert "Five off" not in ana.page

    account = somebody()
    ben = Walker(town, account)
    assert "2 of 2 are left" in ben.open(link)
    assert "A coupon is yours" in ben.press("/join$")
    assert "Five off" in ana.go("/me/coupons"), "the sender gains without buying anything"
    assert not Checkout.objects.exists()

    elsewhere = Walker(town, account)
    paid = buy(elsewhere, sandbox, item)
    assert (paid.state, paid.total_amount) == ("paid", 9_500)
    states = Grant.objects.filter(account=account).values_list("state", flat=True)
    assert list(states) == ["redeemed"]
    assert recount() == {}
    assert verify().clean
    assert_sound()


def test_row_31_a_stranger_signs_in_and_keeps_what_is_left(town: Town, item: Variant) -> None:
    _ana, link = sent_pack(town, item)
    cy = Walker(town)
    cy.open(link)
    pack = cy.at
    assert cy.href("^/login")
    cy.sign_up("cy@example.com")
    cy.go(pack)
    assert "A coupon is yours" in cy.press("/join$")
    with clock.at(clock.now() + DAY):
        assert "Five off" in cy.go("/me/coupons"), "nothing has to be spent at once"


def test_row_31_who_comes_too_late_is_told_and_gets_nothing(town: Town, item: Variant) -> None:
    _ana, link = sent_pack(town, item)
    late = Walker(town, somebody())
    late.open(link)
    for _n in range(2):
        friend = Walker(town, somebody())
        friend.open(link)
        friend.press("/join$")
    assert "All of it is gone." in late.press("/join$")
    assert Grant.objects.count() == 3, "two friends and the sender"
    late.go(f"/checkout?variant={item.pk}&n=1")
    assert "Five off" not in late.page
    assert_sound()


def test_row_31_a_paid_order_brings_a_pack_that_is_opened_on_its_page(
    town: Town, sandbox: Sandbox, item: Variant
) -> None:
    shop = item.product.shop
    given = {"coupon": coupon(shop, title="Five off").pk, "places": 2}
    of = campaign(shop, "coupon_pack", title="For your friends", starts="order", **given)
    account = somebody()
    ana = Walker(town, account)
    page = ana.go(f"/campaign/{of.code}")
    assert "It comes with a paid order." in page
    assert "/begin" not in page, "nothing to begin without an order"

    bought = buy(ana, sandbox, item)
    order = ana.at
    told = ana.go("/notifications")
    assert "Your order brings something for you and your friends: For your friends." in told
    ana.go(order)
    assert "This order brings something for you and your friends: For your friends" in ana.page
    stranger = Walker(town).go(f"/o/{bought.access_token}")
    assert "brings something" not in stranger, "the link shows the order, not what it brings"
    wechat = Walker(town, account, agent=WECHAT).go(order)
    assert "brings something" not in wechat, "asking for it is forbidden there"

    assert "2 of 2 are left" in ana.press("/begin$")
    pack = ana.at
    assert "What you have for your friends: For your friends" in ana.go(order)
    assert ana.href("^/play/") == pack
    ben = Walker(town, somebody())
    ben.go(pack)
    ben.press("/join$")
    orders.undo_orders(
        actor=Actor.system("test"), order_ids=[bought.orders.get().pk], reason="back"
    )
    relay.drain()
    page = Walker(town, somebody()).go(pack)
    assert "The order that it came with was given back. What was opened stays." in page
    assert "Open the pack" not in page
    assert "Five off" in ben.go("/me/coupons")
    assert_sound()


def test_row_31_a_strangers_place_waits_for_the_sign_in_and_is_taken_by_it(
    town: Town, item: Variant
) -> None:
    _ana, link = sent_pack(town, item)
    cy = Walker(town)
    cy.open(link)
    pack = cy.at.partition("?")[0]
    assert "your place is kept for ten minutes" in cy.page
    answer = cy.browser.post(f"{pack}/keep", {"via": link}, headers=ORIGIN)
    assert answer.status_code == 302
    asked = parse_qs(urlsplit(answer["Location"]).query)
    assert asked["next"] == [pack]

    quick, late = Walker(town, somebody()), Walker(town, somebody())
    for one in (quick, late):
        one.open(link)
    quick.press("/join$")
    assert "What is left is kept for friends" in late.press("/join$")

    finished: Any = enter(cy.browser, "cy@example.com", intent=asked["intent"][0], next=pack)
    cy.go(finished["Location"])
    assert cy.at == pack
    assert "A coupon is yours" in cy.page
    assert "The pack is empty." in late.go(pack)
    joined = Participation.objects.get(account__email="cy@example.com")
    assert (joined.place, joined.through is None) == (2, False)
    assert_sound()


def test_row_31_taps_of_visitors_are_counted(town: Town, item: Variant) -> None:
    _ana, link = sent_pack(town, item)
    cy = Walker(town)
    cy.open(link)
    pack = cy.at.partition("?")[0]
    answers = [cy.browser.post(f"{pack}/keep", headers=ORIGIN).status_code for _n in range(11)]
    assert answers == [302] * 10 + [429]
    assert (
        cy.browser.post(f"{pack}/keep", headers={"origin": "http://else.where"}).status_code == 403
    )
    assert Instance.objects.get().held == 1, "half of it at most"
    assert_sound()
