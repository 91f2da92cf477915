"""A shop that is paid by hand: orders that are over, batches, and what stands on its books."""

from __future__ import annotations

import contextlib
import datetime as dt

from banyan.catalog.models import Shop
from banyan.earnings import actions
from banyan.earnings.models import PayoutBatch, PayoutItem
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.ledger import actions as ledger
from banyan.ledger import queries as books
from banyan.ledger.models import Account as Book
from banyan.orders import actions as orders
from banyan.orders.models import Order
from tests.support import factories as make

IBAN = "DE02 1203 0000 0000 2020 51"
TILL = Actor(kind="staff", id=77, roles=frozenset({"finance"}), label="@till")
WINDOW = dt.timedelta(days=7)


def bought(shop: Shop, price: int = 10_000, provider: str = "sandbox") -> Order:
    """Return a paid order that has not left yet."""
    item = make.variant(shop, price=price)
    return make.pay(make.place((item, 1), buyer=make.member(), provider=provider)).orders.get()


def arrived(order: Order) -> Order:
    """Let it be sent and received: the time to send it back begins."""
    order = Order.objects.select_related("shop__owner", "checkout__buyer").get(pk=order.pk)
    assert order.checkout.buyer is not None
    orders.ship(actor=make.actor(order.shop.owner), order_id=order.pk, carrier="SF")
    orders.confirm_receipt(actor=make.actor(order.checkout.buyer), order_id=order.pk)
    order.refresh_from_db()
    return order


def sold(shop: Shop, price: int = 10_000, provider: str = "sandbox") -> Order:
    """Return an order that is received."""
    return arrived(bought(shop, price, provider))


def refund(order: Order, amount: int) -> None:
    """Let the shop give money back."""
    orders.grant_refund(
        actor=make.actor(order.shop.owner),
        order_id=order.pk,
        amount=amount,
        reason="dent",
        key=f"back:{order.pk}:{amount}",
    )


def later(days: float = 8) -> contextlib.AbstractContextManager[None]:
    """Be so many days ahead: usually past the time to send goods back."""
    return clock.at(clock.now() + dt.timedelta(days=days))


def named(shop: Shop, account: str = IBAN, name: str = "Tea Ltd") -> None:
    """Let the owner say where the shop's money goes."""
    actions.set_shop_destination(
        actor=make.actor(shop.owner), shop_id=shop.pk, name=name, account=account
    )


def draft() -> PayoutBatch:
    """Prepare a batch for shops, past the time to send goods back."""
    with later():
        return actions.draft_shop_batch(actor=TILL, reason="the month")


def submit(batch: PayoutBatch) -> PayoutBatch:
    """Approve it, by hand."""
    with later():
        return actions.submit_batch(actor=TILL, batch_id=batch.pk, provider="hand", reason="ok")


def item_of(shop: Shop) -> PayoutItem:
    """Return what became of the shop in the latest batch."""
    return PayoutItem.objects.filter(shop=shop).latest("id")


def owed(shop: Shop) -> int:
    """Return what stands on the shop's account."""
    book = ledger.account(
        kind="shop_payable", owner_kind="shop", owner_id=shop.pk, currency=shop.currency
    )
    return Book.objects.get(pk=book.pk).balance


def transit() -> int:
    """Return what is on its way."""
    found = Book.objects.filter(kind="payouts_in_transit").first()
    return books.balance(found).amount if found else 0
