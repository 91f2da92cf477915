"""The supply pool: what shops let other pages sell, for how much, and who may."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import MANAGERS, get_product_for_staff, works_in
from banyan.catalog.actions.products import LARGEST_PRICE
from banyan.kernel import clock, events, locks
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Conflict, Invalid, LoginRequired, NotFound
from banyan.kernel.states import transition, transition_all

from ..access import get_item_for_page, get_item_for_supplier
from ..events import OfferNarrowed, OfferPaused, PoolSellerAnswered, PoolSellerAsked
from ..models import Offer, OfferPrice, PoolItem, PoolPrice, PoolSeller
from ..states import OFFER, POOL_ITEM, POOL_SELLER


@dataclass(frozen=True, slots=True)
class Terms:
    """What the supplier gets for a unit, and the least a page may ask; minor units."""

    supply: int
    minimum: int | None = None


def offer_to_pool(
    *, actor: Actor, product_id: int, terms: Mapping[int, Terms], open_to: str = "anyone"
) -> PoolItem:
    """Let other pages sell a product; the second call changes the terms. For its shop's managers.

    ``terms`` is variant id -> terms; variants that are not named cannot be sold by others (any
    more), and offer.narrowed tells the owners of pages that had them. Orders already placed keep
    what they were promised. Offers that are now below the least price, with nothing left to sell,
    or on pages that are to be approved from now on, are paused, and offer.paused tells their
    owners. Locks pool. Raises NotFound, Invalid, Conflict ``not_a_merchant``: what members
    sell second-hand is paid for through an escrow.
    """
    product = get_product_for_staff(actor, product_id, MANAGERS)
    if product.shop.kind != "merchant":
        raise Conflict(_("Only shops of merchants supply others."), code="not_a_merchant")
    known = set(product.variants.filter(is_active=True).values_list("id", flat=True))
    _check(terms, known, open_to)
    with transaction.atomic():
        item, made = PoolItem.objects.get_or_create(
            product=product, defaults={"open_to": open_to, "created_at": clock.now()}
        )
        locks.take([LockKey("pool", item.pk)])
        item.refresh_from_db()
        if not made:
            PoolItem.objects.filter(pk=item.pk).update(open_to=open_to)
            item.open_to = open_to
        if item.state != "offered":
            transition(POOL_ITEM, item, "offered", actor=actor)
        gone = item.prices.exclude(variant_id__in=terms)
        dropped = set(gone.values_list("variant_id", flat=True))
        gone.delete()
        PoolPrice.objects.bulk_create(
            [
                PoolPrice(
                    item=item,
                    variant_id=variant_id,
                    supply_amount=each.supply,
                    minimum_amount=each.minimum,
                )
                for variant_id, each in terms.items()
            ],
            update_conflicts=True,
            unique_fields=["variant"],
            update_fields=["supply_amount", "minimum_amount"],
        )
        _pause_too_low(actor, item)
        if open_to == "approved":
            _pause_unapproved(actor, item)
        _narrow(actor, item, dropped)
    return item


def _check(terms: Mapping[int, Terms], known: set[int], open_to: str) -> None:
    if open_to not in {"anyone", "approved"}:
        raise Invalid(fields={"open_to": _("Choose who may sell it.")})
    if not set(terms) <= known:
        raise NotFound()
    if not terms:
        raise Invalid(fields={"supply": _("Enter your price for at least one variant.")})
    for each in terms.values():
        if not 0 < each.supply <= LARGEST_PRICE:
            raise Invalid(fields={"supply": _("Enter a price above zero.")})
        if each.minimum is not None and not each.supply <= each.minimum <= LARGEST_PRICE:
            raise Invalid(fields={"minimum": _("The least price cannot be below what you get.")})


def _pause_too_low(actor: Actor, item: PoolItem) -> None:
    low = OfferPrice.objects.filter(
        Q(amount__lt=F("variant__pool_price__supply_amount"))
        | Q(amount__lt=F("variant__pool_price__minimum_amount")),
        variant__pool_price__item=item,
    )
    _pause(actor, _live(item).filter(pk__in=low.values("offer_id")), "below_minimum")


def _pause_unapproved(actor: Actor, item: PoolItem) -> None:
    approved = PoolSeller.objects.filter(item=item, state="approved").values("account_id")
    _pause(actor, _live(item).exclude(storefront__owner__in=approved), "not_approved")


def _narrow(actor: Actor, item: PoolItem, dropped: Collection[int]) -> None:
    """Pause what has nothing left to sell; tell the other pages which variants they lost."""
    lost = OfferPrice.objects.filter(variant_id__in=dropped, offer__in=_live(item))
    variants: dict[int, list[int]] = {}
    for offer_id, variant_id in lost.order_by("variant_id").values_list("offer_id", "variant_id"):
        variants.setdefault(offer_id, []).append(variant_id)
    left = OfferPrice.objects.filter(offer__in=variants, variant__pool_price__item=item)
    selling = set(left.values_list("offer_id", flat=True))
    _pause(actor, _live(item).filter(pk__in=set(variants) - selling), "withdrawn")
    rows = Offer.objects.select_related("storefront").filter(pk__in=selling).order_by("id")
    events.emit_all(
        [
            OfferNarrowed(
                offer_id=row.pk,
                storefront_id=row.storefront_id,
                owner_id=row.storefront.owner_id,
                product_id=item.product_id,
                variant_ids=tuple(variants[row.pk]),
            )
            for row in rows
        ],
        actor=actor,
    )


def _live(item: PoolItem) -> QuerySet[Offer]:
    return Offer.objects.filter(product_id=item.product_id, kind="pooled", state="live")


def _pause(actor: Actor, offers: Iterable[Offer], reason: str) -> None:
    """Pause live offers and say so to each owner; the item's lock is held."""
    rows = list(offers)
    transition_all(OFFER, rows, "paused", actor=actor, pause_reason=reason)
    owners = dict(
        Offer.objects.filter(pk__in=[row.pk for row in rows]).values_list(
            "pk", "storefront__owner_id"
        )
    )
    events.emit_all(
        [
            OfferPaused(
                offer_id=row.pk,
                storefront_id=row.storefront_id,
                owner_id=owners[row.pk],
                product_id=row.product_id or 0,
                reason=reason,
            )
            for row in rows
        ],
        actor=actor,
    )


