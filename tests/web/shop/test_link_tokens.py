"""A member's own pages ask for no token: whatever stands in its place, they are shown."""

from __future__ import annotations

import pytest
from django.urls import reverse

from banyan.market import actions as market
from banyan.orders import actions as orders
from tests.support import factories as make
from tests.web.studio.scene import Scene, client, scene

pytestmark = pytest.mark.django_db
ODD = ["a/b", "//evil.example", "http://[", "a b", "", "9" * 500]


@pytest.fixture
def at() -> Scene:
    return scene()


@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_token_does_not_keep_a_buyer_from_their_pages(at: Scene, odd: str) -> None:
    buyer, browser = make.actor(at.buyer), client(at.buyer)
    refund = orders.ask_refund(
        actor=buyer, order_id=at.order.pk, amount=500, reason="small", key="ask"
    )
    dispute = market.open_dispute(
        actor=buyer, order_id=at.order.pk, reason="damaged", claim_amount=100, body="Broken."
    )
    second = make.pay(make.place((at.item, 1), buyer=at.buyer)).orders.get()
    orders.ship(actor=make.actor(at.owner), order_id=second.pk, carrier="SF")
    units = {second.lines.get().pk: 1}
    back = orders.ask_return(
        actor=buyer, order_id=second.pk, units=units, reason="damaged", key="back"
    )

    for name, pk in (("dispute", dispute.pk), ("refund", refund.pk), ("return", back.pk)):
        answer = browser.get(reverse(name, args=[pk]), {"o": odd})
        assert (name, answer.status_code) == (name, 200)
    said = browser.post(reverse("dispute", args=[dispute.pk]), {"body": "", "o": odd})

    assert said.status_code == 422
