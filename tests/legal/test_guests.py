"""A guest with an order and a reminder sees, takes along and erases both, by the links they got."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from banyan.kernel import relay
from banyan.kernel.actors import Actor
from banyan.legal import actions as legal
from banyan.legal.models import Export
from banyan.notify.models import Message, Reminder, Stop
from tests.legal.test_leaving import finish, guest_purchase, traces, unzip
from tests.sales.scene import coming

pytestmark = pytest.mark.django_db
MAIL = "gerda.guest@example.com"


@pytest.fixture(autouse=True)
def _providers(settings: Any) -> None:
    settings.PAYMENT_PROVIDERS = ["sandbox", "wallet"]


def test_a_guest_leaves_no_trace_of_a_contact_by_the_links_they_got() -> None:
    guest = Client(headers={"sec-fetch-site": "same-origin"})
    checkout, sale = guest_purchase(MAIL), coming()
    guest.post(reverse("sale_remind", args=[sale.pk]), {"contact": MAIL})
    finish(checkout)
    relay.drain()
    reminder = Reminder.objects.get()

    data, stop = f"/o/{checkout.access_token}/data", reverse("stop", args=[reminder.token])
    guest.post(data, {"export": "yes"})
    legal.make_exports(actor=Actor.system("test"))
    files = unzip(guest.post(f"{data}/{Export.objects.get().pk}").content)
    assert MAIL in json.dumps(files["data/orders.Checkout.json"])
    assert MAIL in guest.get(stop).content.decode(), "what is kept for the reminder"
    assert guest.get(reverse("stop", args=["nothing"])).status_code == 200
    assert MAIL not in guest.get(reverse("stop", args=["nothing"])).content.decode()

    guest.post(data, {"sure": "yes"})
    checkout.refresh_from_db()
    assert checkout.contact_email == ""
    assert Reminder.objects.get().destination == MAIL, "another link's thing"
    guest.post(stop)
    assert Reminder.objects.get().destination == ""
    assert MAIL not in guest.get(stop).content.decode()
    assert Stop.objects.count() == 1, "the wish, by its mark alone"
    Message.objects.filter(kind="remind.confirm").delete()  # sent before the purchase knew of it
    assert [found for found in traces(MAIL) if "export" not in found] == []
