"""Row 35: suppliers' goods in one pool; many pages sell them at their own price."""

from __future__ import annotations

import pytest
from django.test import override_settings

from banyan.earnings.models import Commission
from banyan.kernel.problems import SoldOut
from banyan.ledger.models import Account as Book
from banyan.ledger.proof import verify
from banyan.ledger.queries import balance
from banyan.orders.models import Order
from tests.storefronts import stalls
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.walkers import Town, Walker

pytestmark = pytest.mark.django_db


def test_row_35_two_pages_three_buyers_one_supplier(town: Town) -> None:
    # given stock 3 in the pool at 80.00, listed at 99.00 and at 105.00
    item = make.variant(price=12_000, stock=3)
    shop = item.product.shop
    pooled = stalls.supply(item, supply=8_000)
    ana, ben = stalls.page("ana"), stalls.page("ben")
    anas = stalls.listed(ana, pooled, 9_900)
    bens = stalls.listed(ben, pooled, 10_500)
    walker = Walker(town)
    assert "99.00" in walker.go("/store/ana")
    assert "105.00" in walker.go("/store/ben")
    assert "120.00" in walker.go(f"/shop/{shop.slug}")

    # when three people buy on the two pages
    for offer in (anas, bens, anas):
        make.pay(stalls.place(item, offer))

    # then there are three orders of the supplier's, and nothing is left on either page
    assert Order.objects.filter(shop=shop, state="paid").count() == 3
    stock = make.stock_of(item)
    assert stock.on_hand - stock.allocated - stock.reserved == 0
    for page in (ana, ben):
        assert "Sold out" in walker.go(f"/store/{page.owner.handle}")
    # and the supplier is credited 80.00 each, each page its own margin
    assert stalls.balance("shop_payable", shop.pk) == 3 * 8_000
    assert stalls.balance("earner_held", ana.owner_id) == 2 * 1_900
    assert stalls.balance("earner_held", ben.owner_id) == 2_500
    assert set(Commission.objects.values_list("kind", "payee_id", "amount")) == {
        ("margin", ana.owner_id, 1_900),
        ("margin", ben.owner_id, 2_500),
    }
    # and the ledger is balanced
    assert verify().clean
    assert recount() == {}
    # and a fourth buyer is refused on both pages
    for offer in (anas, bens):
        with pytest.raises(SoldOut):
            stalls.place(item, offer)
    assert Order.objects.count() == 3


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
