"""What is on a storefront: choosing, listing from the pool, linking out, ordering."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import visible_products, works_in
from banyan.catalog.actions.products import LARGEST_PRICE
from banyan.catalog.models import Product
from banyan.kernel import clock, events, locks
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Conflict, Invalid, NotFound
from banyan.kernel.states import transition
from banyan.moderation.actions import check_names

from ..access import get_item_for_page, get_offer_for_owner, offered_items, require_storefront
from ..events import OfferListed
from ..models import Offer, OfferPrice, PoolItem, PoolPrice, PoolSeller, Storefront
from ..rules import MOST_OFFERS, clean_url, least_price
from ..states import OFFER

CODE_BITS = 80


def select_product(
    *, actor: Actor, product_id: int, note: str = "", group_id: int | None = None
) -> Offer:
    """Put a product on the actor's page at its shop's price: their own, or somebody else's.

    ``group_id`` names a group that they keep: then it is put on the group's page.

    Repeatable: what is there already is returned as it is. Locks storefront. Emits offer.listed.
    Raises NotFound, Invalid, Conflict ``storefront_full``.
    """
    product = visible_products().filter(pk=product_id).first()
    if product is None:
        raise NotFound()
    page = require_storefront(actor, group_id)
    kind = "own" if works_in(_seller(page), product.shop_id) else "selected"
    return _add(actor, page, kind, product=product, note=note)


def _seller(page: Storefront) -> Actor:
    """Return who earns from a page: whoever keeps it, it is its owner."""
    return Actor(kind="member", id=page.owner_id)


def add_link_out(
    *,
    actor: Actor,
    title: str,
    url: str,
    is_paid: bool = False,
    note: str = "",
    group_id: int | None = None,
) -> Offer:
    """Put a link to another site on the actor's page; ``is_paid`` when they are paid for it.

    ``group_id`` as for :func:`select_product`.

    Locks storefront. Emits offer.listed. Raises Invalid for anything but a web address.
    """
    fields: dict[str, Any] = {}
    address = clean_url(url)
    if address is None:
        fields["url"] = _("Enter a web address that begins with https://.")
    if not 1 <= len(title.strip()) <= 160:
        fields["title"] = _("Say in 1 to 160 letters what it is.")
    if fields:
        raise Invalid(fields=fields)
    check_names(actor=actor, title=title)
    page = require_storefront(actor, group_id)
    columns: dict[str, Any] = {
        "title": title.strip(),
        "url": address or "",
        "is_paid": is_paid,
        "note": note,
    }
    return _add(actor, page, "external", **columns)


def list_from_pool(
    *,
    actor: Actor,
    item_id: int,
    prices: Mapping[int, int] | None = None,
    group_id: int | None = None,
) -> Offer:
    """Put a pooled product on the actor's page, at ``prices`` (variant id -> minor units).

    ``group_id`` as for :func:`select_product`; the margin is the page's owner's.
    Variants without a price of their own are listed at the shop's price, or at the least allowed
    where that is more. Repeatable: an offer that is there, also a paused one, gets the prices and
    is live. Locks storefront and pool. Emits offer.listed. Raises NotFound, Invalid
    (``price_too_low``), Conflict ``own_goods``, ``not_approved``, ``already_listed``.
    """
    page, item = require_storefront(actor, group_id), get_item_for_page(item_id)
    if works_in(_seller(page), item.product.shop_id):
        raise Conflict(_("This is your own shop's. Choose it as your own."), code="own_goods")
    with transaction.atomic():
        locks.take([LockKey("storefront", page.pk), LockKey("pool", item.pk)])
        _check_open(page.owner_id, item)
        amounts = _amounts(item, prices or {})
        offer = _there(page, item.product)
        if offer is None:
            offer = _insert(actor, page, "pooled", product=item.product)
        elif offer.kind != "pooled":
            raise Conflict(_("This is on your page already."), code="already_listed")
        _write_prices(actor, offer, amounts)
    return offer


def set_offer_prices(*, actor: Actor, offer_id: int, prices: Mapping[int, int]) -> Offer:
    """Change what a pooled offer of the actor's costs; a paused one is live again. Repeatable.

    Variants that are not named keep their price. Locks pool. Raises NotFound, Invalid
    (``price_too_low``), Conflict ``not_pooled``, ``not_offered``, ``not_approved``.
    """
    offer = get_offer_for_owner(actor, offer_id)
    if offer.kind != "pooled":
        raise Conflict(_("The shop sets this price."), code="not_pooled")
    item = offered_items().filter(product_id=offer.product_id).first()
    if item is None:
        raise Conflict(_("The supplier does not offer this any more."), code="not_offered")
    with transaction.atomic():
        locks.take([LockKey("storefront", offer.storefront_id), LockKey("pool", item.pk)])
        offer = get_offer_for_owner(actor, offer_id)
        _check_open(offer.storefront.owner_id, item)
        kept = dict(offer.prices.values_list("variant_id", "amount"))
        _write_prices(actor, offer, _amounts(item, kept | dict(prices)))
    return offer


def _check_open(owner_id: int, item: PoolItem) -> None:
    """Refuse, under the item's lock, what was withdrawn or is for approved pages only."""
    item.refresh_from_db(fields=["state", "open_to"])
    if item.state != "offered":
        raise Conflict(_("The supplier does not offer this any more."), code="not_offered")
    if item.open_to == "approved":
        mine = PoolSeller.objects.filter(item=item, account_id=owner_id, state="approved")
        if not mine.exists():
            raise Conflict(_("The supplier has to approve you first."), code="not_approved")


