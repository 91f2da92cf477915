"""Row 16, chat: from a listing's page to a word with its seller, the listing beside it."""

from __future__ import annotations

import pytest

from banyan.chat.models import Message, Room
from banyan.community.models import Post
from banyan.market import actions as market
from banyan.people import actions as people
from banyan.sharing.models import Link
from tests.market import deals
from tests.support import factories as make
from tests.support.walkers import Town, Walker
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


def test_row_16_c_a_question_about_a_listing_is_one_tap_from_its_page(town: Town) -> None:
    # given a listing, and somebody who does not know its seller
    seller, buyer = make.member(email="seller@example.com"), make.member()
    listing = deals.listing(seller)
    url = f"/shop/{listing.product.shop.slug}/{listing.product.slug}"
    walker = Walker(town, buyer)
    walker.go(url)

    # when they press "Ask the seller", the listing is in the form; they send one line
    walker.follow(rf"^/chat/with/{seller.handle}\?card=")
    assert listing.product.title in walker.page
    assert not Room.objects.exists(), "asking begins with the message"
    card = walker.form()["card"]
    sent = walker.browser.post(
        f"/chat/with/{seller.handle}", {"body": "Is it still there?", "card": card, "key": "1"}
    )
    assert sent.status_code == 302

    # then the seller finds it among the requests, with the listing as a card
    room = Room.objects.get()
    browser = client(seller)
    assert f"/chat/{room.pk}" in browser.get("/chat?asking").content.decode()
    page = browser.get(f"/chat/{room.pk}").content.decode()
    assert "Is it still there?" in page
    assert f'href="{url}"' in page
    assert "may earn" not in page
    # and nobody shared anything, nor posted
    assert not Link.objects.filter(owner=buyer).exists()
    assert not Post.objects.exists()
    # and the answer opens the room
    browser.post(f"/chat/{room.pk}/say", {"body": "It is."})
    walker.go(f"/chat/{room.pk}")
    assert "It is." in walker.page
    # and once it is sold or withdrawn, the card says so and the words stay
    market.withdraw_listing(actor=make.actor(seller), listing_id=listing.pk)
    walker.go(f"/chat/{room.pk}")
    assert "no longer there" in walker.page
    assert f'href="{url}"' not in walker.page


def test_row_16_c_a_blocked_buyer_cannot_ask() -> None:
    seller, buyer = make.member(email="seller@example.com"), make.member()
    listing = deals.listing(seller)
    people.block(actor=make.actor(seller), account_id=buyer.pk)

    url = f"/chat/with/{seller.handle}"
    browser = client(buyer)

    assert browser.get(url).status_code == 404
    sent = browser.post(url, {"body": "Please", "card": f"product:{listing.product_id}"})
    assert sent.status_code == 404
    shop = f"/chat/shop/{listing.product.shop.slug}"
    assert browser.post(shop, {"body": "Please"}).status_code == 404
    assert not Message.objects.exists()
