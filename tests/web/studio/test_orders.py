"""The merchant's order page: ship, refund to the cent, answer requests."""

from __future__ import annotations

import pytest
from django.urls import reverse

from banyan.catalog.models import Stock
from banyan.orders import actions as orders
from banyan.orders.models import Order, OrderRefund
from tests.support import factories

from .scene import Scene, client, scene

pytestmark = pytest.mark.django_db


def url(at: Scene, what: str = "") -> str:
    """Return an address of the order."""
    return reverse(f"studio_order{what}", args=[at.shop.slug, at.order.pk])


def test_the_order_page_tells_price_path_and_earnings() -> None:
    at = scene()
    text = client(at.owner).get(url(at)).content.decode()
    assert at.sharer.display_name in text
    assert "100.01" in text
    assert "10.00" in text  # ten percent to the sharer
    assert reverse("earning", args=[at.order.commissions.get().pk]) in text


def test_shipping_moves_the_order_and_keeps_a_refused_form() -> None:
    at = scene()
    browser = client(at.owner)
    refused = browser.post(url(at, "_ship"), {"carrier": "", "tracking": "TRACK-7"})
    assert refused.status_code == 422
    assert "TRACK-7" in refused.content.decode()
    assert Order.objects.get().state == "paid"
    assert browser.post(url(at, "_ship"), {"carrier": "SF", "tracking": "T1"}).status_code == 302
    assert Order.objects.get().state == "shipped"
    assert Stock.objects.get(variant=at.item).on_hand == 9


@pytest.mark.parametrize(
    ("form", "minor"),
    [
        ({"amount": "33.33"}, 3333),
        ({"percent": "50"}, 5001),  # half of 100.01, half up
        ({"percent": "33.33"}, 3333),
        ({"percent": "100"}, 10_001),
    ],
)
def test_the_refund_is_exact(form: dict[str, str], minor: int) -> None:
    at = scene()
    answer = client(at.owner).post(url(at, "_refund"), form | {"reason": "late", "key": "k1"})
    assert answer.status_code == 302
    refund = OrderRefund.objects.get()
    assert refund.amount == minor
    assert sum(part["amount"] for part in refund.lines) == minor
    assert Order.objects.get().refunded_amount == minor


def test_the_refund_by_line_takes_just_that_line() -> None:
    at = scene()
    line = at.order.lines.get()
    form = {f"line_{line.pk}": "0.07", "reason": "scratch", "key": "k"}
    assert client(at.owner).post(url(at, "_refund"), form).status_code == 302
    assert OrderRefund.objects.get().lines == [{"line": str(line.pk), "amount": 7, "tax": 0}]


def test_a_form_sent_twice_refunds_once() -> None:
    at = scene()
    browser = client(at.owner)
    form = {"percent": "50", "reason": "late", "key": "same"}
    assert {browser.post(url(at, "_refund"), form).status_code for _ in range(2)} == {302}
    assert Order.objects.get().refunded_amount == 5001
    assert OrderRefund.objects.count() == 1


@pytest.mark.parametrize(
    "form",
    [
        {"amount": "100.02", "reason": "too much"},
        {"amount": "1.005", "reason": "too fine"},
        {"amount": "9" * 30, "reason": "endless"},
        {"amount": "NaN", "reason": "no number"},
        {"amount": "1", "percent": "2", "reason": "two ways"},
        {"percent": "101", "reason": "over"},
        {"amount": "-1", "reason": "negative"},
        {"amount": "1", "reason": ""},
        {"reason": "nothing"},
    ],
)
def test_a_refused_refund_moves_nothing_and_keeps_the_form(form: dict[str, str]) -> None:
    at = scene()
    answer = client(at.owner).post(url(at, "_refund"), form | {"key": "kept-key"})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "kept-key" in text
    assert all(f'value="{given}"' in text for given in form.values())
    assert OrderRefund.objects.count() == 0
    assert Order.objects.get().refunded_amount == 0


def asked(at: Scene) -> OrderRefund:
    """Return the buyer's request for a part of the money."""
    return orders.ask_refund(
        actor=factories.actor(at.buyer),
        order_id=at.order.pk,
        amount=1234,
        reason="broken",
        key="ask",
    )


def test_a_request_is_granted_as_asked() -> None:
    at = scene()
    request = asked(at)
    browser = client(at.owner)
    assert "broken" in browser.get(url(at)).content.decode()
    form = {"request": str(request.pk), "do": "grant"}
    assert {browser.post(url(at, "_answer"), form).status_code for _ in range(2)} == {302}
    request.refresh_from_db()
    assert request.state == "processing"
    assert Order.objects.get().refunded_amount == 1234
    assert OrderRefund.objects.count() == 1


def test_a_request_is_turned_down_with_a_reason_only() -> None:
    at = scene()
    request = asked(at)
    browser = client(at.owner)
    form = {"request": str(request.pk), "do": "refuse"}
    assert browser.post(url(at, "_answer"), form).status_code == 422
    request.refresh_from_db()
    assert request.state == "requested"
    form["answer_reason"] = "It was used."
    assert browser.post(url(at, "_answer"), form).status_code == 302
    request.refresh_from_db()
    assert request.state == "refused"
    assert Order.objects.get().refunded_amount == 0
