"""What members sell is for sale as long as somebody is there who could send it."""

from __future__ import annotations

import pytest
from django.test import Client

from banyan.catalog import actions as catalog
from banyan.catalog.models import Shop
from banyan.kernel import relay
from banyan.kernel.actors import Actor
from banyan.kernel.problems import SoldOut
from banyan.market.access import visible_listings
from banyan.market.models import Listing
from banyan.moderation import actions as moderation
from banyan.moderation.models import Case, Decision
from banyan.web.shop.market.cards import product_url
from tests.support import factories as make

from . import deals

pytestmark = pytest.mark.django_db
GUEST = Actor.guest()
SYSTEM = Actor.system("test")


def suspended(one: Listing) -> Decision:
    """Suspend the seller of a listing, as a moderator does."""
    moderation.report(
        actor=make.actor(make.member()), kind="account", subject_id=one.seller_id, reason="fraud"
    )
    decision = moderation.decide_case(
        actor=SYSTEM, case_id=Case.objects.get().pk, verdict="suspend", reason="fraud", words="No."
    )
    relay.drain()
    return decision


def test_what_a_suspended_member_sells_is_off_sale_until_that_ends() -> None:
    lamp, other = deals.listing(title="Reading lamp"), deals.listing(title="Bicycle")
    decision = suspended(lamp)

    assert list(visible_listings(GUEST)) == [other]
    assert Client().get(product_url(lamp.product)).status_code == 404
    with pytest.raises(SoldOut):
        make.place((lamp.product.variants.get(), 1))

    moderation.lift_sanction(actor=SYSTEM, sanction_id=decision.sanction.pk, reason="Over.")
    assert [catalog.follow_owners(actor=SYSTEM) for _twice in range(2)] == [1, 0]
    assert {one.pk for one in visible_listings(GUEST)} == {lamp.pk, other.pk}


def test_an_appeal_that_is_upheld_puts_it_on_sale_again() -> None:
    lamp = deals.listing()
    decision = suspended(lamp)
    asked = moderation.appeal(actor=Actor.guest(), token=decision.token, body="It was not me.")
    moderation.review_appeal(actor=SYSTEM, appeal_id=asked.pk, upheld=True, reason="Right.")

    relay.drain()

    assert list(visible_listings(GUEST)) == [lamp]


def test_what_moderation_took_off_by_itself_stays_so_and_shops_have_their_people() -> None:
    lamp, merchant = deals.listing(), make.shop()
    catalog.suspend_shop(actor=SYSTEM, shop_id=lamp.product.shop_id, reason="Fakes.")
    make.product(merchant)
    merchant.owner.is_active = False
    merchant.owner.save(update_fields=["is_active"])

    assert catalog.follow_owners(actor=SYSTEM) == 0

    states = dict(Shop.objects.values_list("pk", "state"))
    assert states == {lamp.product.shop_id: "suspended", merchant.pk: "open"}
