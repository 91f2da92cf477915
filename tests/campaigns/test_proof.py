"""What campaigns count is counted again; a drift is told and never mended in silence."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from banyan.campaigns.models import Campaign, Grant, Instance
from banyan.campaigns.proof import campaign_audit, prove
from banyan.kernel.models import AuditEntry
from tests.campaigns.scene import SYSTEM, begun, campaign, coupon, join, somebody
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def test_a_counter_that_drifted_is_told(caplog: pytest.LogCaptureFixture) -> None:
    shop = make.shop()
    pack = begun(campaign(shop, "coupon_pack", coupon=coupon(shop).pk), somebody())
    join(pack, somebody())
    assert prove(actor=SYSTEM) == {}

    Instance.objects.update(taken=F("taken") + 1)
    Campaign.objects.update(reserved=F("reserved") + 5)

    assert set(prove(actor=SYSTEM)) == {
        "places are participations",
        "what is reserved is promised by what runs",
    }
    assert "campaigns drift" in caplog.text
    assert AuditEntry.objects.filter(action="campaign.recount").count() == 2
    assert campaign_audit() != {}, "nothing is mended in silence"


def test_a_gain_where_honour_is_all_is_told() -> None:
    pack = begun(campaign(make.shop(), "coupon_pack", drive="honour", budget=0), somebody())
    join(pack, somebody())
    assert campaign_audit() == {}

    with pytest.raises(IntegrityError, match="grant_honour"), transaction.atomic():
        Grant.objects.filter(kind="honour").update(cost=1)
    Grant.objects.filter(rule="opened").update(kind="credit")

    told = "for honour alone there are marks, and for a benefit alone none"
    assert set(campaign_audit()) == {told}
