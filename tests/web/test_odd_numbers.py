"""Whatever stands in an address, a page answers it; nothing of it is a fault of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver

from banyan.kernel.digits import LARGEST, whole
from tests.support import factories as make

ODD = ("²", "٣", "-1", "9" * 19, "9" * 40, str(LARGEST), "", "%00", "1%00", "%ED%A0%80", "1.5", "x")
NAMES = (
    *("before", "after", "from", "generation", "variant", "n", "t", "via", "product", "q", "kind"),
    *("step", "state", "part", "coupon", "country", "board", "o", "c", "next", "lang", "only"),
)


@pytest.mark.parametrize("text", ["²", "٣", "-1", "+1", "1_0", " 1", "", "9" * 19, "9" * 5000])
def test_what_is_no_number_is_read_as_none(text: str) -> None:
    assert whole(text) is None


def test_numbers_are_read_up_to_the_most() -> None:
    assert (whole("0"), whole("007"), whole(str(LARGEST))) == (0, 7, LARGEST)
    assert (whole("99", most=99), whole("100", most=99)) == (99, None)


def test_no_address_makes_a_page_fail(db: None) -> None:
    owner = make.staff("owner")
    thing = make.product(make.shop(owner))
    shop = thing.shop
    client = Client(raise_request_exception=False)
    client.force_login(owner)
    pages = [
        *("/", "/explore", "/post", "/orders", "/cart", "/checkout", "/earnings", "/me/links"),
        *("/notifications", f"/@{owner.handle}", f"/people/{owner.handle}/followers", "/login"),
        *(f"/shop/{shop.slug}", f"/shop/{shop.slug}/{thing.slug}", f"/share/product/{thing.pk}"),
        *(f"/studio/{shop.slug}/{room}" for room in ("", "goods", "orders", "shares", "people")),
        *("/desk/find", "/desk/cascades", "/me/addresses/new"),
    ]
    met = set()
    for n, page in enumerate(pages):
        for odd in ODD[n % 2 :: 2]:
            value = odd if odd.startswith(("%", "1%")) else quote(odd)
            for address in _addresses(page, value):
                status = client.get(address).status_code
                met.add((page, status))
                assert status < 500, address
    assert len({page for page, status in met if status == 200}) > len(pages) - 8, sorted(met)


def test_no_page_looks_for_a_name_with_nul(db: None) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(make.member())
    paths = {re.sub(r"<str:\w+>", "%00", path) for path in _paths(get_resolver())}
    named = {re.sub(r"<\w+:\w+>", "1", path) for path in paths if "%00" in path}
    assert len(named) > 50
    met = {(client.get(path).status_code, client.post(path).status_code) for path in named}
    assert met == {(404, 404)}


def _paths(resolver: URLResolver, before: str = "/") -> Iterator[str]:
    """Yield the patterns of all pages; programs have their own refusals, the desk is Django's."""
    for each in resolver.url_patterns:
        path = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _paths(each, path)
        elif not path.startswith("/api/"):
            yield path


def _addresses(page: str, value: str) -> list[str]:
    """All fields at once; and alone those that one of the others may keep from being read."""
    alone = ("before", "after", "variant", "q") if value in {quote("²"), "9" * 19} else ()
    each = [f"{page}?{name}={value}" for name in alone]
    return [*each, page + "?" + "&".join(f"{name}={value}" for name in NAMES)]


DAYS = ("9999-12-31", "0001-01-01", "2026-02-30", "9999-12", "x")


def test_no_day_and_no_list_of_orders_makes_a_room_of_the_studio_fail(db: None) -> None:
    shop = make.shop()
    client = Client(raise_request_exception=False)
    client.force_login(shop.owner)
    room = f"/studio/{shop.slug}"
    asked = [f"{room}/day/{day}" for day in DAYS]
    asked += [
        f"{room}/{path}?from={day}&to={day}" for day in DAYS for path in ("orders", "orders/export")
    ]
    asked += [
        f"{room}/orders/{path}?order={ids}"
        for path in ("packing", "send")
        for ids in ("9" * 5000, "²", "-1", str(LARGEST), str(LARGEST + 1))
    ]
    for address in asked:
        status = client.get(address).status_code
        assert status in {200, 404}, (address[:80], status)
    assert client.get(f"{room}/day/2026-11-28").status_code == 200


@pytest.mark.parametrize("odd", ["1e999999", "1e-999999", "NaN", "-1", "1e9"])
def test_a_rate_that_is_none_is_refused_at_its_field(db: None, odd: str) -> None:
    shop = make.shop()
    client = Client(raise_request_exception=False)
    client.force_login(shop.owner)
    terms = {"form": "terms", "rate_bps": odd, "levels": "1", "hold_days": "7"}
    sent = client.post(f"/studio/{shop.slug}/settings", terms)
    assert sent.status_code == 422
    tax = {"name": "VAT", "places": "*", "standard_rate": odd}
    assert client.post(f"/studio/{shop.slug}/delivery/taxes/new", tax).status_code == 422


@pytest.mark.parametrize("name", ["origin", "referer"])
@pytest.mark.parametrize("odd", ["http://[", "http://a\u2100b", "null", ""])
def test_a_form_from_an_address_that_is_none_is_refused(db: None, name: str, odd: str) -> None:
    client = Client(raise_request_exception=False)
    for path in ("/cart/add", "/login"):
        sent = client.post(path, {"variant": "1"}, headers={name: odd})
        assert (path, sent.status_code) == (path, 403)


def test_a_form_with_nul_is_refused_before_anything_is_done(db: None) -> None:
    ana = make.member("ana")
    client = Client(raise_request_exception=False, headers={"sec-fetch-site": "same-origin"})
    client.force_login(ana)
    name, bio = ana.display_name, ana.profile.bio
    for address in ("/me/edit", "/cart/add", "/login", "/me/addresses/new"):
        sent = client.post(address, {"display_name": "a\0b", "bio": "x"})
        assert sent.status_code == 400, address
    ana.refresh_from_db()
    assert (ana.display_name, ana.profile.bio) == (name, bio)


def test_a_till_that_sends_a_form_in_place_of_its_scans_is_told_so(db: None) -> None:
    shop = make.shop()
    client = Client(raise_request_exception=False, headers={"accept": "application/json"})
    client.force_login(shop.owner)
    sent = client.post(f"/studio/{shop.slug}/redeem/sync", {"device": "till"})
    assert (sent.status_code, sent.json()["code"]) == (422, "sync_unreadable")
