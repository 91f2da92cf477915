"""Mechanics are turned off on the desk, by whom it may be, with a reason."""

from __future__ import annotations

import pytest
from django.urls import reverse

from banyan.campaigns.actions.switching import is_on
from banyan.kernel.models import AuditEntry
from tests.campaigns.scene import campaign, coupon, somebody
from tests.support import factories as make
from tests.web.studio.scene import client

from .scene import as_staff

pytestmark = pytest.mark.django_db


def test_moderation_turns_a_mechanic_off_and_on_again() -> None:
    shop, url = make.shop(), reverse("admin:mechanics")
    made = campaign(shop, "coupon_pack", coupon=coupon(shop).pk)
    desk = as_staff("moderation")
    assert "Coupon pack" in desk.get(url).content.decode()

    strange = {"code": "coupon_pack", "do": "dance", "reason": "x"}
    assert desk.post(url, strange).status_code == 404
    off = {"code": "coupon_pack", "do": "off"}
    assert "Say why" in desk.post(url, off, follow=True).content.decode()
    assert is_on("coupon_pack")
    assert as_staff("finance").post(url, off | {"reason": "x"}).status_code == 404
    assert is_on("coupon_pack")

    desk.post(url, off | {"reason": "abuse"})
    assert not is_on("coupon_pack")
    assert AuditEntry.objects.get(action="flag.turn").reason == "abuse"
    page = client(somebody()).get(reverse("campaign", args=[made.code])).content.decode()
    assert "This is paused for a while." in page
    assert reverse("campaign_begin", args=[made.code]) not in page

    desk.post(url, {"code": "coupon_pack", "do": "on", "reason": "over"})
    assert is_on("coupon_pack")
    assert desk.post(url, {"code": "none", "do": "off", "reason": "x"}).status_code == 404
