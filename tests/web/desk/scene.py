"""A purchase through the real gateway, and what operators and providers do to it."""

from __future__ import annotations

import time
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from banyan.kernel.actors import Actor
from banyan.orders import actions as orders
from banyan.orders.models import Checkout, Order, OrderRefund
from banyan.payments import actions as payments
from banyan.payments import jobs
from banyan.payments.models import Intent, Payout, Refund
from banyan.people.models import Account
from tests.sandbox.driver import Hook
from tests.support import factories as make
from tests.support.sandbox import Receiver, Sandbox

SYSTEM = Actor.system("test")


def as_staff(*roles: str) -> Client:
    """Return a browser in which somebody with ``roles`` is signed in."""
    client = Client()
    client.force_login(make.staff(*roles))
    return client


def tables() -> list[type[Model]]:
    """Return every table on the desk."""
    return list(admin.site._registry)


def name_of(model: type[Model], view: str) -> str:
    """Return the name of a table's view."""
    return f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}"


def act_url(row: Any, act: str) -> str:
    """Return the address of an act on a row."""
    return reverse(name_of(type(row), "act"), args=[row.pk, act])


def deliver(hook: Hook) -> None:
    """Bring one message of the gateway to our door."""
    headers = {name: value for name, value in hook.headers.items() if name.startswith("webhook-")}
    answer = Client().post(
        "/pay/hook/sandbox", hook.body, content_type="application/json", headers=headers
    )
    assert answer.status_code == 200


def pay_for_real(checkout: Checkout, sandbox: Sandbox, mailbox: Receiver) -> None:
    """Pay at the gateway; its message comes early, and twice."""
    intent = Intent.objects.get(subject_kind="checkout", subject_id=checkout.pk)
    payments.start(
        actor=Actor.guest(), intent_id=intent.pk, return_url="http://shop.test/o/1", locale="en"
    )
    intent.refresh_from_db()
    before = len(mailbox.wait(0))
    sandbox.pay(intent.provider_ref)
    hook = mailbox.wait(before + 1)[-1]
    deliver(hook)
    deliver(hook)
    checkout.refresh_from_db()
    assert checkout.state == "paid"


def settle_all(mailbox: Receiver) -> None:
    """Send what is due to the gateway, and hear how it ended: by its messages, or by asking.

    The gateway tells of refunds; of payouts it only tells those who ask.
    """
    told = len(mailbox.hooks)
    jobs.run_sweep()
    end = time.monotonic() + 20
    while _open():
        assert time.monotonic() < end, "the gateway did not settle it in time"
        for hook in mailbox.hooks[told:]:
            deliver(hook)
            told += 1
        for payout in Payout.objects.filter(state="submitted"):
            payments.poll_payout(actor=SYSTEM, payout_id=payout.pk)
        for refund in Refund.objects.filter(state="submitted").exclude(destination=""):
            payments.poll_refund(actor=SYSTEM, refund_id=refund.pk)
        time.sleep(0.02)


def _open() -> bool:
    states = ("requested", "submitted")
    return any(model.objects.filter(state__in=states).exists() for model in (Refund, Payout))


def failed_refund(
    sandbox: Sandbox, mailbox: Receiver, buyer: Account | None, amount: int = 4_000
) -> OrderRefund:
    """Return a refund that the gateway could not send."""
    checkout = make.place((make.variant(make.shop(), price=10_000), 1), buyer=buyer)
    pay_for_real(checkout, sandbox, mailbox)
    sandbox.configure(fail_refunds=True)
    refund = grant(checkout.orders.get(), amount)
    settle_all(mailbox)
    sandbox.configure()
    refund.refresh_from_db()
    assert refund.state == "failed"
    return refund


def grant(order: Order, amount: int) -> OrderRefund:
    """Let the shop give money back."""
    return orders.grant_refund(
        actor=make.actor(order.shop.owner),
        order_id=order.pk,
        amount=amount,
        reason="A scratch",
        key=f"test:{order.pk}:{amount}",
    )
