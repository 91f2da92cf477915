"""Row 45, part a: the brake on an impulse. Free to cancel until it is shipped, and not after."""

from __future__ import annotations

import re

import pytest

from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.models import Checkout, Order, OrderRefund
from banyan.payments import jobs
from banyan.payments.models import Intent
from banyan.sharing.actions import share
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.sandbox import Sandbox
from tests.support.walkers import Town, Walker, payment_ref

pytestmark = pytest.mark.django_db


def bought(town: Town, sandbox: Sandbox) -> tuple[Walker, Checkout]:
    """A cold visitor who came by a link, without an account, and has paid."""
    shop = make.shop(shipping_amount=800)
    product = make.product(shop, price=10_000, stock=5)
    link = share(
        actor=make.actor(make.member("ana")), target_kind="product", target_id=product.pk, via=None
    )
    walker = Walker(town)
    walker.open(link.code)
    walker.follow(r"^/checkout\?")
    sandbox.pay(payment_ref(walker.place(email="cy@example.com")))
    checkout = Checkout.objects.get()
    walker.go(f"/o/{checkout.access_token}?payment=x")
    return walker, checkout


def button(walker: Walker) -> str | None:
    """Return where the page's button to cancel leads, if it has one."""
    found = re.search(r'action="(/o/[^"]+/\d+/cancel)"', walker.page)
    return found.group(1) if found else None


def key(walker: Walker) -> dict[str, str]:
    found = re.search(r'name="key" value="([^"]+)"', walker.page)
    assert found is not None
    return {"key": found.group(1)}


def test_row_45_a_a_cold_visitor_cancels_before_it_is_shipped_and_gets_everything_back(
    town: Town, sandbox: Sandbox
) -> None:
    walker, checkout = bought(town, sandbox)
    where = button(walker)
    assert where is not None
    typed = key(walker)

    # a nervous finger: the same form twice
    for _ in range(2):
        assert walker.browser.post(where, typed).status_code == 302

    page = walker.go(f"/o/{checkout.access_token}")
    assert "Refunded in full" in page
    assert button(walker) is None
    refund = OrderRefund.objects.get()
    assert refund.amount == checkout.total_amount == 10_800
    assert Order.objects.get().state == "closed"
    stock = make.stock_of(Order.objects.get().lines.get().variant)
    assert (stock.on_hand, stock.allocated, stock.reserved) == (5, 0, 0)
    jobs.run_sweep()
    assert Intent.objects.get().refunded_amount == 10_800
    assert recount() == {}
    assert verify().clean


def test_row_45_a_once_it_is_shipped_the_button_is_gone_and_the_act_is_refused(
    town: Town, sandbox: Sandbox
) -> None:
    walker, checkout = bought(town, sandbox)
    where = button(walker)
    assert where is not None
    typed = key(walker)
    order = Order.objects.get()
    orders.ship(
        actor=make.actor(order.shop.owner), order_id=order.pk, carrier="UPS", tracking="1Z999"
    )

    late = walker.browser.post(where, typed)  # the page was open since before

    assert late.status_code == 409
    refused = walker.browser.post(where, typed, headers={"accept": "application/json"})
    assert refused.json()["code"] == "not_cancellable"
    page = walker.go(f"/o/{checkout.access_token}")
    assert button(walker) is None
    assert "https://www.ups.com/track?tracknum=1Z999" in page
    assert not OrderRefund.objects.exists()
    assert Order.objects.get().state == "shipped"
    assert verify().clean


def test_row_45_a_a_stranger_cannot_cancel_it(town: Town, sandbox: Sandbox) -> None:
    walker, _checkout = bought(town, sandbox)
    where = button(walker)
    assert where is not None
    order = Order.objects.get()

    wrong = re.sub(r"/o/[^/]+/", "/o/nobody/", where)
    assert Walker(town).browser.post(wrong, {"key": "x"}).status_code == 404

    assert Order.objects.get().state == "paid"
    assert order.refunded_amount == 0
    assert not OrderRefund.objects.exists()
