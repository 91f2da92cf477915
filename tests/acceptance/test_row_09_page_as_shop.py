"""Row 9: any member's page is a shop; one stock, one ledger, and the page that sold is credited."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.test import Client

from banyan.earnings import actions as earnings
from banyan.earnings.models import Commission
from banyan.groups import actions as groups
from banyan.kernel.problems import NotFound
from banyan.ledger.proof import verify
from banyan.orders.models import Checkout
from banyan.storefronts import actions as storefronts
from banyan.storefronts.access import my_storefront
from banyan.storefronts.models import Storefront
from tests.groups import circles
from tests.storefronts import stalls
from tests.support import factories as make
from tests.support.sandbox import Sandbox
from tests.support.walkers import Town, Walker, payment_ref

pytestmark = pytest.mark.django_db


def test_row_09_three_pages_sell_one_merchants_goods_from_one_stock(
    town: Town, sandbox: Sandbox
) -> None:
    # given one merchant with three units, and three member pages that chose it
    shop = make.shop()
    earnings.set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=1000)
    product = make.product(shop, price=10_000, stock=3)
    for handle in ("ana", "ben", "cleo"):
        member = Walker(town, make.member(handle))
        member.browser.post("/me/storefront", {"do": "open", "title": f"{handle}'s corner"})
        member.go("/me/storefront/goods?" + urlencode({"q": product.title}))
        member.press(r"^/me/storefront/goods\?")
    pages = list(Storefront.objects.order_by("id"))

    # when a stranger buys on the second page
    buyer = Walker(town)
    buyer.go("/store/ben")
    assert "¥100" in buyer.page or "100.00" in buyer.page
    buyer.follow(r"^/shop/.*offer=")
    sandbox.pay(payment_ref(buyer.buy(email="cy@example.com")))
    checkout = Checkout.objects.get()
    buyer.go(f"/o/{checkout.access_token}?payment=x")
    assert "It is paid" in buyer.page

    # then there is one stock for all three
    stock = make.stock_of(product.variants.get())
    assert (stock.on_hand, stock.allocated, stock.reserved) == (3, 1, 0)
    # and the second page's owner is credited, nobody else
    order = checkout.orders.get()
    line = order.lines.get()
    assert line.storefront_id == pages[1].pk
    assert [step["handle"] for step in line.path] == ["ben"]
    earned = Commission.objects.get()
    assert (earned.payee_id, earned.amount, earned.kind) == (pages[1].owner_id, 1_000, "commission")
    # and the merchant fulfils: nobody else can
    assert order.shop_id == shop.pk
    room = f"/studio/{shop.slug}/orders/{order.pk}/ship"
    for who, status in ((pages[1].owner, 404), (shop.owner, 302)):
        browser = Client()
        browser.force_login(who)
        assert browser.post(room, {"carrier": "SF", "tracking": "1"}).status_code == status
    order.refresh_from_db()
    assert order.state == "shipped"
    # and there is one ledger
    assert stalls.balance("shop_payable", shop.pk) == 9_000
    assert stalls.balance("earner_held", pages[1].owner_id) == 1_000
    assert verify().clean


def test_row_09_what_is_sold_out_is_sold_out_on_every_page(town: Town) -> None:
    product = make.product(stock=1)
    pages = [stalls.page(handle) for handle in ("ana", "ben", "cleo")]
    for page in pages:
        storefronts.select_product(actor=stalls.owner_of(page), product_id=product.pk)

    make.pay(make.place((product.variants.get(), 1)))

    walker = Walker(town)
    for page in pages:
        assert "Sold out" in walker.go(f"/store/{page.owner.handle}")


def test_row_09_the_third_page_is_a_groups_and_credits_who_set_it_up(
    town: Town, sandbox: Sandbox
) -> None:
    # given one merchant with three units, on two members' pages and on a group's
    shop = make.shop()
    earnings.set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=1000)
    product = make.product(shop, price=10_000, stock=3)
    for page in [stalls.page(handle) for handle in ("ana", "ben")]:
        storefronts.select_product(actor=stalls.owner_of(page), product_id=product.pk)
    ann, moderator = make.member("ann"), make.member("mo")
    pens = circles.group(ann, slug="pens", name="Pens")
    circles.joined(pens, moderator)
    keeper = make.actor(moderator)
    with pytest.raises(NotFound):
        storefronts.open_group_page(actor=keeper, group_id=pens.pk, title="Pens")
    own = storefronts.open_group_page(actor=make.actor(ann), group_id=pens.pk, title="Pens")
    with pytest.raises(NotFound):
        storefronts.select_product(actor=keeper, product_id=product.pk, group_id=pens.pk)
    groups.set_role(
        actor=make.actor(ann), group_id=pens.pk, account_id=moderator.pk, role="moderator"
    )
    storefronts.select_product(actor=keeper, product_id=product.pk, group_id=pens.pk)
    # the group's page is nobody's own: ann can still have one, and the moderator has none
    assert my_storefront(make.actor(ann)) is None
    assert my_storefront(keeper) is None

    # when a stranger buys on the group's page
    buyer = Walker(town)
    buyer.go("/g/pens/shop")
    assert "Ann may earn if you buy here" in buyer.page
    buyer.follow(r"^/shop/.*offer=")
    sandbox.pay(payment_ref(buyer.buy(email="cy@example.com")))
    checkout = Checkout.objects.get()
    buyer.go(f"/o/{checkout.access_token}?payment=x")

    # then the one stock is one less, the group's page is named, and who set it up is credited
    assert make.stock_of(product.variants.get()).allocated == 1
    line = checkout.orders.get().lines.get()
    assert line.storefront_id == own.pk
    assert Commission.objects.get().payee_id == ann.pk
    assert stalls.balance("earner_held", ann.pk) == 1_000
    assert stalls.balance("shop_payable", shop.pk) == 9_000
    assert verify().clean
