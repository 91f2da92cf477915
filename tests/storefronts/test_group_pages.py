"""A group's page credits the link that brought its reader, else the earner its owners named."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from banyan.catalog.models import Variant
from banyan.earnings import actions as earnings
from banyan.earnings.models import Commission
from banyan.groups import actions as groups
from banyan.groups.models import Group
from banyan.kernel.models import AuditEntry
from banyan.kernel.problems import Invalid, NotFound
from banyan.people import actions as people
from banyan.people.models import Account
from banyan.sharing import ports as sharing
from banyan.storefronts import actions as storefronts
from banyan.storefronts.models import Storefront
from tests.groups import circles
from tests.storefronts import stalls
from tests.support import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _providers(settings: Any) -> None:
    settings.PAYMENT_PROVIDERS = ["sandbox", "wallet"]


@pytest.fixture
def ann() -> Account:
    return make.member("ann")


def shelf(circle: Group, owner: Account) -> tuple[Storefront, Variant]:
    """A group's page with one selected thing, whose sharers earn a tenth."""
    item = make.variant(price=10_000)
    shop = item.product.shop
    earnings.set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=1_000)
    who = make.actor(owner)
    page = storefronts.open_group_page(actor=who, group_id=circle.pk, title="Pens")
    storefronts.select_product(actor=who, product_id=item.product_id, group_id=circle.pk)
    page.refresh_from_db()
    return page, item


def reader_of(circle: Group, who: Account) -> Client:
    circles.joined(circle, who)
    browser = Client()
    browser.force_login(who)
    return browser


def earned_by() -> list[int]:
    return list(Commission.objects.order_by("id").values_list("payee_id", flat=True))


def test_a_secret_groups_page_credits_its_earner_and_its_link_leads_nowhere(ann: Account) -> None:
    pens, cara = circles.group(ann, slug="pens"), make.member("cara")
    reader = reader_of(pens, cara)
    Group.objects.update(visibility=2)
    page, item = shelf(pens, ann)
    assert page.link is not None
    seen = reader.get("/g/pens/shop").content.decode()
    assert "Ann may earn if you buy here" in seen
    assert page.link.code in seen, "every way from the page carries it"
    assert sharing.card("storefront", page.pk) is None
    outside = Client()
    outside.force_login(make.member())
    assert outside.get("/g/pens/shop").status_code == 404
    make.pay(make.place((item, 1), buyer=cara, via=page.link.code))
    assert earned_by() == [ann.pk]


def test_owners_name_another_member_who_earns_from_then_on(ann: Account) -> None:
    pens = circles.group(ann, slug="pens")
    page, item = shelf(pens, ann)
    ben, cara, mo = make.member("ben"), make.member("cara"), make.member("mo")
    reader, keeper = reader_of(pens, ben), reader_of(pens, mo)
    groups.set_role(actor=make.actor(ann), group_id=pens.pk, account_id=mo.pk, role="moderator")
    assert page.link is not None
    make.pay(make.place((item, 1), buyer=cara, via=page.link.code))

    keeper.post("/g/pens/shop/page", {"do": "earner", "handle": "mo"})
    with pytest.raises(NotFound):
        storefronts.name_earner(actor=make.actor(mo), group_id=pens.pk, account_id=mo.pk)
    with pytest.raises(Invalid):
        storefronts.name_earner(actor=make.actor(ann), group_id=pens.pk, account_id=cara.pk)
    page.refresh_from_db()
    assert page.owner == ann
    assert not AuditEntry.objects.filter(action="storefront.name_earner").exists()

    owner = Client()
    owner.force_login(ann)
    assert 'name="handle"' in owner.get("/g/pens/shop").content.decode()
    owner.post("/g/pens/shop/page", {"do": "earner", "handle": "@Ben"})
    page.refresh_from_db()
    assert (page.owner, page.link.owner) == (ben, ben)
    assert "Ben may earn" in keeper.get("/g/pens/shop").content.decode()
    assert page.link.code not in reader.get("/g/pens/shop").content.decode(), "not from themselves"
    make.pay(make.place((item, 1), buyer=cara, via=page.link.code))
    assert earned_by() == [ann.pk, ben.pk], "what ann earned stays hers"
    assert AuditEntry.objects.filter(action="storefront.name_earner").count() == 1


