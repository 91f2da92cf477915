"""What walkers do in campaigns: begin, buy and pay, receive."""

from __future__ import annotations

from banyan.campaigns.models import Campaign
from banyan.catalog.models import Variant
from banyan.kernel import relay
from banyan.orders.models import Checkout, Order
from tests.support.sandbox import Sandbox
from tests.support.walkers import Town, Walker, payment_ref


def begin(walker: Walker, of: Campaign) -> Walker:
    """Begin a play on the campaign's page; the walker then stands on the play's own."""
    walker.go(f"/campaign/{of.code}")
    walker.press("/begin$")
    return walker


def buy(walker: Walker, sandbox: Sandbox, item: Variant) -> Checkout:
    """Buy one of something and pay for it; see :func:`pay`."""
    walker.go(f"/checkout?variant={item.pk}&n=1")
    return pay(walker, sandbox)


def pay(walker: Walker, sandbox: Sandbox) -> Checkout:
    """Fill in the checkout where one stands, pay, and come back to the order's page."""
    sandbox.pay(payment_ref(walker.place(email="buyer@example.com")))
    checkout = Checkout.objects.latest("id")
    walker.go(f"/o/{checkout.access_token}?payment=x&status=succeeded")
    relay.drain()
    checkout.refresh_from_db()
    return checkout


def deliver(town: Town, walker: Walker, checkout: Checkout) -> None:
    """Let the shop send what was bought, and the buyer say that it has arrived."""
    order = Order.objects.get(checkout=checkout)
    shop = Walker(town, order.shop.owner)
    sent = f"/studio/{order.shop.slug}/orders/{order.pk}/ship"
    answer = shop.browser.post(sent, {"carrier": "SF", "tracking": "1"})
    assert answer.status_code == 302, answer.content.decode()[-2000:]
    received = walker.browser.post(f"/o/{checkout.access_token}/{order.pk}/received")
    assert received.status_code == 302
    relay.drain()
    order.refresh_from_db()
    assert order.received_at is not None
