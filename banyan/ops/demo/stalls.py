"""Storefronts of the demo: chosen goods, a link out, and two pages that sell from the pool."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from banyan.catalog import actions as catalog
from banyan.catalog.models import Product, Shop
from banyan.catalog.rules import Condition
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.storefronts import actions as storefronts

from . import cast


class Stalls:
    """Tells of the storefronts, when the shops have been there for a while."""

    def __init__(
        self, member: Callable[[str], Actor], shops: Sequence[Shop], products: Sequence[Product]
    ) -> None:
        self.member = member
        self.shops = shops
        self.products = products

    def tell_all(self, at: dt.datetime) -> None:
        """Gather collections, fill the pool, open the pages."""
        with clock.at(at):
            self._collections()
            open_to_all, asked_for = self._pool()
            for handle, title, intro, colour in cast.STOREFRONTS:
                actor = self.member(handle)
                storefronts.open_storefront(actor=actor, title=title, intro=intro, colour=colour)
                storefronts.select_product(actor=actor, product_id=self.products[-1].pk)
                offer = storefronts.list_from_pool(actor=actor, item_id=open_to_all)
                storefronts.pin_offer(actor=actor, offer_id=offer.pk)
                storefronts.ask_to_sell(actor=actor, item_id=asked_for)
            title, url = cast.LINK_OUT
            storefronts.add_link_out(
                actor=self.member(cast.STOREFRONTS[0][0]), title=title, url=url, is_paid=True
            )

    def _collections(self) -> None:
        shop = self.shops[0]
        owner = self.member(cast.SHOPS[0][3])
        rules = catalog.CollectionInput(
            "In stock", kind="rules", conditions=[Condition("in_stock")]
        )
        catalog.make_collection(actor=owner, shop_id=shop.pk, data=rules)
        chosen = catalog.make_collection(
            actor=owner, shop_id=shop.pk, data=catalog.CollectionInput("Our favourites")
        )
        catalog.put_in_collection(
            actor=owner, collection_id=chosen.pk, product_id=self.products[0].pk
        )

    def _pool(self) -> tuple[int, int]:
        """Return a pool item for everybody and one for approved pages."""
        owner = self.member(cast.SHOPS[0][3])
        found = []
        for product, open_to in zip(self.products[:2], ("anyone", "approved"), strict=True):
            terms = {
                variant.pk: storefronts.Terms(variant.price_amount * 3 // 4)
                for variant in product.variants.filter(is_active=True)
            }
            item = storefronts.offer_to_pool(
                actor=owner, product_id=product.pk, terms=terms, open_to=open_to
            )
            found.append(item.pk)
        return found[0], found[1]
