"""Further locations of a shop: what lies where. The sum over all of them is the stock's figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock, locks
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Conflict, Invalid, NotFound

from ..access import MANAGERS, get_shop_for_staff, get_variant_for_staff
from ..models import Stock, StockAt, StockLocation, StockMovement, Variant
from ..ports import check_counting

MOST_LOCATIONS = 20


def add_location(*, actor: Actor, shop_id: int, name: str) -> StockLocation:
    """Add a further place where the shop keeps goods."""
    shop = get_shop_for_staff(actor, shop_id, MANAGERS)
    name = name.strip()
    if not 1 <= len(name) <= 60:
        raise Invalid(fields={"name": _("Give the place a name of 1 to 60 letters.")})
    if StockLocation.objects.filter(shop=shop).count() >= MOST_LOCATIONS:
        raise Conflict(_("That is as many places as a shop can have."), code="too_many_locations")
    try:
        with transaction.atomic():
            return StockLocation.objects.create(shop=shop, name=name, created_at=clock.now())
    except IntegrityError as error:
        raise Invalid(fields={"name": _("There is a place of this name.")}) from error


def place_of(variant: Variant, stock: Stock, location_id: int) -> StockAt:
    """Return what lies of a stock at a location of its own shop; NotFound for any other.

    Inside the caller's transaction, the stock's row locked.
    """
    location = StockLocation.objects.filter(pk=location_id, shop_id=variant.product.shop_id).first()
    if location is None:
        raise NotFound()
    return StockAt.objects.get_or_create(stock=stock, location=location)[0]


def transfer(
    *, actor: Actor, variant_id: int, quantity: int, source_id: int | None, target_id: int | None
) -> None:
    """Carry units from one location to another; None is the shop itself. The sum stays.

    Raises Conflict ``stock_not_there`` when the source has fewer, and what
    ``ports.check_counting`` raises.
    """
    if not 1 <= quantity <= 1_000_000 or source_id == target_id:
        raise Invalid(fields={"quantity": _("Enter how many go to another place.")})
    variant = get_variant_for_staff(actor, variant_id)
    check_counting(variant.pk)
    with transaction.atomic():
        stock = Stock.objects.get(variant=variant)
        locks.take([LockKey("stock", stock.pk)])
        reference = str(actor)[:60]
        for location_id, n in ((source_id, -quantity), (target_id, quantity)):
            if location_id is not None:
                _put(stock, place_of(variant, stock, location_id), n, reference)


def bring(wanted: Mapping[int, int], *, reference: str) -> None:
    """Bring to the shop's own shelf what it lacks of what is to leave it, oldest location first.

    Inside the caller's transaction, the stock rows locked. Nothing for a shop with one location.
    """
    spread = Stock.objects.filter(variant_id__in=list(wanted), elsewhere__gt=0)
    for stock in list(spread):
        lacking = max(0, wanted[stock.variant_id] - (stock.on_hand - stock.elsewhere))
        for place in StockAt.objects.filter(stock=stock, on_hand__gt=0).order_by("location_id"):
            n = min(lacking, place.on_hand)
            if n:
                _put(stock, place, -n, reference)
                lacking -= n


def bring_home(variant_ids: Iterable[int], *, reference: str) -> None:
    """Bring to the shop's own shelf all that lies elsewhere; the stock rows are locked.

    Inside the caller's transaction. One statement for a shop with one location.
    """
    places = StockAt.objects.filter(stock__variant_id__in=list(variant_ids), on_hand__gt=0)
    for place in places.select_related("stock").order_by("stock_id", "location_id"):
        _put(place.stock, place, -place.on_hand, reference)


def _put(stock: Stock, place: StockAt, n: int, reference: str) -> None:
    """Carry ``n`` units from the shop's own shelf to a further location (negative: from there)."""
    try:
        with transaction.atomic():
            Stock.objects.filter(pk=stock.pk).update(elsewhere=F("elsewhere") + n)
            StockAt.objects.filter(pk=place.pk).update(on_hand=F("on_hand") + n)
    except IntegrityError as error:
        raise _not_there() from error
    now = clock.now()
    StockMovement.objects.bulk_create(
        StockMovement(
            stock=stock, kind="transfer", on_hand=m, location_id=at, reference=reference, at=now
        )
        for at, m in ((None, -n), (place.location_id, n))
    )


def _not_there() -> Conflict:
    return Conflict(_("There are not that many at this place."), code="stock_not_there")
