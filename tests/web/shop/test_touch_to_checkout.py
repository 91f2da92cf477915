"""The touch the edge made reaches the order line, and the checkout proves it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from banyan.orders.models import OrderLine
from banyan.sharing import actions as sharing
from banyan.sharing.models import Link, Touch
from tests.support import factories as make

pytestmark = pytest.mark.django_db
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Mobile Safari"


def shared(kind: str) -> Link:
    product = make.product()
    target = product.pk if kind == "product" else product.shop_id
    return sharing.share(
        actor=make.actor(make.member()), target_kind=kind, target_id=target, via=None
    )


def buy(browser: Client, page: str) -> OrderLine:
    """Follow the page's buy link and place the order by the form as it was drawn."""
    text = browser.get(page).content.decode()
    href = re.search(r'href="(/checkout[^"]+)"', text)
    assert href, "no buy link"
    form = browser.get(href[1].replace("&amp;", "&")).content.decode()
    fields = dict(re.findall(r'<input type="hidden" name="([a-z]+)" value="([^"]*)"', form))
    fields |= make.ADDRESS | {"email": "guest@example.com", "provider": "sandbox"}
    fields.pop("csrfmiddlewaretoken", None)
    fields.setdefault("token", "t" * 20)
    answer = browser.post("/checkout", fields)
    assert answer.status_code != 422, answer.content.decode()
    return OrderLine.objects.latest("pk")


@pytest.fixture(autouse=True)
def _no_gateway(settings: Any) -> None:
    # The order is placed before anybody is sent to pay; whether that works is another's matter.
    settings.SANDBOX_URL = "http://127.0.0.1:9"


def open_link(browser: Client, link: Link) -> tuple[str, Touch]:
    where = browser.get(f"/s/{link.code}")["Location"]
    touch = Touch.objects.latest("pk")
    assert parse_qs(urlsplit(where).query) == {"via": [link.code], "t": [str(touch.pk)]}
    return where, touch


@pytest.mark.parametrize("cookies", ["kept", "dropped"])
def test_landing_buy_link_and_form_carry_the_touch(cookies: str) -> None:
    browser, link = Client(headers={"user-agent": PHONE}), shared("product")
    where, touch = open_link(browser, link)
    if cookies == "dropped":
        browser.cookies.clear()

    line = buy(browser, where)

    assert (line.link_id, line.touch_id) == (link.pk, touch.pk)
    touch.refresh_from_db()
    assert touch.verdict == "human"


def test_a_shared_shop_carries_it_through_the_goods() -> None:
    browser, link = Client(headers={"user-agent": PHONE}), shared("shop")
    where, touch = open_link(browser, link)
    shelf = browser.get(where).content.decode()
    goods = re.search(r'href="(/shop/[^"]+/[^"?]+[?]via=[^"]+)"', shelf)
    assert goods, "no goods with the code"

    line = buy(browser, goods[1].replace("&amp;", "&"))

    assert (line.link_id, line.touch_id) == (link.pk, touch.pk)


def test_an_address_passed_on_by_hand_credits_the_link_but_not_the_others_touch() -> None:
    first, second = (Client(headers={"user-agent": PHONE}) for _ in range(2))
    link = shared("product")
    where, touch = open_link(first, link)
    open_link(second, shared("product"))

    line = buy(second, where)

    assert (line.link_id, line.touch_id) == (link.pk, None)
    touch.refresh_from_db()
    assert touch.verdict == "unknown"


def test_a_page_loaded_ahead_proves_nobody() -> None:
    browser = Client(headers={"user-agent": PHONE})
    _where, touch = open_link(browser, shared("product"))
    browser.get(f"/t/{touch.pk}", headers={"sec-purpose": "prefetch;prerender"})
    browser.head(f"/t/{touch.pk}")
    touch.refresh_from_db()
    assert touch.verdict == "unknown"
