"""Moments on pages: in the shop's zone in its studio, the member's elsewhere, else the site's."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from banyan.catalog.models import Shop
from banyan.config.env import Env
from banyan.kernel import clock
from banyan.notify.actions import set_preference
from banyan.orders.models import Order
from banyan.people.models import Account
from tests.support import factories as make
from tests.web.studio.scene import client, scene

pytestmark = pytest.mark.django_db

PLACED = dt.datetime(2026, 11, 27, 18, 40, tzinfo=dt.UTC)
UTC, BERLIN, SHANGHAI, KOLKATA = (
    "2026-11-27 18:40 UTC",
    "2026-11-27 19:40 UTC+1",
    "2026-11-28 02:40 UTC+8",
    "2026-11-28 00:10 UTC+5:30",
)


def lives_in(account: Account, zone: str) -> None:
    set_preference(
        actor=make.actor(account), time_zone=zone, quiet=(None, None), digest="", strangers="all"
    )


def order_of(buyer: Account | None, zone: str = "Asia/Shanghai") -> Order:
    """Return a paid order of PLACED in a shop of a zone."""
    order = make.pay(make.place((make.variant(), 1), buyer=buyer)).orders.get()
    Shop.objects.filter(pk=order.shop_id).update(timezone=zone)
    Order.objects.filter(pk=order.pk).update(created_at=PLACED, paid_at=PLACED)
    type(order.checkout).objects.filter(pk=order.checkout_id).update(created_at=PLACED)
    order.refresh_from_db()
    return order


def page(browser: Client, name: str, *args: object) -> str:
    answer = browser.get(reverse(name, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def zone_of_foot(text: str) -> str:
    found = re.search(r"Times: ([^<]+)<", text)
    assert found
    return found[1]


def test_the_same_order_in_three_zones(settings: Any) -> None:
    """Placed at one moment: the buyer, the shop and a guest read it each in their own time."""
    settings.SITE_TIME_ZONE = "Asia/Kolkata"
    buyer = make.member()
    order = order_of(buyer)
    lives_in(buyer, "Europe/Berlin")
    lives_in(order.shop.owner, "Europe/Berlin")  # in the studio the shop's zone counts

    bought = page(client(buyer), "purchase", order.checkout.access_token)
    sold = page(client(order.shop.owner), "studio_order", order.shop.slug, order.pk)
    seen = page(Client(), "purchase", order.checkout.access_token)

    assert BERLIN in bought
    assert zone_of_foot(bought) == "Europe/Berlin, UTC+1"
    assert SHANGHAI in sold
    assert zone_of_foot(sold) == "Asia/Shanghai, UTC+8"
    assert KOLKATA in seen
    assert zone_of_foot(seen) == "Asia/Kolkata, UTC+5:30"
    assert UTC not in bought + sold + seen


def test_who_chose_no_zone_reads_the_sites(settings: Any) -> None:
    buyer = make.member()
    order = order_of(buyer)
    assert UTC in page(client(buyer), "purchase", order.checkout.access_token)
    settings.SITE_TIME_ZONE = "Europe/Berlin"
    assert BERLIN in page(client(buyer), "purchase", order.checkout.access_token)


@pytest.mark.parametrize("name", ["studio_orders", "studio_packing"])
def test_lists_of_the_studio_go_by_the_shop(name: str) -> None:
    order = order_of(None)
    query = f"?order={order.pk}" if name == "studio_packing" else ""
    url = reverse(name, args=[order.shop.slug]) + query
    text = client(order.shop.owner).get(url).content.decode()
    assert "2026-11-28 02:40" in text
    assert "18:40" not in text


def test_the_next_page_has_a_zone_of_its_own() -> None:
    """What a studio page took does not stay with the thread that drew it."""
    order = order_of(None)
    page(client(order.shop.owner), "studio_order", order.shop.slug, order.pk)
    assert timezone.get_current_timezone_name() == "UTC"
    assert UTC in page(Client(), "purchase", order.checkout.access_token)


def test_the_file_of_orders_names_the_zone() -> None:
    order = order_of(None)
    url = reverse("studio_orders_export", args=[order.shop.slug])
    answer = client(order.shop.owner).get(url)
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert rows[0]["placed_at"] == rows[0]["paid_at"] == "2026-11-28T02:40:00+08:00"


def test_a_page_without_a_moment_reads_no_account() -> None:
    """The zone is looked up when the first moment is written, so that plain answers stay cheap."""
    at = scene()
    browser = client(at.owner)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("banyan.web.zones.chosen_zone", lambda request: pytest.fail("looked up"))
        assert browser.get("/healthz").status_code == 200


def test_moments_are_told_with_the_distance_from_utc() -> None:
    for zone, told in (
        ("UTC", UTC),
        ("Europe/Berlin", BERLIN),
        ("Asia/Kolkata", KOLKATA),
        ("America/St_Johns", "2026-11-27 15:10 UTC-3:30"),
    ):
        with timezone.override(zone):
            assert clock.told(PLACED) == told
    assert clock.told(PLACED, "%H:%M") == "18:40 UTC"
    assert clock.zone_told() == "UTC"


def test_an_operators_zone_must_be_one() -> None:
    assert Env(time_zone="Europe/Berlin").time_zone == "Europe/Berlin"
    with pytest.raises(ValueError, match="Mars/Olympus"):
        Env(time_zone="Mars/Olympus")
