"""Mechanic 2.6 as a campaign: the sale is set up, paused and ended with it."""

from __future__ import annotations

from typing import Any

import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.models import Campaign, Instance
from banyan.campaigns.problems import Refused
from banyan.catalog.models import Variant
from banyan.kernel.problems import Conflict, Invalid
from banyan.sales import actions as sales
from banyan.sales.models import Bucket, Sale
from tests.campaigns.scene import SYSTEM, begun, campaign, draft, somebody
from tests.sales.scene import assert_sound
from tests.support import factories as make
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


@pytest.fixture
def item() -> Variant:
    return make.variant(price=10_000, stock=20)


def flash(item: Variant, **values: Any) -> Campaign:
    usual = {"variant": item.pk, "price": 5_000, "public": 5, "codes": 3, "room": False}
    return campaign(item.product.shop, "flash_sale", **usual | values)


def test_publishing_it_publishes_the_sale(item: Variant) -> None:
    of = flash(item)
    sale = Sale.objects.get()
    assert of.public == {"sale": str(sale.pk)}
    assert (sale.starts_at, sale.ends_at) == (of.starts_at, of.ends_at)
    assert dict(Bucket.objects.values_list("kind", "size")) == {"public": 5, "code": 3}
    html = client().get(f"/campaign/{of.code}").content.decode()
    assert f'href="/sale/{sale.pk}"' in html
    with pytest.raises(Refused, match="play_not_offered"):
        begun(of, somebody())
    assert not Instance.objects.exists()
    assert_sound()


def test_a_bought_unit_costs_what_was_shown_f24_flash_price(item: Variant) -> None:
    flash(item)
    sales.advance_sales(actor=SYSTEM)
    assert make.place((item, 1), buyer=somebody()).total_amount == 5_000


def test_it_is_paused_and_ended_with_its_campaign(item: Variant) -> None:
    of, owner = flash(item), make.actor(item.product.shop.owner)
    campaigns.pause_campaign(actor=owner, campaign_id=of.pk)
    sale = Sale.objects.get()
    assert sale.paused_at is not None
    campaigns.resume_campaign(actor=owner, campaign_id=of.pk)
    sale.refresh_from_db()
    assert sale.paused_at is None
    campaigns.end_campaign(actor=owner, campaign_id=of.pk)
    sale.refresh_from_db()
    assert sale.state == "ended"


def test_what_a_sale_cannot_be_is_refused_and_nothing_is_left(item: Variant) -> None:
    with pytest.raises(Invalid):
        flash(item, public=0, codes=0)
    dear = draft(item.product.shop, "flash_sale", variant=item.pk, price=10_001, room=False)
    owner = make.actor(item.product.shop.owner)
    with pytest.raises((Invalid, Conflict)):
        campaigns.publish_campaign(actor=owner, campaign_id=dear.pk)
    assert not Sale.objects.exists()
    dear.refresh_from_db()
    assert dear.state == "draft"
