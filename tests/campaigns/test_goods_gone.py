"""Plays under way whose goods are on sale no more: nobody helps on, joins, or keeps a place."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from banyan.campaigns import actions as campaigns
from banyan.campaigns.models import Campaign, Contribution, Participation
from banyan.campaigns.problems import Refused
from banyan.catalog.models import Variant
from banyan.entitlements.models import PriceRight
from banyan.kernel.actors import Actor
from banyan.standing import actions as standing
from tests.campaigns.scene import SYSTEM, assert_sound, begun, campaign, help_, join, somebody
from tests.support import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def item() -> Variant:
    return make.variant(price=10_000, stock=9)


def taken_down(item: Variant) -> None:
    standing.take_down(actor=SYSTEM, product_id=item.product_id, reason="unsafe", words="Hot.")


def groups(item: Variant) -> Campaign:
    values: dict[str, Any] = {"variant": item.pk, "people": 3, "price": 6_000}
    return campaign(item.product.shop, "group_buy", **values)


def bargains(item: Variant) -> Campaign:
    values: dict[str, Any] = {"variant": item.pk, "floor": 4_000, "people": 2}
    return campaign(item.product.shop, "bargain", **values)


def test_nobody_helps_on_towards_a_price_for_what_was_taken_down(item: Variant) -> None:
    bargain = begun(bargains(item), somebody())
    help_(bargain, somebody())
    taken_down(item)

    with pytest.raises(Refused, match="play_gone"):
        help_(bargain, somebody())

    bargain.refresh_from_db()
    assert (bargain.state, bargain.taken, Contribution.objects.count()) == ("cutting", 1, 1)
    assert not PriceRight.objects.exists()
    assert_sound()


def test_nobody_joins_a_group_for_what_was_taken_down(item: Variant) -> None:
    group = begun(groups(item), somebody())
    before = Participation.objects.count(), PriceRight.objects.count()
    taken_down(item)

    with pytest.raises(Refused, match="play_gone"):
        join(group, somebody())

    assert before == (Participation.objects.count(), PriceRight.objects.count())
    assert_sound()


def test_a_pack_that_ends_in_a_price_for_it_opens_no_more(item: Variant) -> None:
    shop = item.product.shop
    values: dict[str, Any] = {"variant": item.pk, "price": 6_000, "landing": "right"}
    pack = begun(campaign(shop, "coupon_pack", **values), somebody())
    taken_down(item)

    with pytest.raises(Refused, match="play_gone"):
        join(pack, somebody())
    with pytest.raises(Refused, match="play_gone"):
        campaigns.keep_place(actor=Actor.guest(), code=pack.code)
    assert_sound()


def test_what_comes_on_sale_again_is_played_on(item: Variant) -> None:
    bargain = begun(bargains(item), somebody())
    Variant.objects.filter(pk=item.pk).update(is_active=False)
    with pytest.raises(Refused, match="play_gone"):
        help_(bargain, somebody())
    Variant.objects.filter(pk=item.pk).update(is_active=True)
    help_(bargain, somebody())
    bargain.refresh_from_db()
    assert bargain.taken == 1
    assert_sound()


def test_its_page_says_so_and_asks_nobody_on(item: Variant) -> None:
    ana = somebody()
    group = begun(groups(item), ana)
    taken_down(item)
    for who in (ana, somebody()):
        browser = Client()
        browser.force_login(who)
        page = browser.get(reverse("play", args=[group.code])).content.decode()
        assert "This is no longer on sale." in page
        assert item.product.title not in page
        assert "Join for" not in page
        assert f"/checkout?variant={item.pk}" not in page
