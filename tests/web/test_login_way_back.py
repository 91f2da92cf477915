"""A page that needs an account leads to the sign-in and back to itself."""

from __future__ import annotations

import re
from html import escape, unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from tests.support import factories as make


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/orders", "/post?product=5", "/me/boards", "/earnings"])
def test_the_sign_in_that_a_page_asks_for_leads_back_to_it(path: str) -> None:
    answer = Client().get(path)
    expected = path.replace("/", "%2F").replace("?", "%3F").replace("=", "%3D")
    assert (answer.status_code, answer["Location"]) == (302, f"/login?next={expected}")


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_part_of_a_page_leads_back_to_the_whole_page_after_the_sign_in(method: str) -> None:
    item = make.variant()
    room = f"/studio/{item.product.shop.slug}"
    asked = f"{room}/stock/{item.pk}/edit" if method == "post" else f"{room}/?part=now"
    page = f"{room}/stock?q=茶&show=low"
    headers = {"hx-request": "true", "referer": f"http://testserver{page}"}

    answer = getattr(Client(), method)(asked, headers=headers)

    assert answer.status_code == 401
    onward = urlsplit(answer["HX-Redirect"])
    assert onward.path == "/login"
    assert parse_qs(onward.query)["next"] == [page]
    asked = Client().get(answer["HX-Redirect"]).content.decode()
    assert f'name="next" value="{escape(page)}"' in asked


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["next", "referer"])
def test_a_form_that_needs_an_account_leads_back_to_the_page_it_stood_on(how: str) -> None:
    page = "/studio/some-shop/stock?show=low"
    form = {"next": page} if how == "next" else {}
    headers = {"referer": f"http://testserver{page}"} if how == "referer" else {}

    refused = Client().post("/studio/some-shop/stock/1/edit", form, headers=headers)

    assert refused.status_code == 401
    link = re.search(r'href="(/login[^"]*)"', refused.content.decode())
    assert link
    asked = Client().get(unescape(link[1])).content.decode()
    assert f'name="next" value="{escape(page)}"' in asked
