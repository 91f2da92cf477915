"""The lists behind the Today page's numbers: their rows add up to them."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.orders import actions as orders
from banyan.sharing import actions as sharing
from tests.support import factories

from .scene import Scene, client, scene

pytestmark = pytest.mark.django_db


def page(at: Scene, name: str, *args: str, query: str = "") -> str:
    url = reverse(name, args=[at.shop.slug, *args]) + query
    return client(at.owner).get(url).content.decode()


def today(at: Scene) -> str:
    return clock.now().astimezone(ZoneInfo(at.shop.timezone)).date().isoformat()


def test_the_days_rows_sum_to_the_days_sales_and_to_what_sharers_brought() -> None:
    at = scene(price=10_000)
    factories.pay(factories.place((at.item, 2), buyer=factories.member()))
    who = factories.actor(at.owner)
    orders.grant_refund(actor=who, order_id=at.order.pk, amount=2_500, reason="late", key="k")
    with clock.at(clock.now() - dt.timedelta(days=2)):
        factories.pay(factories.place((at.item, 1)))

    text = page(at, "studio_day", today(at))

    assert text.count("<tr>") == 1 + 2 + 1
    body, foot = text.split("<tfoot>")
    assert "CN¥75.00" in body
    assert "CN¥200.00" in body
    assert "CN¥275.00" in foot
    assert "CN¥100.00" in foot
    assert "CN¥275.00" in page(at, "studio_today")


def test_what_is_promised_is_listed_and_summed() -> None:
    at = scene(price=10_000, rate_bps=1000)
    factories.pay(factories.place((at.item, 1), buyer=factories.member(), via=at.link.code))
    text = page(at, "studio_promised")
    assert text.count("CN¥10.00") == 2
    assert "CN¥20.00" in text.split("<tfoot>")[1]


@pytest.mark.parametrize("step", ["shown", "opened", "visited", "ordered", "paid"])
def test_a_step_of_the_funnel_opens_as_many_people(step: str) -> None:
    at = scene()
    sharing.record_exposures(actor=Actor.system("t"), links=[at.link.pk], visitor="card")
    sharing.record_touch(actor=Actor.guest("opened"), link=at.link)
    sharing.record_touch(actor=Actor.guest("seen"), link=at.link, verdict="human")
    factories.place((at.item, 1), via=at.link.code)
    home = page(at, "studio_today")
    told = re.search(rf'people\?step={step}">(\d+)<', home)
    assert told
    rows = page(at, "studio_people", query=f"?step={step}").split("<tbody>")[1].count("<tr>")
    assert rows == int(told[1])


def test_nobody_else_opens_the_lists_and_nonsense_is_not_found() -> None:
    at = scene()
    for name, args in {
        "studio_day": [today(at)],
        "studio_promised": [],
        "studio_people": [],
        "studio_counted": [],
    }.items():
        url = reverse(name, args=[at.shop.slug, *args])
        assert client(at.stranger).get(url).status_code == 404, name
        assert client(at.owner).get(url).status_code == 200, name
    for wrong in ("2026-13-40", "today"):
        url = reverse("studio_day", args=[at.shop.slug, wrong])
        assert client(at.owner).get(url).status_code == 404
