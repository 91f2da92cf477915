"""Lists of the studio that are shown in parts lead to all that a shop ever made."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.urls import reverse

from banyan.catalog.models import Variant
from banyan.kernel.money import Money
from banyan.payments import actions as payments
from banyan.web.studio import campaigns, coupons, sales
from banyan.web.studio import payments as asked
from tests.campaigns.scene import coupon, draft
from tests.sales.scene import planned
from tests.support import factories as make

from .scene import client

pytestmark = pytest.mark.django_db


def ask(item: Variant, title: str) -> None:
    payments.ask_for_payment(
        actor=make.actor(item.product.shop.owner),
        payee_kind="shop",
        payee_id=item.product.shop_id,
        amount=Money(100, "CNY"),
        note=title,
        good_for=dt.timedelta(days=1),
    )


def sell(item: Variant, title: str) -> None:
    sale = planned(item)
    sale.title = title
    sale.save(update_fields=["title"])


def give(item: Variant, title: str) -> None:
    coupon(item.product.shop, title=title)


def play(item: Variant, title: str) -> None:
    draft(item.product.shop, "group_buy", variant=item.pk, price=1, title=title)


@pytest.mark.parametrize(
    ("room", "module", "made"),
    [
        ("coupons", coupons, give),
        ("payments", asked, ask),
        ("sales", sales, sell),
        ("campaigns", campaigns, play),
    ],
)
def test_a_list_in_parts_leads_to_its_end(
    room: str,
    module: object,
    made: Callable[[Variant, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_SHOWN", 1)
    item = make.variant()
    for title in ("The older one", "The newer one"):
        made(item, title)
    url = reverse(f"studio_{room}", args=[item.product.shop.slug])
    browser = client(item.product.shop.owner)

    first = browser.get(url).content.decode()
    assert "The newer one" in first
    assert "The older one" not in first
    [more] = re.findall(r'href="(\?before=\d+)"', first)
    last = browser.get(url + more).content.decode()
    assert "The older one" in last
    assert "Older ones" not in last
