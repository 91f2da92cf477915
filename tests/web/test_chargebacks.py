"""Where a chargeback is shown: the shop's order, the desk's home and list, and who is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.urls import reverse

from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.notify.models import Notification
from banyan.orders.models import Order
from banyan.payments import actions
from banyan.payments.access import get_intent_of
from banyan.payments.models import Chargeback
from banyan.payments.providers.base import BankMove, ChargebackState
from tests.payments.fixtures import till_settings
from tests.payments.scripted import script
from tests.support import factories
from tests.web.desk.scene import as_staff
from tests.web.studio.scene import client

__all__ = ["till_settings"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("till_settings")]

REF, DAY = "du_1", dt.datetime(2031, 5, 6, 7, 8, tzinfo=dt.UTC)


@pytest.fixture
def order(till_settings: None) -> Iterator[Order]:
    """A paid order whose payer's bank takes 40.00 of it."""
    placed = factories.place((factories.variant(price=10_000), 1), provider="scripted")
    found: Order = factories.pay(placed).orders.get()
    yield found
    script.reset()


def hear(order: Order, state: str, *moves: int) -> None:
    now = clock.now()
    script.chargebacks[REF] = ChargebackState(
        provider_ref=REF,
        payment_ref=get_intent_of("checkout", order.checkout_id).provider_ref,
        state=state,
        money=Money(4_000, order.currency),
        reason="fraudulent",
        due_by=DAY,
        opened_at=now,
        moves=[
            BankMove(
                ref=f"txn_{n}",
                taken=Money(moved, order.currency),
                fee=Money(1_500, order.currency),
                at=now,
            )
            for n, moved in enumerate(moves)
        ],
    )
    actions.hear_chargeback(actor=Actor.system("test"), provider="scripted", provider_ref=REF)


def page_of(order: Order) -> str:
    address = reverse("studio_order", args=[order.shop.slug, order.pk])
    return client(order.shop.owner).get(address).content.decode()


def test_the_shop_reads_what_is_out_of_its_balance_and_until_when_to_answer(order: Order) -> None:
    assert "bank takes money back" not in page_of(order)
    hear(order, "needs_response", 4_000)
    text = page_of(order)
    assert "bank takes money back" in text
    assert "40.00" in text
    assert "2031-05-06 15:08 UTC+8" in text

    hear(order, "lost", 4_000)
    text = page_of(order)
    assert "2031-05-06" not in text
    assert "Lost" in text
    refund = order.refunds.get()
    told = client(order.shop.owner).get(f"/refunds/{refund.pk}").content.decode()
    assert "Taken back by the payer" in told
    assert "Granted by the shop" not in told


def test_the_shop_is_told_when_money_goes_and_when_it_comes_back(order: Order) -> None:
    hear(order, "needs_response", 4_000)
    relay.drain()
    hear(order, "won", 4_000, -4_000)
    relay.drain()
    told = Notification.objects.filter(recipient_id=order.shop.owner_id, kind__contains="charge")
    assert list(told.order_by("id").values_list("kind", flat=True)) == [
        "order.charged_back",
        "order.chargeback_over",
    ]


def test_the_desk_names_it_and_lists_what_it_took(order: Order) -> None:
    words = "waits for an answer at the provider"
    staff = as_staff("finance")
    assert words not in staff.get("/desk/").content.decode()
    hear(order, "needs_response", 4_000)
    relay.drain()

    home = staff.get("/desk/").content.decode()
    assert words in home
    assert "2031-05-06" in home
    assert Notification.objects.filter(kind="desk.chargeback").exists()
    listed = staff.get(reverse("admin:payments_chargeback_changelist")).content.decode()
    assert "40.00" in listed
    found = Chargeback.objects.get()
    shown = staff.get(reverse("admin:payments_chargeback_change", args=[found.pk]))
    assert "15.00" in shown.content.decode()
    assert "txn_0" in shown.content.decode()
    intent = staff.get(reverse("admin:payments_intent_change", args=[found.intent_id]))
    assert reverse("admin:payments_chargeback_change", args=[found.pk]) in intent.content.decode()

    hear(order, "under_review", 4_000)
    assert words not in staff.get("/desk/").content.decode()


def test_others_see_nothing_of_it(order: Order) -> None:
    hear(order, "needs_response", 4_000)
    address = reverse("admin:payments_chargeback_changelist")
    assert as_staff("moderation").get(address).status_code in (403, 404)
    buyer = client(factories.member()).get(f"/o/{order.checkout.access_token}")
    assert "bank" not in buyer.content.decode()
