"""One payment for two shops: what one of them does not give back is not the other one's loss."""

from __future__ import annotations

from typing import Any

import pytest

from banyan.earnings.settling import settle_order
from banyan.kernel.actors import Actor
from banyan.ledger.proof import verify
from banyan.payments import actions, jobs
from banyan.payments.access import get_intent_of
from banyan.payments.models import Payout, PayoutReturn
from tests.payments.till import balance
from tests.payments.wechat.conftest import wechat, wechat_process
from tests.payments.wechat.driver import Wechat, deliver
from tests.support import factories as make

from .test_splits import MCHID, account_for, received, refund

__all__ = ["wechat", "wechat_process"]

pytestmark = pytest.mark.django_db
CRON = Actor.system("test")


def test_a_shop_is_not_passed_on_what_another_one_owes(wechat: Wechat, settings: Any) -> None:
    settings.WECHAT_PROFIT_SHARING = True
    items = [make.variant(price=10_000) for _shop in range(2)]
    checkout = make.place(*((item, 1) for item in items), provider="wechat")
    intent = get_intent_of("checkout", checkout.pk)
    actions.start(actor=CRON, intent_id=intent.pk, return_url="http://shop.test/", locale="en")
    intent.refresh_from_db()
    wechat.pay(intent)
    assert deliver(wechat.told()) == 200
    first, second = checkout.orders.order_by("id")
    account_for(first, "wechat", MCHID)
    account_for(second, "wechat", "1900000119")
    received(first)
    jobs.run_sweep()
    wechat.configure(shares="later")
    refund(first, 10_000)
    jobs.run_sweep()
    back = PayoutReturn.objects.get()
    wechat.control("share_return", out_return_no=f"return-{back.pk}-1", result="FAILED")
    actions.poll_return(actor=CRON, return_id=back.pk)
    assert PayoutReturn.objects.get().state == "failed"

    received(second)
    settle_order(actor=CRON, order_id=second.pk, key="again")

    assert Payout.objects.get().subject_id == first.pk
    owed = [balance("shop_payable", owner_id=one.shop_id) for one in (first, second)]
    assert owed == [-10_000, 10_000], "the platform owes the one, and is owed by the other"
    assert wechat.control("shares")["let_go"] == [f"pay-{intent.pk}-1"]
    assert verify().clean
