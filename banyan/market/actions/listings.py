"""Offering one thing to other members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.catalog import actions as catalog
from banyan.catalog.models import Product, Shop
from banyan.catalog.rules import is_slug
from banyan.kernel import clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import Forbidden, Invalid, LoginRequired
from banyan.moderation.actions import check_names
from banyan.people.models import Account

from ..access import get_own_listing, unsold
from ..events import ListingPosted
from ..models import Listing
from ..rules import CONDITIONS, HANDOVERS, Place

MOST_OPEN = 50


@dataclass(frozen=True, slots=True)
class ListingInput:
    """A listing as entered: ``price`` in minor units of ``currency``; ``images`` are image ids."""

    title: str
    price: int
    condition: str
    level1: str
    currency: str = "CNY"
    description: str = ""
    handover: str = "post"
    level2: str = ""
    category: str = ""
    place: Place | None = None
    images: Sequence[int] = ()
    language: str = "en"


def post_listing(*, actor: Actor, data: ListingInput) -> Listing:
    """Put one thing up for sale, in the member's own little shop. Emits listing.posted.

    For members whose contact is verified (else Forbidden ``contact_needed``), at most 50 open ones.
    """
    if actor.id is None:
        raise LoginRequired()
    seller = Account.objects.get(pk=actor.id)
    if not (seller.email or seller.phone):
        raise Forbidden(_("Add an e-mail address or a phone number first."), code="contact_needed")
    _check(data)
    check_names(actor=actor, level1=data.level1, level2=data.level2)
    on_sale = Listing.objects.filter(unsold(), seller=seller, product__state="active")
    if on_sale.count() >= MOST_OPEN:
        raise Invalid(_("At most 50 things at a time."), code="too_many_listings")
    with transaction.atomic():
        shop = _shop_of(actor, seller, data.currency)
        product = _product(actor, shop, data)
        listing = Listing.objects.create(
            product=product,
            seller=seller,
            condition=data.condition,
            handover=data.handover,
            level1=data.level1.strip(),
            level2=data.level2.strip(),
            latitude=data.place.latitude if data.place else None,
            longitude=data.place.longitude if data.place else None,
            created_at=clock.now(),
        )
        catalog.publish_product(actor=actor, product_id=product.pk)
        events.emit(
            ListingPosted(listing_id=listing.pk, product_id=product.pk, seller_id=seller.pk),
            actor=actor,
        )
    return listing


def withdraw_listing(*, actor: Actor, listing_id: int) -> Listing:
    """Take a listing off sale for good; who has it reserved may still pay. Repeatable."""
    listing = get_own_listing(actor, listing_id)
    catalog.archive_product(actor=actor, product_id=listing.product_id)
    return listing


def _check(data: ListingInput) -> None:
    fields: dict[str, Any] = {}
    if data.condition not in CONDITIONS:
        fields["condition"] = _("Choose one of these.")
    if data.handover not in HANDOVERS:
        fields["handover"] = _("Choose one of these.")
    if not 1 <= len(data.level1.strip()) <= 60:
        fields["level1"] = _("Say in which region it is.")
    if len(data.level2.strip()) > 60:
        fields["level2"] = _("At most 60 letters.")
    if not data.images:
        fields["images"] = _("Add a picture.")
    if fields:
        raise Invalid(fields=fields)


def _product(actor: Actor, shop: Shop, data: ListingInput) -> Product:
    given = catalog.ProductInput(
        title=data.title,
        description=data.description,
        language=data.language,
        category=data.category,
        images=list(data.images),
        variants=[catalog.VariantInput(price=data.price, on_hand=1)],
        kind="listing",
    )
    return catalog.create_product(actor=actor, shop_id=shop.pk, data=given)


def _shop_of(actor: Actor, seller: Account, currency: str) -> Shop:
    """Return the member's own shop of this currency, opened with the first listing."""
    # Two first listings at once: the second waits for the first one's shop.
    Account.objects.select_for_update(no_key=True).get(pk=seller.pk)
    known = Shop.objects.filter(owner=seller, kind="member", currency=currency).first()
    if known is not None:
        return known
    slug = f"m-{seller.handle}"[:34]
    if not is_slug(slug) or Shop.objects.filter(slug__iexact=slug).exists():
        slug = f"m-{new_code(60).lower()}"
    return catalog.open_member_shop(
        actor=actor, name=seller.display_name, slug=slug, currency=currency
    )
