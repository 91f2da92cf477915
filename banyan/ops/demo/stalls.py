"""Storefronts of the demo: chosen goods, a link out, and pages that sell from the pool."""

from __future__ import annotations

import datetime as dt

from banyan.catalog import actions as catalog
from banyan.catalog.models import Product
from banyan.catalog.rules import Condition
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.orders import actions as orders
from banyan.storefronts import actions as storefronts
from banyan.storefronts.models import Offer

from . import cast
from .stage import Stage, Till


class Stalls:
    """Tells of the storefronts, when the shops have been there for a while."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.till = Till("stall", stage.today)
        self.shop = stage.shops[0]
        self.owner = stage.owner(self.shop)

    def tell_all(self, at: dt.datetime) -> None:
        """Gather collections, fill the pool, open the pages; each sells something."""
        self.stage.tell("storefronts")
        with clock.at(at):
            self._collections()
            open_to_all, asked_for = self._pool()
            for number, (handle, title, intro, colour, out) in enumerate(cast.STOREFRONTS):
                actor = self.stage.member(handle)
                storefronts.open_storefront(actor=actor, title=title, intro=intro, colour=colour)
                storefronts.select_product(
                    actor=actor, product_id=self.stage.products[-1 - number].pk
                )
                offer = storefronts.list_from_pool(actor=actor, item_id=open_to_all)
                storefronts.pin_offer(actor=actor, offer_id=offer.pk)
                storefronts.ask_to_sell(actor=actor, item_id=asked_for)
                storefronts.add_link_out(actor=actor, title=out[0], url=out[1], is_paid=number == 0)
                self._sold(offer)
            self._approved(asked_for)

    def _approved(self, item_id: int) -> None:
        """The supplier lets the first of those who asked sell it; the others wait."""
        seller = self.stage.member(cast.STOREFRONTS[0][0])
        storefronts.approve_seller(actor=self.owner, item_id=item_id, account_id=seller.id or 0)
        storefronts.list_from_pool(actor=seller, item_id=item_id)

    def _sold(self, offer: Offer) -> None:
        """Somebody buys what a page sells for a supplier, at the page's price."""
        price = offer.prices.order_by("variant_id")[0]
        self.till.sell(
            self.stage.member("kai"),
            orders.WantedLine(price.variant_id, 1, offer_id=offer.pk),
        )

    def _collections(self) -> None:
        shop, owner = self.shop, self.owner
        rules = catalog.CollectionInput(
            "In stock", kind="rules", conditions=[Condition("in_stock")]
        )
        catalog.make_collection(actor=owner, shop_id=shop.pk, data=rules)
        chosen = catalog.make_collection(
            actor=owner, shop_id=shop.pk, data=catalog.CollectionInput("Our favourites")
        )
        catalog.put_in_collection(
            actor=owner, collection_id=chosen.pk, product_id=self.stage.products[0].pk
        )

    def _pool(self) -> tuple[int, int]:
        """Return a pool item for everybody and one for approved pages; a third nobody has yet."""
        other = self.stage.shop("linen-room")
        self._offer(self.stage.owner(other), self.stage.goods(other)[0], "anyone")
        first, second = self.stage.goods(self.shop)[:2]
        return (
            self._offer(self.owner, first, "anyone"),
            self._offer(self.owner, second, "approved"),
        )

    def _offer(self, owner: Actor, product: Product, open_to: str) -> int:
        terms = {
            variant.pk: storefronts.Terms(variant.price_amount * 3 // 4)
            for variant in product.variants.filter(is_active=True)
        }
        item = storefronts.offer_to_pool(
            actor=owner, product_id=product.pk, terms=terms, open_to=open_to
        )
        return item.pk