def test_a_new_earner_earns_from_the_goods_of_the_last_ones_shop_and_not_from_their_own(
    ann: Account,
) -> None:
    pens = circles.group(ann, slug="pens")
    ben, cara = make.member("ben"), make.member("cara")
    circles.joined(pens, ben)
    ink, nib = make.variant(make.shop(ann)), make.variant(make.shop(ben))
    who = make.actor(ann)
    page = storefronts.open_group_page(actor=who, group_id=pens.pk, title="Pens")
    offers = []
    for item in (ink, nib):
        shop = item.product.shop
        earnings.set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=1_000)
        offers.append(
            storefronts.select_product(actor=who, product_id=item.product_id, group_id=pens.pk)
        )
    assert [one.kind for one in offers] == ["own", "selected"]

    storefronts.name_earner(actor=who, group_id=pens.pk, account_id=ben.pk)

    assert list(page.offers.order_by("id").values_list("kind", flat=True)) == ["selected", "own"]
    for item, offer in zip((ink, nib), offers, strict=True):
        make.pay(stalls.place(item, offer, buyer=cara))
    assert earned_by() == [ben.pk], "from the ink"


def test_a_page_whose_earner_is_gone_waits_for_a_new_one(ann: Account) -> None:
    pens = circles.group(ann, slug="pens")
    page, _item = shelf(pens, ann)
    ben = make.member("ben")
    circles.joined(pens, ben)
    storefronts.name_earner(actor=make.actor(ann), group_id=pens.pk, account_id=ben.pk)
    people.close_account(actor=make.actor(ben), account_id=ben.pk, reason="leaving")
    owner = Client()
    owner.force_login(ann)
    seen = owner.get("/g/pens/shop").content.decode()
    assert "Chosen for the group" not in seen
    assert 'name="handle"' in seen
    owner.post("/g/pens/shop/page", {"do": "earner", "handle": "ann"})
    page.refresh_from_db()
    assert page.owner == ann
    assert "Chosen for the group" in owner.get("/g/pens/shop").content.decode()


def test_a_public_groups_goods_can_be_shown_on_other_sites_and_a_private_ones_cannot(
    ann: Account,
) -> None:
    pens = circles.group(ann, slug="pens")
    shelf(pens, ann)
    keeper = Client()
    keeper.force_login(ann)
    stranger = reader_of(pens, make.member())
    frame = re.compile(r"/embed/offer/[^&\"]+")

    [card] = set(frame.findall(keeper.get("/g/pens/shop").content.decode()))
    assert not frame.search(stranger.get("/g/pens/shop").content.decode())
    assert 'href="/g/pens/shop"' in Client().get(card).content.decode()

    for visibility in (1, 2):
        Group.objects.update(visibility=visibility)
        assert not frame.search(keeper.get("/g/pens/shop").content.decode())
        assert Client().get(card).status_code == 404


def test_a_secret_groups_page_is_not_named_to_who_was_given_an_address_from_it(
    ann: Account,
) -> None:
    pens, cara = circles.group(ann, slug="pens", name="Quiet pens"), make.member("cara")
    reader = reader_of(pens, cara)
    page, item = shelf(pens, ann)
    offer = page.offers.get()
    assert page.link is not None
    product = item.product
    address = f"/shop/{product.shop.slug}/{product.slug}?via={page.link.code}&offer={offer.pk}"

    assert 'at <a href="/g/pens/shop">Pens</a>' in Client().get(address).content.decode()
    for visibility in (1, 2):
        Group.objects.update(visibility=visibility)
        inside = reader.get(address).content.decode()
        assert 'at <a href="/g/pens/shop">Pens</a>' in inside
        outside = Client().get(address).content.decode()
        assert "You are buying at" not in outside
        assert "/g/pens" not in outside
        assert f"via={page.link.code}" in outside, "who brought somebody keeps the credit"
