"""The stand-in is a process that posts to our site by itself, and knows nothing of us."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from banyan.kernel.actors import Actor
from banyan.payments import actions
from banyan.payments.models import Intent, Refund
from tests.payments.till import Placer, balance, keys, refunded, started
from tests.payments.wechat.driver import Wechat
from tests.sandbox.driver import ROOT, environment
from tests.support.sandbox import serve_shop


def until(fact: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not fact():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_purchase_and_its_refund_over_the_wire(
    wechat: Wechat, threaded_db: None, placer: Placer, settings: Any
) -> None:
    with serve_shop() as url:
        settings.PUBLIC_URL = url
        settings.SECURE_SSL_REDIRECT = False
        wechat.configure(notify="now")
        intent = started("wechat", shop_url=url)

        wechat.pay(intent)
        until(lambda: Intent.objects.get(pk=intent.pk).state == "captured")
        notice = wechat.control("notifications")[0]
        assert notice["url"] == f"{url}/pay/hook/wechat"
        again = wechat.control("send", id=notice["id"], times=3)

        refund = refunded(intent, 12900)
        actions.submit_refund(actor=Actor.system("test"), refund_id=refund.pk)
        wechat.settle(refund)
        until(lambda: Refund.objects.get(pk=refund.pk).state == "succeeded")

    assert again == {"statuses": [200, 200, 200]}
    assert placer.placed == [intent.pk]
    assert keys() == [f"intent:{intent.pk}:captured", f"refund:{refund.pk}:sent"]
    assert (balance("gateway", "wechat"), balance("clearing")) == (0, 0)


def test_it_imports_nothing_of_banyan() -> None:
    loads = "import sys, tests.gateways.wechat.__main__; print(*sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", loads],
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    tops = {name.partition(".")[0] for name in told.stdout.split()}
    assert tops & {"banyan", "sandbox", "django", "requests", "wechatpayv3"} == set()


@pytest.mark.parametrize("verb", ["nothing", "envelope"])
def test_it_refuses_what_it_does_not_know(wechat: Wechat, verb: str) -> None:
    with pytest.raises(AssertionError, match="RESOURCE_NOT_EXISTS"):
        wechat.control(verb, id="none")
