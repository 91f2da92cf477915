"""Points at checkout and on one's own page; what the studio and the API say of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from banyan.catalog.models import Shop, Variant
from banyan.entitlements.models import PointsTerms
from banyan.orders.models import Checkout
from banyan.people.models import Account
from tests.api.client import Program
from tests.support import factories as make
from tests.support.pointed import give, points_of, purse_of
from tests.web.studio.scene import client

from .test_prices_at_checkout import form, send

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_gateway(settings: Any) -> None:
    settings.SANDBOX_URL = "http://127.0.0.1:9"


def scene() -> tuple[Shop, Variant, Account]:
    shop = make.shop(name="Clay")
    points_of(shop)
    item, buyer = make.variant(shop, price=10_000), make.member()
    give(buyer, shop, 300)
    return shop, item, buyer


def test_checkout_uses_points_unless_the_buyer_keeps_them() -> None:
    shop, item, buyer = scene()
    browser = client(buyer)
    query = f"?variant={item.pk}"
    page = browser.get(reverse("checkout") + query).content.decode()
    assert "300 points of Clay are used" in page
    assert "Pay CN¥97.00" in page

    status, kept = send(browser, form(browser, query) | {"again": "points:keep"})

    assert status == 200
    assert "Use 300 points of Clay: -CN¥3.00" in kept
    assert "Pay CN¥100.00" in kept
    values = form(browser, query + "&points=keep")
    assert values["points"] == "keep"
    assert send(browser, values)[0] == 302
    assert Checkout.objects.get().total_amount == 10_000
    assert purse_of(buyer, shop) == (300, 0)


def test_what_is_agreed_to_is_charged_and_a_spent_balance_is_asked_about_again() -> None:
    shop, item, buyer = scene()
    browser, query = client(buyer), f"?variant={item.pk}"
    values, late = form(browser, query), form(browser, query)

    assert send(browser, values)[0] == 302
    status, page = send(browser, late | {"token": late["token"][:-1] + "x"})

    assert status == 409
    assert "Points, Clay" in page
    assert Checkout.objects.get().total_amount == 9_700
    assert purse_of(buyer, shop) == (0, 0)


def test_ones_own_points_are_listed_with_their_origin_and_nobody_elses() -> None:
    _shop, item, buyer = scene()
    make.pay(make.place((item, 1), buyer=buyer))

    mine = client(buyer).get(reverse("points_mine")).content.decode()
    others = client(make.member()).get(reverse("points_mine")).content.decode()

    assert "300 points for order OLD-" in mine
    assert f"300 points spent on order {Checkout.objects.get().number}-1" in mine
    assert "Clay" not in others
    assert "No points yet" in others
    assert Client().get(reverse("points_mine")).status_code == 302


def test_the_studio_sets_the_terms_and_shows_what_is_outstanding() -> None:
    shop, item, buyer = scene()
    browser, page = client(shop.owner), reverse("studio_points", args=[shop.slug])
    make.place((item, 1), buyer=buyer)

    text = browser.get(page).content.decode()
    said = {"earn": "2", "worth": "1", "most_percent": "20", "life_days": "90"}
    saved = browser.post(page, said)
    refused = browser.post(page, said | {"worth": "5"})
    wrong = browser.post(page, said | {"most_percent": "100"})

    assert "Buyers hold 300 points. If all are spent, they take CN¥3.00 off" in text
    assert saved.status_code == 302
    terms = PointsTerms.objects.get()
    assert (terms.is_on, terms.earn, terms.worth, terms.most_percent) == (False, 2, 1, 20)
    assert refused.status_code == 422
    assert "what one is worth stays" in refused.content.decode()
    assert wrong.status_code == 422
    assert "from 1 to 90" in wrong.content.decode()


def test_another_shops_points_are_not_there() -> None:
    shop, _item, buyer = scene()
    page = reverse("studio_points", args=[shop.slug])

    for browser in (client(buyer), client(make.shop().owner)):
        assert browser.get(page).status_code == 404
        assert browser.post(page, {"is_on": "on", "earn": "9"}).status_code == 404

    assert PointsTerms.objects.get().earn == 1


def test_a_program_quotes_and_buys_with_points_or_without() -> None:
    shop, item, buyer = scene()
    program = Program(buyer)
    lines = [{"variant_id": str(item.pk), "quantity": 1}]

    used = program.do("POST", "/checkouts/quote", {"lines": lines})
    kept = program.do("POST", "/checkouts/quote", {"lines": lines, "use_points": False})

    assert used["total"]["amount"] == 9_700
    [offered] = used["points"]
    assert (offered["points"], offered["used"]) == (300, True)
    assert offered["amount"]["amount"] == 300
    assert kept["total"]["amount"] == 10_000
    assert kept["points"][0]["used"] is False
    assert purse_of(buyer, shop) == (300, 0)
