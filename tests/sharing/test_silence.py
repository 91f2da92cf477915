"""An app that brought people all week and nobody for a day is told to operators."""

from __future__ import annotations

import datetime as dt

import pytest
from django.conf import LazySettings

from banyan.campaigns import actions as campaigns
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.ids import id_floor
from banyan.notify import kinds
from banyan.notify.models import Notification
from banyan.sharing import actions as sharing
from banyan.sharing.models import Touch
from banyan.sharing.queries.silence import ENOUGH, blocked_channels, silent_channels
from tests.campaigns.scene import campaign, coupon, draft
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def _touches(channel: str, n: int, *, ago: dt.timedelta, verdict: str = "unknown") -> None:
    item = make.variant()
    link = sharing.share(
        actor=make.actor(make.member()),
        target_kind="product",
        target_id=item.product_id,
        via=None,
    )
    at = clock.now() - ago
    Touch.objects.bulk_create(
        Touch(
            id=id_floor(at) + i + item.pk % 1000 * 64,
            link=link,
            at=at,
            channel=channel,
            verdict=verdict,
        )
        for i in range(n)
    )


def test_those_concerned_are_told_of_a_block_once_a_day(settings: LazySettings) -> None:
    settings.BLOCKED_IN = ("wechat",)
    desk, idle, shop = make.staff("moderation"), make.shop(), make.shop()
    finance, system = make.staff("finance"), Actor.system("test")
    running = campaign(shop, "like_collection", coupon=coupon(shop).pk)
    draft(idle, "like_collection", coupon=coupon(idle).pk)
    assert [campaigns.warn_of_blocks(actor=system) for _again in range(2)] == [2, 0]
    rows = Notification.objects.filter(kind="campaign.blocked")
    assert dict(rows.values_list("recipient_id", "url")) == {
        desk.pk: "/desk/",
        shop.owner_id: f"/studio/{shop.slug}/campaigns",
    }
    assert finance.pk not in set(rows.values_list("recipient_id", flat=True))
    said = kinds.require("campaign.blocked").tell(kinds.Happening(1, (), "", {"channel": "wechat"}))
    assert said.startswith("Nobody comes from WeChat any more")
    campaigns.pause_campaign(actor=make.actor(shop.owner), campaign_id=running.pk)
    with clock.at(clock.now() + dt.timedelta(days=1)):
        assert campaigns.warn_of_blocks(actor=system) == 1, "the desk; nothing of the shop runs"


def test_silence_after_a_busy_week_is_seen(settings: LazySettings) -> None:
    week, hour = dt.timedelta(days=3), dt.timedelta(hours=1)
    _touches("wechat", ENOUGH, ago=week)
    _touches("wechat", 3, ago=hour, verdict="bot")
    _touches("weibo", ENOUGH, ago=week + hour)
    _touches("weibo", 1, ago=hour * 2)
    _touches("qq", ENOUGH - 1, ago=week - hour)
    assert silent_channels() == ["wechat"], "bots do not count, one person does, few are no proof"
    settings.BLOCKED_IN = ("douyin",)
    assert blocked_channels() == ["douyin", "wechat"]
