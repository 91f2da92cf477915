"""A purchase through the real gateway, with orders placing what was paid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.ledger import proofs
from banyan.orders import actions as orders
from banyan.orders.models import Checkout
from banyan.payments import actions, jobs, queries
from banyan.payments.models import Intent, Refund
from tests.payments.till import balance
from tests.sandbox.driver import Hook
from tests.support import factories
from tests.support.sandbox import Receiver, Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Receiver]:
    receiver = Receiver()
    settings.PUBLIC_URL = receiver.url.removesuffix("/hooks/sandbox")
    yield receiver
    receiver.close()


def deliver(hook: Hook) -> None:
    headers = {name: value for name, value in hook.headers.items() if name.startswith("webhook-")}
    answer = Client().post(
        "/pay/hook/sandbox", hook.body, content_type="application/json", headers=headers
    )
    assert answer.status_code == 200


def under_way(stock: int = 1) -> tuple[Checkout, Intent]:
    checkout = factories.place((factories.variant(price=10_000, stock=stock), 1))
    intent = Intent.objects.get(pk=checkout.intent_id)
    actions.start(
        actor=Actor.guest(),
        intent_id=intent.pk,
        return_url="http://shop.test/o/1",
        locale="en",
    )
    intent.refresh_from_db()
    return checkout, intent
