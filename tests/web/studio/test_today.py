"""The Today page's figures, against counts made by hand."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.orders import actions as orders
from banyan.orders.access import visible_orders
from banyan.sharing import actions as sharing
from banyan.web.studio import figures
from tests.support import factories

from .scene import client, scene

pytestmark = pytest.mark.django_db


def test_sales_count_after_refunds_and_credit_the_sharers() -> None:
    at = scene(price=10_000)
    alone = factories.place((at.item, 1), buyer=factories.member())
    factories.pay(alone)
    factories.place((at.item, 1))  # never paid
    who = factories.actor(at.owner)
    orders.grant_refund(actor=who, order_id=at.order.pk, amount=2_500, reason="late", key="k")
    now = figures.today(at.shop, visible_orders(who, at.shop.pk))["now"]
    assert now.sales.amount == 17_500
    assert now.orders == 2
    assert (now.goods.amount, now.credited.amount) == (20_000, 10_000)
    assert now.shared_rate == 0.5


def test_the_funnel_counts_people_and_the_tree_names_the_root() -> None:
    at = scene()
    for visitor in ("v-one", "v-two", "v-two"):
        guest = Actor.guest(visitor)
        touch = sharing.record_touch(actor=guest, link=at.link)
        sharing.confirm_touch(actor=guest, touch_id=touch.pk)
    owner = factories.actor(at.owner)
    told = figures.report(at.shop, visible_orders(owner, at.shop.pk), viewer=owner)
    assert [step.count for step in told["funnel"]] == [3, 3, 3, 1, 1]
    paid = told["funnel"][-1]
    assert paid.rate == 1.0
    assert 0 < paid.low < 1
    travel = told["travel"]
    assert [node.kind for node in travel.nodes] == ["root", "bought", "opened", "opened"]
    assert (travel.rows[0].sharer.paid, travel.rows[0].sharer.came) == (1, 3)
    (mover,) = told["movers"]
    assert (mover.face.handle, mover.visited, mover.orders) == (at.sharer.handle, 2, 1)
    text = client(at.owner).get(reverse("studio_today", args=[at.shop.slug])).content.decode()
    assert 'data-live-refresh="' in text
    assert "svg" in text


def test_a_week_ago_is_compared_hour_by_hour() -> None:
    with clock.at(clock.now() - figures.WEEK):
        at = scene(price=10_000)
    factories.pay(factories.place((at.item, 2), buyer=factories.member()))
    who = factories.actor(at.owner)
    with clock.at(clock.now() + dt.timedelta(minutes=1)):
        told = figures.today(at.shop, visible_orders(who, at.shop.pk))
    assert told["sales_change"] == 1.0


def test_the_queue_costs_the_same_for_one_order_and_for_five() -> None:
    at = scene()
    browser = client(at.owner)
    url = reverse("studio_orders", args=[at.shop.slug])
    browser.get(url)
    with CaptureQueriesContext(connection) as one:
        browser.get(url)
    for _ in range(4):
        factories.pay(factories.place((at.item, 1), buyer=factories.member(), via=at.link.code))
    with CaptureQueriesContext(connection) as five:
        text = browser.get(url).content.decode()
    assert text.count('data-label="Total"') == 5
    assert len(five) == len(one)
