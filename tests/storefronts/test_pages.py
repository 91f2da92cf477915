"""Storefront pages over HTTP: what strangers see, what only owners may change, cards elsewhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from banyan.kernel.actors import Actor
from banyan.moderation import actions as moderation
from banyan.orders.models import OrderLine
from banyan.people.models import Account
from banyan.storefronts import actions as storefronts
from banyan.storefronts.models import Offer, Storefront
from tests.support import factories as make
from tests.web.shop.cards import tagged_post

from . import stalls

pytestmark = pytest.mark.django_db

BAD_ADDRESSES = [
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    " data:text/html,x",
    "//evil.example",
    "ftp://example.com/x",
    "https://user:pass@example.com",
    "https://",
    "https://exa mple.com",
    "https://[",
    "https://example.com\n/x",
]


def browser(account: Account | None = None) -> Client:
    client = Client()
    if account is not None:
        client.force_login(account)
    return client


def shown(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


def test_a_member_opens_a_storefront_chooses_orders_pins_and_prices() -> None:
    me = make.member("ana")
    mine = browser(me)
    first, second = make.product(title="Cup"), make.product(title="Bowl")
    pooled = stalls.supply(make.variant(price=12_000), supply=8_000)

    mine.post("/me/storefront", {"do": "open", "title": "Ana's corner"})
    for product in (first, second):
        mine.post("/me/storefront/goods", {"product": product.pk})
    mine.post(f"/me/storefront/pool/{pooled.pk}")
    bowl = Offer.objects.get(product=second)
    mine.post(f"/me/storefront/offers/{bowl.pk}", {"do": "up"})
    listed = Offer.objects.get(kind="pooled")
    variant = listed.prices.get().variant_id
    mine.post(f"/me/storefront/offers/{listed.pk}", {"do": "price", f"price_{variant}": "99.00"})
    mine.post(f"/me/storefront/offers/{listed.pk}", {"do": "pin"})

    page = shown(browser(), "/store/ana")
    assert page.index("99.00") < page.index("Bowl") < page.index("Cup")
    assert "may earn from what you buy here" in page
    for url in ("/me/storefront", "/me/storefront/goods?q=Cup", "/me/storefront/pool"):
        shown(mine, url)


def test_what_a_unit_earns_is_said_to_be_before_what_is_taken_off_it() -> None:
    page = stalls.page("ana")
    stalls.listed(page, stalls.supply(make.variant(price=12_000), supply=8_000), 9_900)

    told = shown(browser(page.owner), "/me/storefront")

    assert "19.00 a unit before tax and fees." in told


def test_a_price_that_is_too_low_is_refused_on_the_page_with_the_reason() -> None:
    page = stalls.page("ana")
    offer = stalls.listed(page, stalls.supply(make.variant(price=12_000)), 9_900)
    variant = offer.prices.get().variant_id

    answer = browser(page.owner).post(
        f"/me/storefront/offers/{offer.pk}", {"do": "price", f"price_{variant}": "79.99"}
    )

    assert answer.status_code == 422
    page_text = answer.content.decode()
    assert "less than the supplier allows" in page_text
    assert f'href="#f-price_{variant}"' in page_text
    assert re.search(rf'id="f-price_{variant}" value="79.99"[^>]*aria-invalid="true"', page_text)
    assert offer.prices.get().amount == 9_900


def test_what_is_no_price_stays_in_its_field_and_is_marked_there() -> None:
    page = stalls.page("ana")
    offer = stalls.listed(page, stalls.supply(make.variant(price=12_000)), 9_900)
    variant = offer.prices.get().variant_id

    text = (
        browser(page.owner)
        .post(
            f"/me/storefront/offers/{offer.pk}", {"do": "price", f"price_{variant}": "ninety-nine"}
        )
        .content.decode()
    )

    assert re.search(rf'id="f-price_{variant}" value="ninety-nine"[^>]*aria-invalid="true"', text)
    assert f'href="#f-price_{variant}"' in text


def test_somebody_elses_page_is_not_there_to_change() -> None:
    page = stalls.page("ana")
    offer = storefronts.select_product(actor=stalls.owner_of(page), product_id=make.product().pk)
    stranger = browser(stalls.page("ben").owner)

    for wish in ("up", "pin", "unpin", "price", "end"):
        answer = stranger.post(f"/me/storefront/offers/{offer.pk}", {"do": wish})
        assert answer.status_code == 404, wish
    assert browser(make.member()).post("/me/storefront/look", {"title": "x"}).status_code == 404
    offer.refresh_from_db()
    assert (offer.state, offer.is_pinned) == ("live", False)


def test_a_stranger_is_asked_to_sign_in_and_nothing_is_made() -> None:
    answer = browser().post("/me/storefront", {"title": "x"})

    assert answer.status_code == 401
    assert not Storefront.objects.exists()


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_a_link_out_is_a_web_address_or_nothing(address: str) -> None:
    page = stalls.page()

    answer = browser(page.owner).post(
        "/me/storefront", {"do": "link", "title": "Look", "url": address}
    )

    assert answer.status_code == 422
    assert not Offer.objects.exists()


@pytest.mark.parametrize(
    ("paid", "rel"),
    [(True, "sponsored nofollow noopener"), (False, "nofollow noopener")],
)
def test_a_link_out_says_where_it_leads_and_that_it_is_paid(paid: bool, rel: str) -> None:
    page = stalls.page("ana")
    offer = storefronts.add_link_out(
        actor=stalls.owner_of(page), title="Kiln", url="https://example.com/kiln", is_paid=paid
    )

    for text in (shown(browser(), "/store/ana"), embedded(offer).content.decode()):
        assert f'href="https://example.com/kiln" rel="{rel}"' in text
        assert "example.com" in text
        assert ("Paid link" in text) is paid


@pytest.mark.parametrize(
    "colour", ["red", "#12345", "#1234567", "#fff;}body{display:none", "url(x)", "#gggggg"]
)
def test_a_colour_is_a_colour_and_no_style(colour: str) -> None:
    page = stalls.page()

    answer = browser(page.owner).post(
        "/me/storefront/look", {"title": "x", "intro": "", "colour": colour}
    )

    assert answer.status_code == 422
    page.refresh_from_db()
    assert (page.colour, page.look) == ("", 1)


def test_the_colour_is_a_style_sheet_of_its_own_with_a_new_address_per_change() -> None:
    page = stalls.page("ana")
    mine = browser(page.owner)
    assert "look-" not in shown(browser(), "/store/ana")

    for colour in ("#1e6b52", "#ffee00"):
        mine.post("/me/storefront/look", {"title": "x", "intro": "", "colour": colour.upper()})

    found = re.search(r'href="(/store/ana/look-3\.css)"', shown(browser(), "/store/ana"))
    assert found
    answer = browser().get(found.group(1))
    assert answer["Content-Type"] == "text/css"
    assert "immutable" in answer["Cache-Control"]
    assert "background:#ffee00;color:#1c1916" in answer.content.decode()


def test_a_closed_storefront_is_not_there_for_others() -> None:
    page = stalls.page("ana")
    offer = storefronts.select_product(actor=stalls.owner_of(page), product_id=make.product().pk)
    browser(page.owner).post("/me/storefront/look", {"do": "close"})

    assert browser().get("/store/ana").status_code == 404
    assert browser().get(f"/embed/offer/{offer.code}").status_code == 404
    assert "closed" in shown(browser(page.owner), "/store/ana")


def embedded(offer: Offer) -> Any:
    return browser().get(reverse("embed_offer", args=[offer.code]))


def test_a_card_may_be_framed_anywhere_sets_nothing_and_is_light() -> None:
    page = stalls.page("ana")
    offer = stalls.listed(page, stalls.supply(make.variant(price=12_000)), 9_900)

    answer = embedded(offer)

    text = answer.content.decode()
    assert answer.status_code == 200
    assert "X-Frame-Options" not in answer
    assert "frame-ancestors https: http:" in answer["Content-Security-Policy"]
    assert not answer.cookies
    assert "<script" not in text
    assert "99.00" in text
    assert f"offer={offer.pk}" in text
    assert len(answer.content) < 4_000


def test_words_that_are_not_said_here_stand_on_no_link_out() -> None:
    moderation.list_word(actor=Actor.system("test"), text="pills", effect="block", reason="test")
    page = stalls.page("ana")

    answer = browser(page.owner).post(
        "/me/storefront", {"do": "link", "title": "Cheap pills", "url": "https://a.example"}
    )

    assert answer.status_code == 422
    assert not Offer.objects.exists()


def test_no_other_page_may_be_framed_elsewhere() -> None:
    page = stalls.page("ana")

    for url in ("/", "/store/ana", "/login", f"/@{page.owner.handle}"):
        answer = browser().get(url)
        assert "frame-ancestors 'self'" in answer["Content-Security-Policy"], url
        assert answer["X-Frame-Options"] in {"DENY", "SAMEORIGIN"}, url


def test_the_pages_price_holds_at_the_product_page_the_cart_and_the_checkout() -> None:
    page = stalls.page("ana")
    item = make.variant(price=12_000)
    offer = stalls.listed(page, stalls.supply(item), 9_900)
    guest = browser()
    path = f"/shop/{item.product.shop.slug}/{item.product.slug}"

    assert "120.00" in shown(guest, path)
    at_the_page = shown(guest, f"{path}?offer={offer.pk}")
    assert "Buy for CN¥99.00" in at_the_page or "99.00" in at_the_page
    assert "120.00" not in at_the_page
    guest.post(
        "/cart/add",
        {"variant": item.pk, "offer": offer.pk},
        headers={"origin": "http://testserver"},
    )
    assert "99.00" in shown(guest, "/cart")
    checkout = shown(guest, "/checkout")
    assert "99.00" in checkout
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', checkout))
    placed = guest.post("/checkout", {**fields, **make.ADDRESS, "email": "cy@example.com"})
    assert placed.status_code == 302
    line = OrderLine.objects.get()
    assert (line.unit_amount, line.supply_amount, line.offer_id) == (9_900, 8_000, offer.pk)
    assert line.storefront_id == page.pk


def test_an_offer_of_another_product_does_not_lend_its_price() -> None:
    page = stalls.page("ana")
    cheap, dear = make.variant(price=100), make.variant(price=90_000)
    offer = stalls.listed(page, stalls.supply(cheap, supply=50), 60)

    path = f"/shop/{dear.product.shop.slug}/{dear.product.slug}"
    assert "900.00" in shown(browser(), f"{path}?offer={offer.pk}")
    answer = browser().get("/checkout", {"variant": dear.pk, "n": 1, "offer": offer.pk})
    assert answer.status_code == 409
    assert not OrderLine.objects.exists()


def test_a_supplier_sees_who_lists_and_what_each_page_sold() -> None:
    item = make.variant(price=12_000)
    shop = item.product.shop
    page = stalls.page("ana")
    pooled = stalls.supply(item, open_to="anyone")
    make.pay(stalls.place(item, stalls.listed(page, pooled, 9_900), n=2))
    owner = browser(shop.owner)

    text = shown(owner, f"/studio/{shop.slug}/pool")
    assert page.title.replace("'", "&#39;") in text
    assert re.search(r'data-label="Units sold">2<', text)
    assert browser(make.member()).get(f"/studio/{shop.slug}/pool").status_code == 404

    terms = {"product": item.product_id, f"supply_{item.pk}": "100.00", "open_to": "anyone"}
    assert owner.post(f"/studio/{shop.slug}/pool", terms).status_code == 302
    assert Offer.objects.get().state == "paused"
    assert "Paused" in shown(owner, f"/studio/{shop.slug}/pool?product={item.product_id}")


def test_a_post_shows_its_goods_with_a_way_straight_to_the_checkout() -> None:
    product = make.product(price=4_500, stock=3)
    post = tagged_post(make.member(), product)

    text = shown(browser(), f"/p/{post.pk}")

    assert "3 left" in text
    assert re.search(r'href="/checkout\?variant=\d+&amp;n=1', text)


def statements(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        shown(client, url)
    return len(seen)


def test_a_page_and_its_editor_ask_as_much_for_one_thing_as_for_ten() -> None:
    page = stalls.page("ana")
    mine = browser(page.owner)

    def add() -> None:
        me = stalls.owner_of(page)
        storefronts.select_product(actor=me, product_id=make.product().pk)
        stalls.listed(page, stalls.supply(make.variant(price=12_000)), 9_900)
        storefronts.add_link_out(actor=me, title="Out", url="https://example.com")

    add()
    urls = {"/store/ana": browser(), "/me/storefront": mine, "/me/storefront/pool": mine}
    few = {url: statements(client, url) for url, client in urls.items()}
    for _ in range(4):
        add()

    assert {url: statements(client, url) for url, client in urls.items()} == few
    assert few["/store/ana"] <= 9


def test_a_cart_and_a_checkout_ask_as_much_for_one_offer_as_for_ten() -> None:
    page = stalls.page("ana")
    guest = browser()

    def add() -> None:
        item = make.variant(make.shop(), price=12_000)
        offer = stalls.listed(page, stalls.supply(item), 9_900)
        guest.post(
            "/cart/add",
            {"variant": item.pk, "offer": offer.pk},
            headers={"origin": "http://testserver"},
        )

    add()
    shown(guest, "/checkout")  # the first look makes the browser's form token
    few = {url: statements(guest, url) for url in ("/cart", "/checkout")}
    for _ in range(4):
        add()

    assert {url: statements(guest, url) for url in few} == few
    assert max(few.values()) <= 12
