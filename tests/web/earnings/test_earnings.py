"""What a member earned, and why."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from banyan.kernel import clock
from banyan.orders import actions as orders
from banyan.sharing import actions as sharing
from tests.support import factories
from tests.web.studio.scene import Scene, client, scene

pytestmark = pytest.mark.django_db


def why_url(at: Scene) -> str:
    """Return the address of the order's one commission."""
    return reverse("earning", args=[at.order.commissions.get().pk])


def test_the_list_shows_what_is_held_and_links_to_the_reason() -> None:
    at = scene(price=10_000, rate_bps=1250)
    text = client(at.sharer).get(reverse("earnings")).content.decode()
    assert "12.50" in text
    assert why_url(at) in text


def test_nobody_sees_what_others_earn_in_their_list() -> None:
    at = scene()
    text = client(at.stranger).get(reverse("earnings")).content.decode()
    assert why_url(at) not in text
    assert client().get(reverse("earnings"))["Location"] == "/login?next=%2Fearnings"


def test_the_payee_and_the_shop_read_why_and_others_do_not() -> None:
    at = scene(price=10_000, rate_bps=1250)
    support = factories.staff("support")
    for account in (at.sharer, at.owner, support):
        answer = client(account).get(why_url(at))
        assert answer.status_code == 200
        text = answer.content.decode()
        assert at.sharer.display_name in text
        assert "12.50\N{NO-BREAK SPACE}%" in text or "12.50 %" in text
        assert "100.00" in text
    assert client(at.stranger).get(why_url(at)).status_code == 404
    assert client(at.buyer).get(why_url(at)).status_code == 404


def test_a_refund_shows_in_the_arithmetic_and_in_the_books() -> None:
    at = scene(price=10_000)
    orders.grant_refund(
        actor=factories.actor(at.owner), order_id=at.order.pk, amount=3_000, reason="x", key="k"
    )
    mine = client(at.sharer).get(why_url(at)).content.decode()
    assert "7.00" in mine
    assert "3.00" in mine
    # The refund's own page is the buyer's and the shop's, so only they get a link to it.
    refund = reverse("refund", args=[at.order.refunds.get().pk])
    assert refund not in mine
    assert refund in client(at.owner).get(why_url(at)).content.decode()


def test_what_is_not_earned_says_why() -> None:
    at = scene()
    link = sharing.share(
        actor=factories.actor(at.owner),
        target_kind="product",
        target_id=at.item.product_id,
        via=None,
    )
    factories.pay(factories.place((at.item, 1), buyer=at.stranger, via=link.code))
    text = client(at.owner).get(reverse("earnings")).content.decode()
    assert "People who work in a shop do not earn from its sales." in text
    refused = at.owner.commissions.get()
    assert refused.state == "rejected"
    told = client(at.owner).get(reverse("earning", args=[refused.pk])).content.decode()
    assert "People who work in a shop do not earn from its sales." in told
    assert "no money has moved" in told


def test_the_order_of_what_happened_begins_with_the_order_and_says_from_what_is_paid() -> None:
    with clock.at(clock.now() - dt.timedelta(days=9)):
        at = scene(price=10_000)
    day = f"{at.order.created_at:%Y-%m-%d}"

    story = client(at.sharer).get(why_url(at)).content.decode()
    first = story[story.index("The order was placed") :].split("</li>")[0]
    assert day in first
    assert "from CN¥10.00 on" in client(at.sharer).get(reverse("earnings")).content.decode()
