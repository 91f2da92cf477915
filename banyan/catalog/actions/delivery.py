"""A shop's shipping zones with their ways of delivery, and its tax zones. For its managers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from babel.numbers import is_currency
from django.db import IntegrityError, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid
from banyan.moderation.actions import check_names

from ..access import (
    MANAGERS,
    get_shipping_method_for_staff,
    get_shipping_zone_for_staff,
    get_shop_for_staff,
    get_tax_zone_for_staff,
)
from ..models import ShippingMethod, ShippingZone, Shop, TaxZone
from ..rules import BASES, MOST_PLACES, check_bands, is_place
from .rows import lock_row

LARGEST = 10**12
MOST_ZONES = 50
MOST_METHODS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodInput:
    """A way of delivery, see ``models.ShippingMethod``; ``days`` are the fewest and the most."""

    name: str
    currency: str
    basis: str = "flat"
    bands: Sequence[tuple[int, int]] = ((0, 0),)
    free_from: int | None = None
    days: tuple[int, int] | None = None
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxInput:
    """The tax of some places, see ``models.TaxZone``; rates are parts per million."""

    name: str
    places: Sequence[str]
    standard_rate: int
    reduced_rate: int = 0
    included: bool = True
    per: str = "line"
    rounding: str = "half_up"


def first_zone(shop: Shop, *, amount: int, free_from: int | None) -> None:
    """Let a new shop deliver everywhere for one amount. In the caller's transaction."""
    zone = ShippingZone.objects.create(shop=shop, name=gettext("Everywhere"), places=["*"])
    ShippingMethod.objects.create(
        zone=zone,
        name=gettext("Standard"),
        currency=shop.currency,
        bands=[[0, amount]],
        free_from=free_from,
    )


def save_shipping_zone(
    *, actor: Actor, shop_id: int, name: str, places: Sequence[str], zone_id: int | None = None
) -> ShippingZone:
    """Make a zone of the shop, or change ``zone_id``. Raises Invalid (fields)."""
    shop = get_shop_for_staff(actor, shop_id, MANAGERS)
    _check(_named(name) | _placed(places))
    zone = ShippingZone(shop=shop)
    if zone_id is not None:
        zone = get_shipping_zone_for_staff(actor, shop_id, zone_id)
    elif ShippingZone.objects.filter(shop=shop).count() >= MOST_ZONES:
        raise Invalid(_("A shop has at most 50 zones."), code="too_many_zones")
    zone.name, zone.places = name.strip(), list(dict.fromkeys(places))
    _save(zone)
    return zone


def remove_shipping_zone(*, actor: Actor, shop_id: int, zone_id: int) -> None:
    """Take a zone away with its ways of delivery; orders keep what they were placed with."""
    get_shipping_zone_for_staff(actor, shop_id, zone_id).delete()


def save_shipping_method(
    *,
    actor: Actor,
    shop_id: int,
    zone_id: int,
    data: MethodInput,
    method_id: int | None = None,
) -> ShippingMethod:
    """Make a way of delivery to a zone, or change ``method_id``. Raises Invalid (fields)."""
    zone = get_shipping_zone_for_staff(actor, shop_id, zone_id)
    _check_method(data)
    check_names(actor=actor, name=data.name)
    method = ShippingMethod(zone=zone)
    if method_id is not None:
        method = get_shipping_method_for_staff(actor, shop_id, method_id)
    elif zone.methods.count() >= MOST_METHODS:
        raise Invalid(_("A zone has at most 20 ways of delivery."), code="too_many_methods")
    method.zone, method.name, method.currency = zone, data.name.strip(), data.currency
    method.basis, method.bands = data.basis, [list(band) for band in data.bands]
    method.free_from, method.position = data.free_from, data.position
    method.days_min, method.days_max = data.days or (None, None)
    with transaction.atomic():
        lock_row(zone)
        lock_row(method)
        method.save()
    return method


def remove_shipping_method(*, actor: Actor, shop_id: int, method_id: int) -> None:
    """Take a way of delivery away; orders keep what they were placed with."""
    get_shipping_method_for_staff(actor, shop_id, method_id).delete()


def save_tax_zone(
    *, actor: Actor, shop_id: int, data: TaxInput, zone_id: int | None = None
) -> TaxZone:
    """Make a tax zone of the shop, or change ``zone_id``. Raises Invalid (fields)."""
    shop = get_shop_for_staff(actor, shop_id, MANAGERS)
    _check_tax(data)
    zone = TaxZone(shop=shop)
    if zone_id is not None:
        zone = get_tax_zone_for_staff(actor, shop_id, zone_id)
    elif TaxZone.objects.filter(shop=shop).count() >= MOST_ZONES:
        raise Invalid(_("A shop has at most 50 zones."), code="too_many_zones")
    for name, value in asdict(data).items():
        setattr(zone, name, value)
    zone.name, zone.places = data.name.strip(), list(dict.fromkeys(data.places))
    _save(zone)
    return zone


def remove_tax_zone(*, actor: Actor, shop_id: int, zone_id: int) -> None:
    """Take a tax zone away: no tax is due there from the next order on."""
    get_tax_zone_for_staff(actor, shop_id, zone_id).delete()


def _check(fields: dict[str, Any]) -> None:
    if fields:
        raise Invalid(fields=fields)


def _named(name: str) -> dict[str, Any]:
    if 1 <= len(name.strip()) <= 60:
        return {}
    return {"name": _("Give it a name of 1 to 60 letters.")}


def _placed(places: Sequence[str]) -> dict[str, Any]:
    if 1 <= len(places) <= MOST_PLACES and all(is_place(one) for one in places):
        return {}
    return {"places": _("Write * for everywhere, a country such as DE, or a region such as US:CA.")}


def _check_method(data: MethodInput) -> None:
    fields = _named(data.name)
    if not is_currency(data.currency):
        fields["currency"] = _("This is not a currency.")
    if data.basis not in BASES:
        fields["basis"] = _("Choose flat, weight or value.")
    elif not check_bands(data.bands, data.basis):
        fields["bands"] = _("The first band begins at 0, each further one later; none is negative.")
    if data.free_from is not None and not 0 <= data.free_from <= LARGEST:
        fields["free_from"] = _("Enter an amount that is not negative.")
    if data.days is not None and not 0 <= data.days[0] <= data.days[1] <= 365:
        fields["days"] = _("Enter the fewest and the most days.")
    if not 0 <= data.position <= 1000:
        fields["position"] = _("Enter a whole number.")
    _check(fields)


def _check_tax(data: TaxInput) -> None:
    fields = _named(data.name) | _placed(data.places)
    for name in ("standard_rate", "reduced_rate"):
        if not 0 <= getattr(data, name) <= 1_000_000:
            fields[name] = _("Enter a percentage from 0 to 100.")
    if data.per not in {"line", "order"}:
        fields["per"] = _("Choose line or order.")
    if data.rounding not in {"half_up", "half_even"}:
        fields["rounding"] = _("Choose half up or half even.")
    _check(fields)


def _save(zone: ShippingZone | TaxZone) -> None:
    try:
        with transaction.atomic():
            lock_row(zone)
            zone.save()
    except IntegrityError as error:
        if "name_once" in str(error):
            raise Invalid(fields={"name": _("There is one of this name already.")}) from error
        raise
