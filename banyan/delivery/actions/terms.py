"""How a product is handed over, as its shop sets it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import get_product_for_staff
from banyan.catalog.actions import bring_home, count_all, stock_locks
from banyan.catalog.models import Stock
from banyan.kernel import clock, locks
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Invalid
from banyan.moderation.actions import check_names

from ..models import Terms

WAYS = {"digital": ("file", "keys"), "voucher": ("voucher",)}
OPEN_EDITION = 1_000_000
LONGEST_VALIDITY = 3_650


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsInput:
    """Terms as entered; see ``models.Terms``."""

    way: str
    downloads: int = 5
    valid_from: dt.datetime | None = None
    valid_until: dt.datetime | None = None
    valid_days: int | None = None
    places: str = ""


def set_terms(*, actor: Actor, product_id: int, terms: TermsInput) -> Terms:
    """Say how a product without a parcel is handed over; repeatable. For managers of the shop.

    What was sold keeps what it was sold with. What becomes a file gets an open edition,
    OPEN_EDITION units for each variant without stock; a pool of keys decides its stock itself.
    The way cannot change any more once a key was added (Conflict ``delivery_way_fixed``). Locks
    stock.
    """
    product = get_product_for_staff(actor, product_id)
    _check(product.kind, terms)
    check_names(actor=actor, places=terms.places)
    with transaction.atomic():
        variants = list(product.variants.values_list("id", flat=True))
        locks.take(stock_locks(variants))
        before = Terms.objects.filter(product=product).first()
        if before is not None and before.way != terms.way and _has_keys(variants):
            raise Conflict(
                _("This product has licence keys; it cannot be handed over in another way."),
                code="delivery_way_fixed",
            )
        made, _created = Terms.objects.update_or_create(
            product=product,
            defaults={
                "way": terms.way,
                "downloads": terms.downloads,
                "valid_from": terms.valid_from,
                "valid_until": terms.valid_until,
                "valid_days": terms.valid_days,
                "places": terms.places.strip(),
                "updated_at": clock.now(),
            },
        )
        is_new = before is None or before.way != terms.way
        if is_new and terms.way == "file":
            empty = Stock.objects.filter(variant_id__in=variants, on_hand=0)
            ids = empty.values_list("variant_id", flat=True)
            count_all(dict.fromkeys(ids, OPEN_EDITION), reference="open edition")
        if is_new and terms.way == "keys":
            # Nothing can be sold before there is a key for it, and keys lie nowhere else.
            bring_home(variants, reference="keys")
            stocks = Stock.objects.filter(variant_id__in=variants)
            count_all({one.variant_id: one.promised for one in stocks}, reference="keys")
    return made


def _check(kind: str, terms: TermsInput) -> None:
    fields: dict[str, Any] = {}
    if terms.way not in WAYS.get(kind, ()):
        fields["way"] = _("This kind of product is not handed over in that way.")
    if not 1 <= terms.downloads <= 100:
        fields["downloads"] = _("Enter a number from 1 to 100.")
    if terms.valid_days is not None and not 1 <= terms.valid_days <= LONGEST_VALIDITY:
        fields["valid_days"] = _("Enter a number of days from 1 to 3650.")
    if terms.valid_from and terms.valid_until and terms.valid_until <= terms.valid_from:
        fields["valid_until"] = _("The end must be after the start.")
    if len(terms.places.strip()) > 400:
        fields["places"] = _("At most 400 letters.")
    if terms.way == "voucher" and not terms.places.strip():
        fields["places"] = _("Say where the voucher can be redeemed.")
    if fields:
        raise Invalid(fields=fields)


def _has_keys(variants: list[int]) -> bool:
    from ..models import LicenceKey

    return LicenceKey.objects.filter(variant_id__in=variants).exists()
