"""The number over the cart: what it held when it was last seen, at no statement."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests.support import factories as make

pytestmark = pytest.mark.django_db


def from_here() -> Client:
    """Return a browser that posts from our own pages."""
    return Client(headers={"sec-fetch-site": "same-origin"})


def badge(page: str) -> str:
    found = re.search(r'id="cart-count">([^<]*)<', page)
    return found[1] if found else ""


def test_what_is_in_the_cart_is_counted_on_every_page_until_it_is_ordered() -> None:
    browser, item = from_here(), make.variant(stock=200)
    assert badge(browser.get("/explore").content.decode()) == ""

    cart = browser.post("/cart/add", {"variant": item.pk, "n": "2"}, follow=True)

    assert badge(cart.content.decode()) == "2"
    assert badge(browser.get("/explore").content.decode()) == "2"
    form = browser.get("/checkout").content.decode()
    token = re.search(r'name="token" value="([^"]+)"', form)
    agreed = re.search(r'name="agreed" value="([^"]*)"', form)
    assert token
    assert agreed
    typed = {**make.ADDRESS, "email": "cy@example.com"}
    placed = browser.post("/checkout", {"token": token[1], "agreed": agreed[1], **typed})
    assert placed.status_code == 302
    assert badge(browser.get("/explore").content.decode()) == ""


def test_many_are_many_and_nonsense_is_nothing() -> None:
    browser = Client()
    for kept, shown in (("120", "99+"), ("7", "7"), ("0", ""), ("x<b>", "")):
        browser.cookies["banyan_cart_n"] = kept
        assert badge(browser.get("/explore").content.decode()) == shown, kept


def test_who_signs_out_leaves_no_number_behind() -> None:
    browser, item = from_here(), make.variant()
    browser.force_login(make.member())
    browser.post("/cart/add", {"variant": item.pk}, follow=True)
    assert badge(browser.get("/explore").content.decode()) == "1"

    browser.post("/logout")

    assert badge(browser.get("/explore").content.decode()) == ""
