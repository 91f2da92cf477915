"""Notifications over HTTP, from the gateway's process to a served shop, until it says success."""

from __future__ import annotations

from typing import Any

import pytest

from banyan.payments.models import Intent, ProviderMessage
from banyan.payments.rules import Outcome
from tests.payments.alipay.driver import Alipay
from tests.payments.till import Placer, keys, started
from tests.sandbox.driver import wait_for
from tests.support.sandbox import serve_shop


def answers(alipay: Alipay) -> list[str]:
    return [answer for notice in alipay.control("notices") for answer in notice["answers"]]


@pytest.mark.usefixtures("threaded_db")
def test_two_copies_at_once_are_one_capture(alipay: Alipay, placer: Placer) -> None:
    alipay.set(notices="sent", copies=2)
    with serve_shop() as shop:
        intent = started("alipay", shop)
        alipay.pay(intent.pay_url)
        wait_for(lambda: answers(alipay).count("success") == 2)
    assert Intent.objects.get(pk=intent.pk).state == "captured"
    assert (placer.placed, keys()) == ([intent.pk], [f"intent:{intent.pk}:captured"])
    kept = ProviderMessage.objects.get()
    assert (kept.outcome, kept.repeats) == (Outcome.CAPTURED, 1)


@pytest.mark.usefixtures("threaded_db")
def test_a_shop_that_was_busy_is_told_again(
    alipay: Alipay, placer: Placer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from banyan.kernel.problems import Busy

    tries: list[Any] = []

    def busy_at_first(event: Any) -> None:
        tries.append(event)
        if len(tries) == 1:
            raise Busy()

    placer.act = busy_at_first
    alipay.set(notices="sent")
    with serve_shop() as shop:
        intent = started("alipay", shop)
        alipay.pay(intent.pay_url)
        wait_for(lambda: "success" in answers(alipay))
    assert answers(alipay) == ["fail", "success"]
    assert Intent.objects.get(pk=intent.pk).state == "captured"
