"""Parts of one payment for several shops: the last one, which lets the rest go, goes last."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.orders.models import Order
from banyan.payments import actions, jobs
from banyan.payments.models import Payout
from tests.payments.test_splits import MCHID, account_for, intent_of, received
from tests.payments.wechat.conftest import proved, wechat, wechat_process
from tests.payments.wechat.driver import Wechat, deliver
from tests.support import factories

__all__ = ["proved", "wechat", "wechat_process"]

pytestmark = pytest.mark.django_db
CRON = Actor.system("test")


def test_the_last_part_waits_for_one_that_could_not_be_sent(wechat: Wechat, settings: Any) -> None:
    """Given two shops in one payment, and WeChat Pay away while the first one's part goes out."""
    settings.WECHAT_PROFIT_SHARING = True
    goods = [(factories.variant(price=10_000), 1), (factories.variant(price=5_000), 1)]
    checkout = factories.place(*goods, provider="wechat")
    first, second = checkout.orders.order_by("id")
    intent = intent_of(first)
    actions.start(actor=CRON, intent_id=intent.pk, return_url="http://shop.test/", locale="en")
    wechat.pay(intent)
    assert deliver(wechat.told()) == 200
    parts = []
    for order in (first, second):
        account_for(order, "wechat", MCHID)
        received(Order.objects.get(pk=order.pk))
        parts.append(Payout.objects.get(subject_id=order.pk))
    assert [part.destination["last"] for part in parts] == [False, True]
    wechat.configure(fault="500")
    actions.submit_payout(actor=CRON, payout_id=parts[0].pk)
    wechat.configure(fault="")

    actions.submit_payout(actor=CRON, payout_id=parts[1].pk)
    assert wechat.control("shares")["shares"] == []
    for minutes in (1, 2):
        with clock.at(clock.now() + dt.timedelta(minutes=minutes)):
            jobs.run_sweep()

    told = wechat.control("shares")
    assert len(told["shares"]) == 2
    assert told["let_go"] == [f"pay-{intent.pk}-1"]
    assert set(Payout.objects.values_list("state", flat=True)) == {"paid"}
