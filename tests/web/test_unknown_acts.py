"""A form that asks for an act which its page does not have: refused, and no row changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.web.studio.scene import client
from tests.web.test_foreign_rows import PEOPLE, STUDIO, World, _all_rows, _world

pytestmark = pytest.mark.django_db
ACTS = ("do", "act", "to", "answer")
SAME = {"sec-fetch-site": "same-origin"}
# What is saved or shown without a named button, and has named ones besides.
BESIDES = {"studio_handing_over": "do", "studio_key": "do"}
# Whose pages they are; the owner's of the shop where nothing else is said.
BUYERS = {"storefront_offer", "chat_act"}


def send(browser: Client, url: str, data: dict[str, str]) -> int:
    answer = browser.post(url, data, headers=SAME)
    if answer.status_code == 302:  # to the page that says that it was refused
        told = browser.get(answer["Location"]).content.decode()
        return 422 if "Please check the marked fields." in told else 302
    return answer.status_code


def test_nothing_is_done_that_no_button_of_the_page_says() -> None:
    w = _world()
    cases = {
        name: (ids, data | {each: "dance" for each in ACTS if each in data})
        for name, (ids, data) in (STUDIO | PEOPLE).items()
        if data and any(each in data for each in ACTS)
    }
    assert len(cases) > 15
    for name, field in BESIDES.items():
        ids, data = STUDIO[name]
        cases[name] = (ids, {**(data or {}), field: "dance"})
    browsers = {True: client(w.at.buyer), False: client(w.at.owner)}
    for each in browsers.values():
        each.get("/me")
    before, done = _all_rows(), {}

    for name, (ids, data) in cases.items():
        extra = {"shop_slug": w.at.shop.slug} if name in STUDIO else {}
        if data.get("request"):
            data["request"] = str(w.asked.pk)
        url = reverse(name, kwargs=extra | ids(w))
        if (status := send(browsers[name in BUYERS], url, data)) not in {404, 422}:
            done[name] = status

    assert done == {}
    after = _all_rows()
    assert [name for name in before if before[name] != after[name]] == []


OWN: dict[str, Callable[[World], tuple[str, dict[str, Any]]]] = {
    "a page is taken into one's storefront": lambda w: (
        reverse("storefront_take", args=[w.pool_item.pk]),
        {},
    ),
    "a storefront is opened": lambda w: (reverse("storefront_mine"), {"title": "Corner"}),
    "a storefront is changed": lambda w: (reverse("storefront_edit"), {"title": "Other"}),
    "a fapiao is asked for": lambda w: (
        reverse("order_fapiao", args=[w.at.order.checkout.access_token, w.at.order.pk]),
        {"title_kind": "personal", "title": "Me", "email": "me@example.com"},
    ),
    "the shop has another name": lambda w: (
        reverse("studio_settings", args=[w.at.shop.slug]),
        {"form": "dance", "name": "Other"},
    ),
    "goods come back for longer": lambda w: (
        reverse("studio_after_sale", args=[w.at.shop.slug]),
        {"form": "dance", "confirm_days": "9", "return_days": "30"},
    ),
    "quiet hours are gone": lambda w: (
        reverse("notification_settings"),
        {"form": "dance", "time_zone": "UTC", "digest": "off", "strangers": "all"},
    ),
    "a consent is taken back": lambda w: (
        reverse("me_consent"),
        {"purpose": "news_email", "answer": "dance"},
    ),
}


@pytest.mark.parametrize("what", OWN)
def test_nor_where_a_button_without_a_name_does_it(what: str) -> None:
    w = _world()
    url, data = OWN[what](w)
    browser = client(w.at.owner if url.startswith("/studio/") else w.at.buyer)
    browser.get("/me")
    before = _all_rows()

    assert send(browser, url, {"do": "dance", **data}) == 404

    after = _all_rows()
    assert [name for name in before if before[name] != after[name]] == []
