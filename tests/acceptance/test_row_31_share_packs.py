"""Row 31: a pack is shared; friends and sender gain; checkout deducts it by itself, whenever."""

from __future__ import annotations

import pytest

from banyan.catalog.models import Variant
from banyan.entitlements.models import Grant
from banyan.kernel import clock
from banyan.ledger.proof import verify
from banyan.orders.models import Checkout
from tests.acceptance.campaign_walk import begin, buy
from tests.campaigns.scene import DAY, assert_sound, campaign, coupon, somebody
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.sandbox import Sandbox
from tests.support.walkers import Town, Walker

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
