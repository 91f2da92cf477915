"""A shop with a shared, paid order, and the people around it."""

from __future__ import annotations

from dataclasses import dataclass

from django.test import Client

from banyan.catalog.models import Shop, Variant
from banyan.earnings import actions as earnings
from banyan.orders.models import Order
from banyan.people.models import Account
from banyan.sharing import actions as sharing
from banyan.sharing.models import Link
from tests.support import factories


@dataclass(slots=True)
class Scene:
    """``sharer`` showed ``item`` to ``buyer``, who paid ``order`` of ``owner``'s ``shop``."""

    owner: Account
    sharer: Account
    buyer: Account
    stranger: Account
    shop: Shop
    item: Variant
    link: Link
    order: Order


def scene(*, price: int = 10_001, quantity: int = 1, rate_bps: int = 1000) -> Scene:
    """Return a shop with a commission plan and one paid order that came through a share."""
    owner, sharer, buyer = (factories.member() for _ in range(3))
    shop = factories.shop(owner)
    item = factories.variant(shop, price=price)
    earnings.set_plan(actor=factories.actor(owner), shop_id=shop.pk, rate_bps=rate_bps)
    link = sharing.share(
        actor=factories.actor(sharer), target_kind="product", target_id=item.product_id, via=None
    )
    placed = factories.place((item, quantity), buyer=buyer, via=link.code)
    factories.pay(placed)
    stranger = factories.member()
    return Scene(owner, sharer, buyer, stranger, shop, item, link, placed.orders.get())


def client(account: Account | None = None) -> Client:
    """Return a browser, signed in as ``account`` if given."""
    browser = Client()
    if account is not None:
        browser.force_login(account)
    return browser
