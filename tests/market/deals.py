"""A seller with something second-hand, and what becomes of the deal."""

from __future__ import annotations

from typing import Any

from banyan.kernel.actors import Actor
from banyan.ledger.models import Account as LedgerAccount
from banyan.market import actions as market
from banyan.market.models import Listing
from banyan.media.actions import claim_staged
from banyan.orders import actions as orders
from banyan.orders.models import Order
from banyan.people.models import Account
from tests.support import factories as make
from tests.support.pictures import staged_picture


def seller(handle: str = "") -> Account:
    """Return a member who may sell."""
    found = make.member(handle)
    found.email = f"{found.handle}@example.com"
    found.save(update_fields=["email"])
    return found


def listing(of: Account | None = None, *, price: int = 10_000, **values: Any) -> Listing:
    """Return something that a member has put up for sale."""
    of = of or seller()
    who = make.actor(of)
    images = claim_staged(actor=who, tokens=[staged_picture(who)])
    given: dict[str, Any] = {
        "title": "Old bicycle",
        "price": price,
        "condition": "good",
        "level1": "Zhejiang",
        "images": [image.pk for image in images],
    }
    data = market.ListingInput(**(given | values))
    return market.post_listing(actor=who, data=data)


def bought(one: Listing, buyer: Account | None = None) -> Order:
    """Return the paid order of a listing."""
    checkout = make.pay(make.place((one.product.variants.get(), 1), buyer=buyer))
    return checkout.orders.select_related("shop", "checkout").get()


def arrived(order: Order, one: Listing) -> Order:
    """Let the seller ship and the buyer receive it, and let the window begin."""
    orders.ship(actor=make.actor(one.seller), order_id=order.pk, carrier="Own hands")
    orders.confirm_receipt(
        actor=make.actor(order.checkout.buyer) if order.checkout.buyer else Actor.guest(),
        order_id=order.pk,
        access_token=order.checkout.access_token,
    )
    order.refresh_from_db()
    assert order.received_at is not None
    market.on_received(actor=Actor.system("test"), order=order, at=order.received_at)
    return order


def balance(kind: str, owner_id: int) -> int:
    """Return what an account of the books holds, 0 when there is none."""
    found = LedgerAccount.objects.filter(kind=kind, owner_id=owner_id).first()
    return int(found.balance or 0) if found else 0