def _amounts(item: PoolItem, prices: Mapping[int, int]) -> dict[int, int]:
    """Return a price for every pooled variant; refuse unknown variants and prices too low."""
    terms = {
        one.variant_id: one for one in PoolPrice.objects.filter(item=item).select_related("variant")
    }
    if not set(prices) <= set(terms) | set(_variants(item)):
        raise NotFound()
    amounts = {}
    for variant_id, term in terms.items():
        least = least_price(term.supply_amount, term.minimum_amount)
        amount = prices.get(variant_id, max(least, term.variant.price_amount))
        if amount < least:
            raise Invalid(
                fields={"price": _("That is less than the supplier allows.")},
                code="price_too_low",
                extra={
                    "least": least,
                    "currency": term.variant.currency,
                    "variant": str(variant_id),
                },
            )
        if amount > LARGEST_PRICE:
            raise Invalid(
                fields={"price": _("That is too much.")},
                code="price_too_high",
                extra={"variant": str(variant_id)},
            )
        amounts[variant_id] = amount
    return amounts


def _variants(item: PoolItem) -> list[int]:
    return list(item.product.variants.values_list("id", flat=True))


def _write_prices(actor: Actor, offer: Offer, amounts: Mapping[int, int]) -> None:
    offer.prices.exclude(variant_id__in=amounts).delete()
    OfferPrice.objects.bulk_create(
        [
            OfferPrice(offer=offer, variant_id=variant_id, amount=amount)
            for variant_id, amount in amounts.items()
        ],
        update_conflicts=True,
        unique_fields=["offer", "variant"],
        update_fields=["amount"],
    )
    if offer.state == "paused":
        transition(OFFER, offer, "live", actor=actor, pause_reason="")


def _there(page: Storefront, product: Product | None) -> Offer | None:
    if product is None:
        return None
    return page.offers.filter(product=product).exclude(state="ended").first()


def _add(
    actor: Actor,
    page: Storefront,
    kind: str,
    *,
    product: Product | None = None,
    **columns: Any,
) -> Offer:
    with transaction.atomic():
        locks.take([LockKey("storefront", page.pk)])
        before = _there(page, product)
        return before or _insert(actor, page, kind, product=product, **columns)


def _insert(
    actor: Actor,
    page: Storefront,
    kind: str,
    *,
    product: Product | None = None,
    note: str = "",
    **columns: Any,
) -> Offer:
    """Write a new offer at the end of the page, whose lock is held."""
    if len(note) > 200:
        raise Invalid(fields={"note": _("At most 200 letters.")})
    check_names(actor=actor, note=note)
    there = page.offers.exclude(state="ended")
    if there.count() >= MOST_OFFERS:
        raise Conflict(_("Your page is full: at most 200 things."), code="storefront_full")
    last = there.aggregate(last=Max("position"))["last"] or 0
    offer = Offer.objects.create(
        code=new_code(CODE_BITS),
        storefront=page,
        kind=kind,
        product=product,
        note=note.strip(),
        position=last + 1,
        created_at=clock.now(),
        **columns,
    )
    events.emit(
        OfferListed(
            offer_id=offer.pk,
            storefront_id=page.pk,
            kind=kind,
            product_id=product.pk if product else None,
        ),
        actor=actor,
    )
    return offer


def end_offer(*, actor: Actor, offer_id: int) -> None:
    """Take something off the actor's page for good. Orders keep what they were placed with."""
    offer = get_offer_for_owner(actor, offer_id)
    with transaction.atomic():
        transition(OFFER, offer, "ended", actor=actor)


def pin_offer(*, actor: Actor, offer_id: int) -> None:
    """Show an offer before all that are not pinned. Repeatable."""
    get_offer_for_owner(actor, offer_id)
    Offer.objects.filter(pk=offer_id).update(is_pinned=True)


def unpin_offer(*, actor: Actor, offer_id: int) -> None:
    """Show an offer in its own place again. Repeatable."""
    get_offer_for_owner(actor, offer_id)
    Offer.objects.filter(pk=offer_id).update(is_pinned=False)


def move_offer(*, actor: Actor, offer_id: int, by: int) -> None:
    """Move an offer ``by`` places down the page (up when negative), among those of its kind of pin.

    Past either end it stays there. Locks storefront. Raises NotFound.
    """
    offer = get_offer_for_owner(actor, offer_id)
    with transaction.atomic():
        locks.take([LockKey("storefront", offer.storefront_id)])
        rows = list(
            Offer.objects.filter(storefront_id=offer.storefront_id, is_pinned=offer.is_pinned)
            .exclude(state="ended")
            .order_by("position", "id")
        )
        order = [row.pk for row in rows]
        at = order.index(offer.pk)
        order.insert(max(0, min(len(order) - 1, at + by)), order.pop(at))
        places = {pk: place for place, pk in enumerate(order, start=1)}
        for row in rows:
            row.position = places[row.pk]
        Offer.objects.bulk_update(rows, ["position"])
