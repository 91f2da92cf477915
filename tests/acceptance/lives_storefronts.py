"""Whole lives of storefronts and of what they sell, for ``test_whole_life``."""

from __future__ import annotations

from typing import Any

from banyan.catalog.actions import VariantInput
from banyan.storefronts import actions as storefronts
from tests.storefronts import stalls
from tests.support import factories as make


def of_storefronts(settings: Any) -> None:
    """Pages close and open; pooled goods come and go; sellers are let in and sent away."""
    page = stalls.page()
    me = stalls.owner_of(page)
    storefronts.close_storefront(actor=me)
    storefronts.reopen_storefront(actor=me)
    item = make.variant()
    supplier = make.actor(item.product.shop.owner)
    pooled = stalls.supply(item)
    offer = stalls.listed(page, pooled, 9_900)
    storefronts.withdraw_from_pool(actor=supplier, item_id=pooled.pk)
    stalls.supply(item)
    stalls.listed(page, pooled, 9_900)
    make.pay(stalls.place(item, offer))
    storefronts.withdraw_from_pool(actor=supplier, item_id=pooled.pk)
    storefronts.end_offer(actor=me, offer_id=offer.pk)
    chosen = storefronts.select_product(actor=me, product_id=make.product().pk)
    storefronts.end_offer(actor=me, offer_id=chosen.pk)
    _a_kind_less()
    _sellers_lives()


def _a_kind_less() -> None:
    values = [VariantInput(price=9_000, on_hand=5, values=[each]) for each in ("Red", "Blue")]
    cups = make.product(make.shop(), options=["Colour"], variants=values)
    red, blue = cups.variants.order_by("position", "id")
    for kinds in ([red, blue], [blue]):
        pooled = storefronts.offer_to_pool(
            actor=make.actor(cups.shop.owner),
            product_id=cups.pk,
            terms={kind.pk: storefronts.Terms(8_000) for kind in kinds},
        )
        if red in kinds:
            page = stalls.owner_of(stalls.page())
            storefronts.list_from_pool(actor=page, item_id=pooled.pk)


def _sellers_lives() -> None:
    item = make.variant()
    supplier = make.actor(item.product.shop.owner)
    pooled = stalls.supply(item, open_to="approved")
    refused, approved = stalls.page(), stalls.page()
    for page in (refused, approved):
        storefronts.ask_to_sell(actor=stalls.owner_of(page), item_id=pooled.pk)
    storefronts.refuse_seller(actor=supplier, item_id=pooled.pk, account_id=refused.owner_id)
    storefronts.approve_seller(actor=supplier, item_id=pooled.pk, account_id=refused.owner_id)
    storefronts.approve_seller(actor=supplier, item_id=pooled.pk, account_id=approved.owner_id)
    storefronts.refuse_seller(actor=supplier, item_id=pooled.pk, account_id=approved.owner_id)
