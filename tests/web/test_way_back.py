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


def test_another_language_on_a_refused_form_leads_to_the_page_it_stood_on() -> None:
    item = make.variant()
    shop = item.product.shop
    client = Client()
    client.force_login(shop.owner)
    stood_on = f"/studio/{shop.slug}/stock/{item.pk}/story"
    url = f"/studio/{shop.slug}/stock/{item.pk}/low"

    refused = client.post(
        url, {"low_at": "few"}, headers={"referer": f"http://testserver{stood_on}"}
    )

    assert refused.status_code == 422
    form = refused.content.decode().partition('action="/language"')[2]
    assert form.partition('name="next" value="')[2].partition('"')[0] == stood_on
    switched = client.post("/language", {"language": "zh-hans", "next": stood_on}, follow=True)
    assert switched.status_code == 200


@pytest.mark.parametrize(
    "odd", ["https://evil.example/x", "http://[", "", "http://testserver/login"]
)
def test_of_a_form_from_nowhere_or_of_the_page_itself_it_is_the_page_itself(odd: str) -> None:
    refused = Client().post(
        "/login?intent=x",
        {"contact": ""},
        headers={"referer": odd, "sec-fetch-site": "same-origin"},
    )
    assert refused.status_code == 422
    form = refused.content.decode().partition('action="/language"')[2]
    assert form.partition('name="next" value="')[2].partition('"')[0] == "/login?intent=x"


def test_a_form_for_a_host_that_is_none_of_ours_is_refused_in_words() -> None:
    headers = {"host": "bad host", "referer": "http://testserver/"}
    assert Client().post("/login", {"contact": "a"}, headers=headers).status_code in {400, 403}