def withdraw_from_pool(*, actor: Actor, item_id: int) -> None:
    """Take a product out of the pool: it is gone from every page at once. Repeatable.

    Orders already placed stand. Locks pool. Emits offer.paused per page that had it.
    """
    item = get_item_for_supplier(actor, item_id)
    with transaction.atomic():
        locks.take([LockKey("pool", item.pk)])
        item.refresh_from_db(fields=["state"])
        if item.state != "offered":
            return
        transition(POOL_ITEM, item, "withdrawn", actor=actor)
        _pause(actor, _live(item), "withdrawn")


def ask_to_sell(*, actor: Actor, item_id: int) -> PoolSeller:
    """Ask a supplier to let the actor's page sell a product. Repeatable; asked once.

    Emits pool.seller_asked. Raises LoginRequired, NotFound, Conflict ``open_to_anyone``.
    """
    if actor.id is None:
        raise LoginRequired()
    item = get_item_for_page(item_id)
    if item.open_to == "anyone":
        raise Conflict(_("Anybody may sell this: just list it."), code="open_to_anyone")
    if works_in(actor, item.product.shop_id):
        raise Conflict(_("This is your own shop's. Choose it as your own."), code="own_goods")
    with transaction.atomic():
        asked, made = PoolSeller.objects.get_or_create(
            item=item, account_id=actor.id, defaults={"created_at": clock.now()}
        )
        if made:
            events.emit(
                PoolSellerAsked(
                    item_id=item.pk,
                    shop_id=item.product.shop_id,
                    product_id=item.product_id,
                    account_id=actor.id,
                ),
                actor=actor,
            )
    return asked


def approve_seller(*, actor: Actor, item_id: int, account_id: int) -> None:
    """Let a member's page sell the item. Repeatable. Emits pool.seller_answered."""
    _answer(actor, item_id, account_id, "approved")


def refuse_seller(*, actor: Actor, item_id: int, account_id: int) -> None:
    """Do not let a member's page sell the item (any more): gone from it at once. Repeatable.

    Emits pool.seller_answered, and offer.paused where the page had it.
    """
    _answer(actor, item_id, account_id, "refused")


def _answer(actor: Actor, item_id: int, account_id: int, to: str) -> None:
    item = get_item_for_supplier(actor, item_id)
    with transaction.atomic():
        locks.take([LockKey("pool", item.pk)])
        asked = PoolSeller.objects.filter(item=item, account_id=account_id).first()
        if asked is None:
            raise NotFound()
        if asked.state == to:
            return
        transition(POOL_SELLER, asked, to, actor=actor)
        if to == "refused" and item.open_to == "approved":
            _pause(actor, _live(item).filter(storefront__owner_id=account_id), "not_approved")
        events.emit(
            PoolSellerAnswered(
                item_id=item.pk,
                product_id=item.product_id,
                account_id=account_id,
                approved=to == "approved",
            ),
            actor=actor,
        )
