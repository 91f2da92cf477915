"""Whoever is apart from the reader keeps their credit on the way, and is not named."""

from __future__ import annotations

import pytest
from django.test import Client

from banyan.chat import actions as chat
from banyan.earnings.actions import set_plan
from banyan.people import actions as people
from banyan.people.models import Account
from banyan.sharing.actions import TargetUnknown, share
from banyan.sharing.models import Link
from banyan.storefronts.actions import open_storefront
from tests.api.client import Program
from tests.community.posts import post
from tests.support import factories as make

pytestmark = pytest.mark.django_db

NAMES = ("Qadira", "Tjorven", "Wystan")


def page(reader: Account, url: str) -> str:
    """Return what ``reader`` sees, without the demo's own row of names."""
    browser = Client()
    browser.force_login(reader)
    answer = browser.get(url)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def people_of_a_chain() -> tuple[Account, Account, Account]:
    first, second, reader = (make.member(name.lower()) for name in NAMES)
    return first, second, reader


def shared_on(first: Account, second: Account, kind: str, target: int) -> Link:
    """Return the link of ``second``, who came through the link of ``first``."""
    root = share(actor=make.actor(first), target_kind=kind, target_id=target, via=None)
    return share(actor=make.actor(second), target_kind=kind, target_id=target, via=root)


@pytest.mark.parametrize("blocker", ["reader", "sharer"])
@pytest.mark.parametrize("kind", ["product", "post", "shop", "share sheet"])
def test_a_landing_does_not_name_a_sharer_who_is_apart_from_the_reader(
    kind: str, blocker: str
) -> None:
    first, second, reader = people_of_a_chain()
    product = make.product()
    set_plan(actor=make.actor(product.shop.owner), shop_id=product.shop_id, rate_bps=500)
    shop = f"/shop/{product.shop.slug}"
    if kind == "post":
        shown = post(make.member("author"))
        link, url = shared_on(first, second, "post", shown.pk), f"/p/{shown.pk}"
    elif kind == "shop":
        link, url = shared_on(first, second, "shop", product.shop_id), shop
    else:
        link = shared_on(first, second, "product", product.pk)
        landing = f"{shop}/{product.slug}"
        url = landing if kind == "product" else f"/share/product/{product.pk}"
    url = f"{url}?via={link.code}"
    before = page(reader, url)
    assert first.display_name in before
    assert second.display_name in before

    one, other = (reader, first) if blocker == "reader" else (first, reader)
    people.block(actor=make.actor(one), account_id=other.pk)

    after = page(reader, url)
    assert first.display_name not in after
    assert f"/@{first.handle}" not in after
    assert second.display_name in after
    assert "<b>somebody</b> shared with" in after
    assert first.display_name in page(make.member(), url), "others still see the whole way"


def test_the_disclosure_stays_when_who_shared_is_not_named_and_the_code_is_carried_on() -> None:
    first, _second, reader = people_of_a_chain()
    product = make.product()
    set_plan(actor=make.actor(product.shop.owner), shop_id=product.shop_id, rate_bps=500)
    link = share(actor=make.actor(first), target_kind="product", target_id=product.pk, via=None)
    people.block(actor=make.actor(reader), account_id=first.pk)

    shown = page(reader, f"/shop/{product.shop.slug}/{product.slug}?via={link.code}")

    assert first.display_name not in shown
    assert "Whoever shared this" in shown
    assert f"via={link.code}" in shown


def test_an_order_page_does_not_name_a_sharer_blocked_after_the_purchase() -> None:
    first, second, reader = people_of_a_chain()
    item = make.variant()
    link = shared_on(first, second, "product", item.product_id)
    checkout = make.pay(make.place((item, 1), buyer=reader, via=link.code))
    order, owner = checkout.orders.get(), item.product.shop.owner
    mine = f"/o/{checkout.access_token}"
    assert first.display_name in page(reader, mine)

    people.block(actor=make.actor(first), account_id=reader.pk)

    shown = page(reader, mine)
    assert first.display_name not in shown
    assert f"/@{first.handle}" not in shown
    assert "somebody to" in shown
    assert second.display_name in shown
    studio = page(owner, f"/studio/{item.product.shop.slug}/orders/{order.pk}")
    assert first.display_name in studio
    assert first.display_name in page(make.staff("support"), mine)


def test_the_story_of_ones_own_share_does_not_name_who_is_apart() -> None:
    first, second, _reader = people_of_a_chain()
    link = shared_on(first, second, "product", make.product().pk)
    people.block(actor=make.actor(first), account_id=second.pk)
    assert first.display_name not in page(second, f"/me/links/{link.code}")


def _theirs(author: Account, kind: str) -> tuple[int, str]:
    """Return the id and the title of something that ``author`` has published."""
    if kind == "post":
        return post(author, title="Quiet garden").pk, "Quiet garden"
    page = open_storefront(actor=make.actor(author), title="Quiet garden")
    return page.pk, "Quiet garden"


@pytest.mark.parametrize("blocker", ["reader", "author"])
@pytest.mark.parametrize("kind", ["post", "storefront"])
def test_what_is_apart_from_somebody_is_no_card_for_them_and_is_not_passed_on(
    kind: str, blocker: str
) -> None:
    author, friend, reader = people_of_a_chain()
    target, title = _theirs(author, kind)
    people.follow(actor=make.actor(friend), account_id=reader.pk)
    people.follow(actor=make.actor(reader), account_id=friend.pk)
    room = chat.open_direct(actor=make.actor(friend), account_id=reader.pk)
    words = chat.Words(card=chat.Wanted(kind, target))
    chat.send(actor=make.actor(friend), room_id=room.pk, words=words)
    link = Link.objects.get(owner=friend)
    sheet, told = f"/share/{kind}/{target}", f"/links/{link.code}"
    for url in (sheet, f"/chat/{room.pk}"):
        assert title in page(reader, url)

    one, other = (reader, author) if blocker == "reader" else (author, reader)
    people.block(actor=make.actor(one), account_id=other.pk)

    assert title not in page(reader, f"/chat/{room.pk}")
    assert title in page(friend, f"/chat/{room.pk}")
    browser = Client()
    browser.force_login(reader)
    assert browser.get(sheet).status_code == 404
    assert browser.get(f"/chat/share/{kind}/{target}").status_code == 404
    assert Program(reader).get(told)["card"] is None
    with pytest.raises(TargetUnknown):
        share(actor=make.actor(reader), target_kind=kind, target_id=target, via=None)
    assert Program(make.member()).get(told)["card"]["title"] == title
