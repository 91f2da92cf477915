"""Coming back, waiting, being led on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

import banyan
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.orders import actions as orders
from banyan.payments import actions, jobs, ports
from banyan.payments.access import get_intent_of
from banyan.payments.models import Intent
from banyan.payments.providers.base import Action, Status
from tests.payments.scripted import script
from tests.payments.till import BUYER, Placer, captured, message, opened, post, started
from tests.support import factories
from tests.support.sandbox import Sandbox
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


@pytest.fixture
def order_page() -> Iterator[None]:
    ports.register_subject_page("test", lambda intent: f"/orders/{intent.subject_id}")
    yield
    ports._pages.pop("test")


def test_the_way_back_asks_the_provider_and_leads_to_the_order(
    sandbox: Sandbox, placer: Placer, order_page: None
) -> None:
    intent = started("sandbox")
    back = sandbox.pay(intent.provider_ref, "never")

    answer = Client().get(back.removeprefix("http://shop.test"))

    assert (answer.status_code, answer["location"]) == (302, "/orders/555")
    assert placer.placed == [intent.pk]
    assert answer["cache-control"] == "no-store"


def test_the_address_proves_nothing(sandbox: Sandbox, placer: Placer, order_page: None) -> None:
    intent = started("sandbox")
    answer = Client().get(
        f"/pay/return/{intent.token}?payment={intent.provider_ref}&status=succeeded"
    )
    assert answer["location"] == f"/pay/{intent.token}?back=1"
    assert Intent.objects.get(pk=intent.pk).state == "pending"
    assert placer.placed == []


def test_a_settled_payment_asks_nobody(order_page: None) -> None:
    intent = captured()
    assert Client().get(f"/pay/return/{intent.token}")["location"] == "/orders/555"
    assert script.asked("query") == []


def test_a_payer_who_comes_back_is_led_on_by_the_payment_alone(order_page: None) -> None:
    """Given a member whose payment is booked, neither session nor account is read, nor a lock."""
    intent, browser = captured(), client(factories.member("cy"))
    address = f"/pay/return/{intent.token}"
    with CaptureQueriesContext(connection) as seen:
        assert browser.get(address)["location"] == "/orders/555"
    [only] = [one["sql"] for one in seen]
    assert 'FROM "payments_intent"' in only
    assert "FOR NO KEY UPDATE" not in only


def test_a_provider_that_is_away_leaves_the_payer_waiting() -> None:
    intent = started()
    script.away = True
    answer = Client().get(f"/pay/return/{intent.token}")
    assert answer["location"] == f"/pay/{intent.token}?back=1"


def test_the_waiting_page_says_how_it_stands() -> None:
    intent = started()
    page = Client().get(f"/pay/{intent.token}").content.decode()
    assert "Waiting for the payment" in page
    assert f"/pay/{intent.token}/state" in page
    assert "style=" not in page
    script.status = Status.SUCCEEDED
    Client().get(f"/pay/return/{intent.token}")
    page = Client().get(f"/pay/{intent.token}").content.decode()
    assert "It is paid" in page
    assert "hx-get" not in page


def test_an_unexpected_amount_is_not_said_to_be_nothing() -> None:
    """Given a payer whose money came in another amount: the page says so, also after the time."""
    intent = started()
    post(message(intent, amount=1))
    for at in (clock.now(), intent.expires_at):
        with clock.at(at):
            jobs.run_sweep()
            page = Client().get(f"/pay/{intent.token}").content.decode()
        assert "We received an unexpected amount" in page
        assert "Nothing was taken" not in page
        assert "Waiting for the payment" not in page
    assert Intent.objects.get().state == "expired"


def test_the_order_of_an_unexpected_amount_does_not_say_that_nothing_was_charged() -> None:
    checkout = factories.place((factories.variant(), 1), provider="scripted")
    browser = Client()
    browser.post(reverse("purchase_pay", args=[checkout.access_token]))
    intent = get_intent_of("checkout", checkout.pk)
    post(message(intent, amount=1))
    pages = [browser.get(f"/o/{checkout.access_token}").content.decode()]
    with clock.at(checkout.expires_at):
        orders.expire_checkout(actor=Actor.system("test"), checkout_id=checkout.pk)
        pages.append(browser.get(f"/o/{checkout.access_token}").content.decode())
    for page in pages:
        assert "We received an unexpected amount" in page
        assert "othing was charged" not in page
        assert reverse("purchase_pay", args=[checkout.access_token]) not in page


def test_what_was_given_up_is_not_said_to_be_unpaid_before_the_provider_has_said_so() -> None:
    """Given an order that is cancelled while its provider is away: perhaps it was paid."""
    checkout = factories.place((factories.variant(), 1), provider="scripted")
    browser = Client()
    browser.post(reverse("purchase_pay", args=[checkout.access_token]))
    intent = get_intent_of("checkout", checkout.pk)
    script.away = True
    cancelled = browser.post(
        reverse("purchase_cancel", args=[checkout.access_token]), follow=True
    ).content.decode()
    jobs.run_sweep()
    pages = [cancelled, Client().get(f"/pay/{intent.token}").content.decode()]
    script.away = False
    actions.check_intent(actor=BUYER, intent_id=intent.pk)
    paths = (f"/o/{checkout.access_token}", f"/pay/{intent.token}")
    later = [Client().get(path).content.decode() for path in paths]

    assert ["If you have paid, it is sent back in full" in page for page in pages] == [True, True]
    assert all("othing was" not in page for page in pages)
    assert ["othing was" in page for page in later] == [True, True]


def test_pages_that_lead_to_a_provider_name_our_origin_and_nothing_more() -> None:
    """WeChat's pay page turns away who comes from nowhere, and our tokens are nobody's business."""
    checkout = factories.place((factories.variant(), 1), provider="scripted")
    intent = get_intent_of("checkout", checkout.pk)
    code = actions.open_link(actor=BUYER, intent=intent)
    for path in (f"/o/{checkout.access_token}", f"/pay/{intent.token}", f"/pay/link/{code}"):
        page = Client().get(path).content.decode()
        assert re.findall('<meta name="referrer" content="([^"]+)"', page) == ["origin"], path


def test_a_code_is_shown_for_scanning() -> None:
    script.action = Action(kind="qr", url="weixin://wxpay/1")
    intent = started()
    page = Client().get(f"/pay/{intent.token}").content.decode()
    assert 'src="data:image/svg+xml' in page


def test_the_state_is_json_for_programs_and_a_fragment_for_the_page(order_page: None) -> None:
    intent = started()
    told = Client().get(f"/pay/{intent.token}/state").json()
    assert (told["state"], told["settled"], told["next"]) == ("pending", False, None)
    htmx = {"hx-request": "true"}
    fragment = Client().get(f"/pay/{intent.token}/state", headers=htmx).content.decode()
    assert fragment.lstrip().startswith('<div id="payment-state"')

    script.status = Status.SUCCEEDED
    Client().get(f"/pay/return/{intent.token}")
    assert Client().get(f"/pay/{intent.token}/state").json()["next"] == "/orders/555"
    answer = Client().get(f"/pay/{intent.token}/state", headers=htmx)
    assert answer["hx-redirect"] == "/orders/555"


def test_an_unknown_token_is_a_404() -> None:
    opened()
    for path in ("/pay/return/nope", "/pay/nope", "/pay/nope/state"):
        assert Client().get(path, headers={"accept": "application/json"}).status_code == 404


def test_no_page_with_a_form_hides_its_origin() -> None:
    """Without a referrer a form is posted with ``Origin: null``, which Django refuses."""
    pages = [
        path
        for path in Path(banyan.__file__).parent.rglob("jinja2/**/*.html")
        if "no-referrer" in path.read_text() and "<form" in path.read_text()
    ]
    assert pages == []
