"""An app that brought people all week and nobody for a day is told to operators."""

from __future__ import annotations

import datetime as dt

import pytest
from django.conf import LazySettings

from banyan.kernel import clock
from banyan.kernel.ids import id_floor
from banyan.sharing import actions as sharing
from banyan.sharing.models import Touch
from banyan.sharing.queries.silence import ENOUGH, blocked_channels, silent_channels
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
