"""Where a small form leads back to: a page of ours, whatever its address says."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.support import factories as make

pytestmark = pytest.mark.django_db
ODD = ["-1", "NaN", "9" * 30, "' OR 1=1 --", "home", "https://evil.example/", "//evil.example", ""]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("url", ["/language", "/theme"])
def test_an_odd_way_back_leads_home(url: str, odd: str) -> None:
    answer = Client().post(url, {"next": odd})
    assert (answer.status_code, answer["Location"]) == (302, "/")


@pytest.mark.parametrize("url", ["/language", "/theme"])
def test_a_page_of_ours_is_come_back_to(url: str) -> None:
    browser = Client()
    assert browser.post(url, {"next": "/t/tea?order=best"})["Location"] == "/t/tea?order=best"
    came_from = browser.post(url, headers={"referer": "http://testserver/explore"})
    assert came_from["Location"] == "http://testserver/explore"


def test_the_address_of_a_form_that_is_reloaded_says_what_it_is_in_words() -> None:
    item = make.variant()
    client = Client()
    client.force_login(item.product.shop.owner)
    url = f"/studio/{item.product.shop.slug}/stock/{item.pk}/edit"

    page = client.get(url)
    program = client.get(url, headers={"accept": "application/json"})
    other = client.put(f"/studio/{item.product.shop.slug}/orders")

    assert (page.status_code, page["Allow"]) == (405, "POST")
    assert "it takes what a form sends" in page.content.decode()
    assert 'href="/"' in page.content.decode()
    assert program.json()["code"] == "method_not_allowed"
    assert (other.status_code, other["Allow"]) == (405, "GET, HEAD")
    assert "This could not be done." in other.content.decode()
