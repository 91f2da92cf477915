"""The only way to rows that people see. Absent and forbidden look alike."""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from banyan.catalog.access import MANAGERS, visible_products, works_in
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound
from banyan.people.access import hidden_from, lead_on

from . import ports
from .models import Offer, OfferPrice, PoolItem, PoolSeller, Storefront


def visible_storefronts() -> QuerySet[Storefront]:
    """Return storefronts that anybody may see."""
    return Storefront.objects.filter(state="open", owner__is_active=True)


def get_storefront_for(actor: Actor, handle: str) -> Storefront:
    """Return a member's open storefront; its owner sees it closed too.

    To somebody who is apart from the owner it is not there, like the owner's profile. Moved where
    the owner had that handle.
    """
    found = (
        Storefront.objects.select_related("owner", "link", "cover")
        .filter(owner__handle__iexact=handle, owner__is_active=True, group_id=None)
        .first()
    )
    if found is None:
        lead_on(actor, handle)
    if found.state != "open" and found.owner_id != actor.id:
        raise NotFound()
    if actor.id is not None and found.owner_id in hidden_from(actor, [found.owner_id]):
        raise NotFound()
    return found


def my_storefront(actor: Actor) -> Storefront | None:
    """Return the actor's own storefront, if there is one."""
    rows = Storefront.objects.select_related("owner", "link")
    return rows.filter(owner_id=actor.id or 0, group_id=None).first()


def page_of_group(group_id: int) -> Storefront | None:
    """Return the page of a group, closed ones too; who may see it is the group's to say."""
    rows = Storefront.objects.select_related("owner", "link", "cover")
    return rows.filter(group_id=group_id).first()


def require_storefront(actor: Actor, group_id: int | None = None) -> Storefront:
    """Return the actor's own storefront, or that of a group they keep; NotFound without."""
    if group_id is None:
        found = my_storefront(actor)
    else:
        found = page_of_group(group_id) if ports.groups().keeps(actor, group_id) else None
    if found is None:
        raise NotFound()
    return found


def get_offer_for_owner(actor: Actor, offer_id: int) -> Offer:
    """Return an offer, not ended, of the actor's own storefront or of a group's that they keep."""
    rows = Offer.objects.select_related("storefront", "product").exclude(state="ended")
    found = rows.filter(pk=offer_id).first()
    if found is None or not _keeps(actor, found.storefront):
        raise NotFound()
    return found


def _keeps(actor: Actor, page: Storefront) -> bool:
    if page.group_id is not None:
        return ports.groups().keeps(actor, page.group_id)
    return actor.id is not None and page.owner_id == actor.id


def live_offers() -> QuerySet[Offer]:
    """Return the offers that anybody can see now, by what holds now.

    A closed page, a product taken off sale, a supplier who withdrew or does not approve the page
    (any more): gone at once, without any job. Of pooled ones, prices count too:
    :func:`live_prices`.
    """
    approved = PoolSeller.objects.filter(
        item__product=OuterRef("product"),
        account=OuterRef("storefront__owner"),
        state="approved",
    )
    pooled = Q(product__pool_item__state="offered") & (
        Q(product__pool_item__open_to="anyone") | Exists(approved)
    )
    return Offer.objects.filter(
        Q(kind="external")
        | (Q(product__in=visible_products()) & (Q(kind__in=["own", "selected"]) | pooled)),
        state="live",
        storefront__in=visible_storefronts(),
    )


def live_prices() -> QuerySet[OfferPrice]:
    """Return the prices of live pooled offers, without those that are too low by now."""
    least = Q(variant__pool_price__minimum_amount=None) | Q(
        amount__gte=F("variant__pool_price__minimum_amount")
    )
    return OfferPrice.objects.filter(
        least,
        amount__gte=F("variant__pool_price__supply_amount"),
        variant__is_active=True,
        offer__in=live_offers().filter(kind="pooled"),
    )


def get_offer_by_code(code: str) -> Offer:
    """Return a live offer by its public code."""
    rows = live_offers().select_related("storefront__owner", "storefront__link", "product__shop")
    found = rows.filter(code=code).first()
    if found is None:
        raise NotFound()
    return found


def offered_items() -> QuerySet[PoolItem]:
    """Return what any page may ask to sell now."""
    return PoolItem.objects.filter(state="offered", product__in=visible_products())


def get_item_for_page(item_id: int) -> PoolItem:
    """Return an item of the pool that is offered now."""
    found = offered_items().select_related("product__shop").filter(pk=item_id).first()
    if found is None:
        raise NotFound()
    return found


def get_item_for_supplier(actor: Actor, item_id: int) -> PoolItem:
    """Return an item of the pool of a shop that the actor manages."""
    found = PoolItem.objects.select_related("product__shop").filter(pk=item_id).first()
    if found is None or not works_in(actor, found.product.shop_id, MANAGERS):
        raise NotFound()
    return found
