"""Second-hand things on their pages: each is there once, and what is gone is said to be gone."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client

from banyan.market.rules import place_of
from banyan.orders import actions as orders
from banyan.people import actions as people
from banyan.web.shop.market.cards import product_url
from banyan.web.shop.trade import listings
from tests.api.client import Program
from tests.market import deals
from tests.support import factories as make
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


def test_a_thing_that_is_sold_does_not_come_back_and_leads_to_the_others() -> None:
    lamp = deals.listing(title="Reading lamp")
    url = product_url(lamp.product)
    page = Client().get(url).content.decode()
    assert "For sale" in page
    assert "1 left" not in page

    deals.bought(lamp)

    page = Client().get(url).content.decode()
    assert "Sold or reserved" in page
    assert 'href="/market"' in page
    assert "Tell me when it is back" not in page


@pytest.mark.parametrize(("condition", "said"), [("good", "Used"), ("new", "New")])
def test_what_was_used_is_not_told_to_be_new(condition: str, said: str) -> None:
    lamp = deals.listing(title="Reading lamp", condition=condition)
    page = Client().get(product_url(lamp.product)).content.decode()
    assert re.findall(r"schema.org/(\w+)Condition", page) == [said]


def test_what_is_sold_leaves_the_market() -> None:
    old, new = deals.listing(title="Old lamp"), deals.listing(title="New lamp")
    page = Client().get("/market").content.decode()
    assert page.index("New lamp") < page.index("Old lamp")

    deals.bought(new)

    page = Client().get("/market").content.decode()
    assert product_url(old.product) in page
    assert "New lamp" not in page


def test_the_front_of_the_market_shows_shops_and_what_can_be_had() -> None:
    stall = make.shop(name="Kiln & Co")
    make.product(stall, title="Everyday cup")
    deals.bought(deals.listing(deals.seller("tam"), title="Guitar with a past"))

    page = Client().get("/explore").content.decode()

    assert 'href="/shop/m-tam"' not in page
    assert f'href="/shop/{stall.slug}"' in page
    assert page.index("Everyday cup") < page.index("Guitar with a past")


def test_near_by_goes_on_to_the_last_one_and_within_the_region_that_is_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listings, "PAGE", 2)
    of = deals.seller()
    for n in range(5):
        deals.listing(of, title=f"Lamp {n}", place=place_of(30.27 + n / 50, 120.15))
    deals.listing(of, title="Elsewhere", place=place_of(30.27, 120.15), level1="Anhui")
    browser, seen = Client(), list[str]()
    url = "/market?lat=30.27&lon=120.15&km=25&region=Zhejiang"
    while url:
        page = browser.get(url).content.decode()
        seen += dict.fromkeys(re.findall(r"Lamp \d|Elsewhere", page))
        more = re.search(r'href="(\?[^"]*skip=[^"]*)"', page)
        url = f"/market{unescape(more[1])}" if more else ""

    assert seen == [f"Lamp {n}" for n in range(5)]


@pytest.mark.parametrize("blocker", ["seller", "reader"])
def test_things_of_who_is_apart_from_the_reader_are_not_in_their_market(blocker: str) -> None:
    here = place_of(30.27, 120.15)
    seller, reader = deals.seller("tam"), make.member()
    lamp = deals.listing(seller, title="Reading lamp", place=here)
    other = deals.listing(title="Old chair", place=here)
    browser, program = client(reader), Program(reader)
    pages = ["/market", "/market?lat=30.27&lon=120.15&km=50"]
    one, two = (seller, reader) if blocker == "seller" else (reader, seller)
    people.block(actor=make.actor(one), account_id=two.pk)

    for url in pages:
        shown = browser.get(url).content.decode()
        assert "Old chair" in shown
        assert "Reading lamp" not in shown
        assert "Reading lamp" in Client().get(url).content.decode()
    assert [one["id"] for one in program.get("/listings")["items"]] == [str(other.pk)]
    assert browser.get(product_url(lamp.product)).status_code == 404
    assert Client().get(product_url(lamp.product)).status_code == 200


def test_all_that_a_listing_lacks_is_said_at_once() -> None:
    browser = Client()
    browser.force_login(make.member("mei", email="mei@example.com"))

    answer = browser.post("/market/new", {"currency": "CNY", "price": "", "handover": "post"})

    page = answer.content.decode()
    assert answer.status_code == 422
    listed = page[page.index('class="errors"') :].split("</div>")[0]
    fields = re.findall(r'href="#(f-\w+)"', listed)
    assert fields == ["f-pictures", "f-title", "f-price", "f-level1"]
    assert all(f'id="{field}"' in page for field in fields)


def test_who_cannot_be_reached_reads_so_before_filling_anything_in() -> None:
    browser = Client()
    browser.force_login(make.member("mei"))

    page = browser.get("/market/new").content.decode()

    assert "Add an e-mail address or a phone number first." in page
    assert 'href="/me/contact"' in page


def test_what_arrived_is_not_proposed_as_missing_when_a_decision_is_asked_for() -> None:
    buyer = make.member("ana")
    order = deals.bought(deals.listing(title="Reading lamp"), buyer)
    browser = Client()
    browser.force_login(buyer)
    url = f"/o/{order.checkout.access_token}/{order.pk}/dispute"

    def proposed() -> list[str]:
        return re.findall(r'value="(\w+)" checked', browser.get(url).content.decode())

    assert proposed() == ["not_arrived"]
    orders.ship(actor=make.actor(order.shop.owner), order_id=order.pk, carrier="SF")
    orders.confirm_receipt(actor=make.actor(buyer), order_id=order.pk)
    assert proposed() == ["not_as_described"]
