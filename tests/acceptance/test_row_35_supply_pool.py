"""Row 35: suppliers' goods in one pool; many pages sell them at their own price."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from banyan.catalog.models import Variant
from banyan.earnings.models import Commission
from banyan.ledger.models import Account as Book
from banyan.ledger.proof import verify
from banyan.ledger.queries import balance
from banyan.orders.models import Checkout, Order
from banyan.people.models import Account
from tests.delivery.stall import Stall
from tests.storefronts import stalls
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.sandbox import Sandbox
from tests.support.walkers import Town, Walker, payment_ref

pytestmark = pytest.mark.django_db


def seller(town: Town, handle: str, variant: int, price: str) -> Walker:
    """A member who opens a page, lists what is in the pool in one tap, and sets a price."""
    walker = Walker(town, make.member(handle))
    walker.browser.post("/me/storefront", {"do": "open", "title": f"{handle}'s corner"})
    walker.go("/me/storefront/pool")
    assert "CN¥80.00" in walker.page, "what the supplier asks"
    walker.press(r"^/me/storefront/pool/\d+$")
    walker.press(r"^/me/storefront/offers/\d+$", do="price", **{f"price_{variant}": price})
    return walker


def at_checkout(town: Town, handle: str, price: str) -> Walker:
    """A stranger who found the thing on a page and stands in front of the checkout."""
    walker = Walker(town)
    walker.go(f"/store/{handle}")
    walker.follow(r"^/shop/.*offer=")
    assert price in walker.page
    walker.follow(r"^/checkout\?")
    return walker


def test_row_35_two_pages_three_buyers_one_supplier(town: Town, sandbox: Sandbox) -> None:
    # given stock 3 in the pool at 80.00, listed at 99.00 and at 105.00
    supplier = Stall()
    product = supplier.sells("goods", "Cup", "120", stock=3)
    variant = supplier.opens(product)
    offered: Any = supplier.browser.post(
        f"{supplier.studio}/pool", {"product": product, f"supply_{variant}": "80.00"}
    )
    assert offered.status_code == 302
    ana = seller(town, "ana", variant, "99.00")
    ben = seller(town, "ben", variant, "105.00")
    walker = Walker(town)
    assert "99.00" in walker.go("/store/ana")
    assert "105.00" in walker.go("/store/ben")
    assert "120.00" in walker.go(f"/shop/{supplier.shop.slug}")
    late = [at_checkout(town, "ana", "99.00"), at_checkout(town, "ben", "105.00")]

    # when three people buy on the two pages
    paid = [("ana", "99.00"), ("ben", "105.00"), ("ana", "99.00")]
    for n, (handle, price) in enumerate(paid):
        buyer = at_checkout(town, handle, price)
        sandbox.pay(payment_ref(buyer.place(email=f"cy{n}@example.com")))
        checkout = Checkout.objects.latest("id")
        assert "It is paid" in buyer.go(f"/o/{checkout.access_token}?payment=x")

    # then there are three orders of the supplier's, and nothing is left on either page
    orders = Order.objects.filter(shop=supplier.shop)
    assert [one.state for one in orders] == ["paid"] * 3
    stock = make.stock_of(Variant.objects.get(pk=variant))
    assert (stock.on_hand, stock.allocated, stock.reserved) == (3, 3, 0)
    for handle in ("ana", "ben"):
        assert "Sold out" in walker.go(f"/store/{handle}")
    # and a fourth buyer is refused on both pages, whatever their page still showed
    for one in late:
        answer: Any = one.browser.post(
            "/checkout", {**one.form(), **make.ADDRESS, "email": "late@example.com"}
        )
        assert answer.status_code == 409
        assert "sold out" in answer.content.decode()
    assert Order.objects.count() == 3
    # and the supplier, who knows the buyers and sends them all, is credited 80.00 each
    for order in orders:
        sent = supplier.browser.post(f"{supplier.studio}/orders/{order.pk}/ship", {"carrier": "SF"})
        assert sent.status_code == 302
    assert {one.state for one in orders.all()} == {"shipped"}
    assert stalls.balance("shop_payable", supplier.shop.pk) == 3 * 8_000
    # and each page its own margin
    owners = [Account.objects.get(handle=handle) for handle in ("ana", "ben")]
    assert [stalls.balance("earner_held", one.pk) for one in owners] == [2 * 1_900, 2_500]
    assert set(Commission.objects.values_list("kind", "payee_id", "amount")) == {
        ("margin", owners[0].pk, 1_900),
        ("margin", owners[1].pk, 2_500),
    }
    assert "CN¥38.00" in ana.go("/earnings")
    assert "CN¥25.00" in ben.go("/earnings")
    # and the ledger is balanced
    assert verify().clean
    assert recount() == {}


@override_settings(POOL_FEE_BPS=1000)
def test_row_35_margin_and_fee_are_split_per_line() -> None:
    item = make.variant(price=12_000, stock=3)
    pooled = stalls.supply(item, supply=8_000)
    ana = stalls.page("ana")

    make.pay(stalls.place(item, stalls.listed(ana, pooled, 9_900), n=2))

    earned = Commission.objects.get()
    assert (earned.amount, earned.fee_amount) == (3_420, 380)
    assert stalls.balance("shop_payable", item.product.shop_id) == 16_000
    assert stalls.balance("earner_held", ana.owner_id) == 3_420
    assert balance(Book.objects.get(kind="platform_fees")).amount == 380
    assert verify().clean
