"""A refused form comes back with what was typed into it, and with what was chosen."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from banyan.catalog import actions as catalog
from banyan.chat import actions as chat
from banyan.chat.models import Thread
from banyan.media.models import StagedUpload
from banyan.orders.models import OrderNote
from banyan.storefronts import actions as storefronts
from tests.delivery import goods
from tests.groups import circles
from tests.support import factories as make
from tests.support.pictures import staged_picture

from .scene import client, scene

pytestmark = pytest.mark.django_db
TOO_LONG = "a word " * 400


def refused(answer: Any) -> str:
    found: HttpResponse = answer
    assert found.status_code == 422
    return found.content.decode()


def chosen(html: str, name: str) -> list[str]:
    select = html.partition(f'name="{name}"')[2].partition("</select>")[0]
    return re.findall(r'<option value="([^"]*)" selected>', select)


def test_a_list_of_licence_keys_is_not_to_be_pasted_again() -> None:
    item = goods.keyed(n=1)
    shop = item.product.shop
    url = reverse("studio_handing_over", args=[shop.slug, item.product_id])
    typed = f"KEY-A1\nKEY-B2\n{'x' * 600}"
    html = refused(client(shop.owner).post(url, {"do": "keys", "keys": typed}))
    assert "KEY-A1\nKEY-B2" in html


def test_places_and_numbers_of_the_stock_stand_where_they_were_typed() -> None:
    item = make.variant(stock=5)
    shop, browser = item.product.shop, client(item.product.shop.owner)
    owner = make.actor(shop.owner)
    barn = catalog.add_location(actor=owner, shop_id=shop.pk, name="Barn")
    cellar = catalog.add_location(actor=owner, shop_id=shop.pk, name="Cellar")

    places = reverse("studio_stock_locations", args=[shop.slug])
    assert 'value="Barn"' in refused(browser.post(places, {"name": "Barn"}))
    assert 'value="many"' in refused(browser.post(places, {"low_at": "many"}))
    low = reverse("studio_stock_low", args=[shop.slug, item.pk])
    assert 'value="few"' in refused(browser.post(low, {"low_at": "few"}))
    carry = reverse("studio_stock_carry", args=[shop.slug, item.pk])
    wish = {"quantity": "7", "source": str(cellar.pk), "target": ""}
    html = refused(browser.post(carry, wish))
    assert 'value="7"' in html
    assert (chosen(html, "source"), chosen(html, "target")) == ([str(cellar.pk)], [""])
    html = refused(browser.post(carry, wish | {"source": "", "target": str(cellar.pk)}))
    assert (chosen(html, "source"), chosen(html, "target")) == ([], [str(cellar.pk)])
    assert barn.pk != cellar.pk


def test_the_number_of_a_change_and_of_codes_comes_back() -> None:
    at = scene(quantity=3)
    browser, line = client(at.owner), at.order.lines.get()
    change = reverse("studio_order_change", args=[at.shop.slug, at.order.pk])
    wish = {"kind": "quantity", "line": str(line.pk), "quantity": "44"}
    assert 'value="44"' in refused(browser.post(change, wish))

    form = {"title": "Spring", "code": "SPRING", "reach": "code", "cap": "9", "per_person": "1"}
    form |= {"benefits": "percent_off", "benefits-percent_off-bps": "10", "stacking": "shop"}
    made = browser.post(reverse("studio_coupon_new", args=[at.shop.slug]), form)
    assert made.status_code == 302
    codes = f"{made['Location']}/codes"
    assert 'value="a lot"' in refused(browser.post(codes, {"n": "a lot"}))


def test_a_coupon_is_shown_in_words_whatever_stands_for_what_it_goes_with() -> None:
    shop = make.shop()
    make.variant(shop, price=10_000)
    form = {"benefits": "percent_off", "benefits-percent_off-bps": "10", "stacking": "nonsense"}
    url = reverse("studio_coupon_new", args=[shop.slug])
    assert client(shop.owner).post(url, form | {"again": "preview"}).status_code == 200
    assert client(shop.owner).post(url, form).status_code == 422


def test_goods_that_were_chosen_for_an_answer_stay_chosen() -> None:
    at = scene()
    room = chat.open_shop_room(actor=make.actor(at.buyer), shop_id=at.shop.pk)
    chat.send(actor=make.actor(at.buyer), room_id=room.pk, words=chat.Words(body="Is it safe?"))
    url = reverse("studio_thread", args=[at.shop.slug, Thread.objects.get().pk])
    card = f"product:{at.item.product_id}"
    html = refused(client(at.owner).post(url, {"body": TOO_LONG, "card": card}))
    assert chosen(html, "card") == [card]


def test_a_message_about_an_order_that_is_too_long_is_not_lost() -> None:
    at = scene()
    token = at.order.checkout.access_token
    url = reverse("order_note", args=[token, at.order.pk])
    html = refused(client(at.buyer).post(url, {"body": TOO_LONG}))
    assert TOO_LONG.strip() in html
    assert "Write 1 to 1000 letters." in html
    assert not OrderNote.objects.exists()


@pytest.mark.parametrize("room", ["studio_goods", "studio_stocks"])
def test_who_counts_on_a_later_page_or_in_a_search_comes_back_there(room: str) -> None:
    item = make.variant(stock=5)
    shop, browser = item.product.shop, client(item.product.shop.owner)
    query = "?q=product&show=all&before=9000000000000000000"
    place = reverse(room, args=[shop.slug]) + query
    form = form_of(browser.get(place), item.pk)
    assert form["next"] == place

    wrong = browser.post(form["action"], form | {"on_hand": "many"})
    again = form_of(wrong, item.pk, status=422)
    done = browser.post(again["action"], again | {"on_hand": "7", "saw": "5"})

    assert (done.status_code, done["Location"]) == (302, place)


def test_a_way_back_that_is_none_of_ours_leads_to_the_list() -> None:
    item = make.variant(stock=5)
    shop = item.product.shop
    url = reverse("studio_stock", args=[shop.slug, item.pk])
    form = {"on_hand": "7", "saw": "5", "next": "https://evil.example/"}
    done = client(shop.owner).post(url, form)
    assert done["Location"] == reverse("studio_goods", args=[shop.slug])


def test_a_cover_is_kept_for_good_once_its_form_is_taken_and_not_before() -> None:
    owner = make.member()
    club = circles.group(owner)
    storefronts.open_storefront(actor=make.actor(owner), title="Corner")
    browser = client(owner)
    rooms = {
        reverse("group_settings", args=[club.slug]): {"name": "", "visibility": "0"},
        reverse("storefront_edit"): {"title": ""},
    }
    for url, form in rooms.items():
        token = staged_picture(make.actor(owner))
        html = refused(browser.post(url, form | {"cover": token}))
        assert token in html
        assert StagedUpload.objects.get(token=token).used_at is None


def form_of(answer: Any, variant_id: int, status: int = 200) -> dict[str, str]:
    """Return the fields of the form that counts a variant, and its ``action``."""
    assert answer.status_code == status
    html = answer.content.decode()
    found = re.search(rf'action="([^"]*/stock/{variant_id}[^"]*)"(.*?)</form>', html, re.DOTALL)
    assert found
    fields = re.findall(r'name="(next|saw|newest)" value="([^"]*)"', found[2])
    return {"action": found[1]} | {name: unescape(value) for name, value in fields}


def test_one_code_and_one_key_are_not_said_to_be_several() -> None:
    item = goods.keyed(n=1)
    shop = item.product.shop
    browser = client(shop.owner)
    url = reverse("studio_handing_over", args=[shop.slug, item.product_id])
    page = browser.post(url, {"do": "keys", "keys": "KEY-Z9"}, follow=True).content.decode()
    assert "1 key is in the pool now." in page
    two = browser.post(url, {"do": "keys", "keys": "KEY-Y8\nKEY-X7"}, follow=True)
    assert "2 keys are in the pool now." in two.content.decode()
