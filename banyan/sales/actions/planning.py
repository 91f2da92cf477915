"""A shop plans a sale, publishes it, pauses it, and ends it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import MANAGERS, get_shop_for_staff
from banyan.catalog.actions import hold, stock_locks
from banyan.catalog.models import Shop, Variant
from banyan.catalog.ports import check_campaigning
from banyan.kernel import clock, events, fairness, locks, tickets
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Invalid, SoldOut
from banyan.kernel.states import transition_telling
from banyan.moderation.actions import check_names
from banyan.people.queries import accounts_called

from ..access import get_sale_for_staff
from ..events import SaleEnded, SalePaused, SaleResumed, SaleScheduled
from ..models import Bucket, Fan, Sale, SaleItem
from ..queries import baselines, room_of
from ..states import SALE

ROOM = "sales.room"
POOL = "sales.bucket"
LONGEST = dt.timedelta(days=31)
MOST_ITEMS = 20
MOST_UNITS = 1_000_000


@dataclass(frozen=True, slots=True)
class ItemInput:
    """A variant in a sale: its price (minor units) and how many units each bucket has."""

    variant_id: int
    price: int
    public: int = 0
    code: int = 0
    fans: int = 0

    def sizes(self) -> dict[str, int]:
        """Return the units by kind of bucket."""
        return {"public": self.public, "code": self.code, "fans": self.fans}


@dataclass(frozen=True, slots=True)
class SaleInput:
    """A sale as planned; see ``models.Sale``. ``fans`` are account ids."""

    title: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    items: Sequence[ItemInput]
    per_person: int = 1
    ttl_minutes: int = 10
    admission: str = "none"
    first_seconds: int = 30
    at_once: int = 50
    ticketed: bool = False
    leftover_at: dt.datetime | None = None
    campaign_id: int | None = None
    asks: bool = False


def plan_sale(*, actor: Actor, shop_id: int, data: SaleInput) -> Sale:
    """Write a draft of a sale. Nothing is kept yet and nobody sees it."""
    shop = get_shop_for_staff(actor, shop_id, MANAGERS)
    _check(actor, shop, data)
    with transaction.atomic():
        sale = Sale.objects.create(shop=shop, created_at=clock.now(), **_columns(data))
        _write_items(sale, data.items)
    return sale


def change_sale(*, actor: Actor, sale_id: int, data: SaleInput) -> Sale:
    """Replace the draft of a sale; Conflict ``sale_published`` when it is one no more."""
    sale = get_sale_for_staff(actor, sale_id)
    _check(actor, sale.shop, data)
    with transaction.atomic():
        columns = _columns(data)
        if not Sale.objects.filter(pk=sale.pk, state="draft").update(**columns):
            raise Conflict(_("A published sale stays as it is."), code="sale_published")
        sale.items.all().delete()
        _write_items(sale, data.items)
    sale.refresh_from_db()
    return sale


def _columns(data: SaleInput) -> dict[str, Any]:
    names = [
        *("starts_at", "ends_at", "per_person", "ttl_minutes", "admission", "first_seconds"),
        *("at_once", "ticketed", "leftover_at", "campaign_id", "asks"),
    ]
    return {"title": data.title.strip()} | {name: getattr(data, name) for name in names}


def _write_items(sale: Sale, items: Sequence[ItemInput]) -> None:
    for given in items:
        item = SaleItem.objects.create(
            sale=sale,
            variant_id=given.variant_id,
            amount=given.price,
            currency=sale.shop.currency,
        )
        Bucket.objects.bulk_create(
            Bucket(item=item, kind=kind, size=size)
            for kind, size in given.sizes().items()
            if size or kind == "public"
        )


def _check(actor: Actor, shop: Shop, data: SaleInput) -> None:
    fields: dict[str, Any] = {}
    if not 1 <= len(data.title.strip()) <= 80:
        fields["title"] = _("Give the sale a name of 1 to 80 letters.")
    if not dt.timedelta() < data.ends_at - data.starts_at <= LONGEST:
        fields["ends_at"] = _("The end comes after the start, at most 31 days later.")
    if not 1 <= data.per_person <= 99:
        fields["per_person"] = _("Enter a number from 1 to 99.")
    if not 5 <= data.ttl_minutes <= 15:
        fields["ttl_minutes"] = _("A unit waits 5 to 15 minutes for its payment.")
    if data.admission not in {"none", "queue"}:
        fields["admission"] = _("Choose one of these.")
    if not 0 <= data.first_seconds <= 600:
        fields["first_seconds"] = _("Enter a number from 0 to 600.")
    if not 1 <= data.at_once <= 10_000:
        fields["at_once"] = _("Enter a number from 1 to 10,000.")
    if data.leftover_at and not data.starts_at <= data.leftover_at <= data.ends_at:
        fields["leftover_at"] = _("Choose a time within the sale.")
    fields |= _check_items(shop, data.items)
    if fields:
        raise Invalid(fields=fields)
    check_names(actor=actor, title=data.title)


def _check_items(shop: Shop, items: Sequence[ItemInput]) -> dict[str, Any]:
    ids = [item.variant_id for item in items]
    if not 1 <= len(ids) <= MOST_ITEMS or len(set(ids)) < len(ids):
        return {"things": _("Choose 1 to 20 things, each once.")}
    if Variant.objects.filter(pk__in=ids, is_active=True, product__shop=shop).count() < len(ids):
        return {"things": _("Choose things of this shop.")}
    if any(item.price < 1 for item in items):
        return {"price": _("Enter a price above zero.")}
    sizes = [n for item in items for n in item.sizes().values()]
    if any(not 0 <= n <= MOST_UNITS for n in sizes):
        return {"units": _("Enter a number from 0 to 1,000,000.")}
    if any(not sum(item.sizes().values()) for item in items):
        return {"units": _("Say how many units are in the sale.")}
    return {}


def list_fans(*, actor: Actor, sale_id: int, handles: Iterable[str]) -> int:
    """Put members on a sale's list of fans; returns how many of them there are. Repeatable."""
    sale = get_sale_for_staff(actor, sale_id)
    found = accounts_called(sorted(set(handles))[:1000]).values()
    rows = [Fan(sale=sale, account_id=account_id) for account_id in found if account_id is not None]
    Fan.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def publish_sale(*, actor: Actor, sale_id: int) -> Sale:
    """Fix a sale: its units are kept, its prices stand, its seed is committed to.

    Locks the stock. Emits sale.scheduled. Repeatable. Raises Invalid for a price above the lowest
    one of the last seven days, Conflict ``sale_needs_stock`` when fewer units are free,
    ``sale_overlaps`` when something is in another sale that is not over, ``sale_over`` when its
    end has passed, and what ``catalog.ports.check_campaigning`` has against the shop.
    """
    sale = get_sale_for_staff(actor, sale_id)
    if sale.state != "draft":
        return sale
    if sale.ends_at <= clock.now():
        raise Conflict(_("The end of this sale has passed."), code="sale_over")
    check_campaigning(sale.shop_id)
    commitment, terms = "", ""
    try:
        with transaction.atomic():
            sale = Sale.objects.select_for_update(of=("self",), no_key=True).get(pk=sale.pk)
            if sale.state != "draft":
                return sale
            # Read behind the row's lock: nobody changes the draft meanwhile.
            items = list(sale.items.prefetch_related("buckets").order_by("id"))
            _check_baselines(items)
            wanted = [(item.variant_id, sum(b.size for b in item.buckets.all())) for item in items]
            locks.take(stock_locks(variant_id for variant_id, _n in wanted))
            if sale.admission == "queue":
                commitment = fairness.commit(purpose=ROOM, subject_id=sale.pk)
                terms = room_of(sale).published
            hold(wanted, reference=f"sale:{sale.pk}")
            for item, (_variant_id, units) in zip(items, wanted, strict=True):
                item.live, item.units = True, units
                item.save(update_fields=["live", "units", "baseline_amount"])
            if sale.ticketed:
                _open_pools(items)
            told = SaleScheduled(sale_id=sale.pk, shop_id=sale.shop_id)
            transition_telling(
                SALE,
                sale,
                "scheduled",
                event=told,
                actor=actor,
                commitment=commitment,
                terms=terms,
            )
    except SoldOut as error:
        raise Conflict(
            _("There are not as many free units as the sale needs."),
            code="sale_needs_stock",
            extra=error.extra,
        ) from error
    except IntegrityError as error:
        if "sale_item_live_once" not in str(error):
            raise
        raise Conflict(
            _("Something here is in another sale that is not over."), code="sale_overlaps"
        ) from error
    return sale


def _check_baselines(items: Sequence[SaleItem]) -> None:
    lowest = baselines([item.variant_id for item in items])
    for item in items:
        item.baseline_amount = lowest.get(item.variant_id)
        if item.baseline_amount is not None and item.amount > item.baseline_amount:
            raise Invalid(
                _("A price is above the lowest one of the last seven days."),
                code="sale_above_baseline",
                fields={"price": _("This was cheaper within the last seven days.")},
                extra={"variant": str(item.variant_id), "baseline": item.baseline_amount},
            )


def _open_pools(items: Sequence[SaleItem]) -> None:
    for item in items:
        for bucket in item.buckets.all():
            if bucket.kind == "public":
                pool = tickets.open_sale(kind=POOL, subject_id=bucket.pk, stock=bucket.size)
                Bucket.objects.filter(pk=bucket.pk).update(pool_id=pool.pk)


def discard_sale(*, actor: Actor, sale_id: int) -> None:
    """Throw a draft away; Conflict ``sale_published`` when it is one no more."""
    sale = get_sale_for_staff(actor, sale_id)
    with transaction.atomic():
        drafts = Sale.objects.select_for_update(no_key=True).filter(pk=sale.pk, state="draft")
        if not drafts.exists():
            raise Conflict(_("A published sale stays as it is."), code="sale_published")
        drafts.delete()


def pause_sale(*, actor: Actor, sale_id: int) -> Sale:
    """Let nobody claim anything for now; who has a unit can still pay. Emits sale.paused."""
    sale = get_sale_for_staff(actor, sale_id)
    with transaction.atomic():
        running = Sale.objects.filter(pk=sale.pk, paused_at=None).exclude(
            state__in=["draft", "ended"]
        )
        if running.update(paused_at=clock.now()):
            events.emit(SalePaused(sale_id=sale.pk, shop_id=sale.shop_id), actor=actor)
    sale.refresh_from_db()
    return sale


def resume_sale(*, actor: Actor, sale_id: int) -> Sale:
    """Let a paused sale go on. Emits sale.resumed."""
    sale = get_sale_for_staff(actor, sale_id)
    with transaction.atomic():
        if Sale.objects.filter(pk=sale.pk, paused_at__isnull=False).update(paused_at=None):
            events.emit(SaleResumed(sale_id=sale.pk, shop_id=sale.shop_id), actor=actor)
    sale.refresh_from_db()
    return sale


def end_sale(*, actor: Actor, sale_id: int) -> Sale:
    """End a sale now: nobody claims any more, who has a unit can still pay. Emits sale.ended.

    What is left becomes free stock when the sale is settled, shortly after. Repeatable.
    """
    sale = get_sale_for_staff(actor, sale_id)
    if sale.state == "ended":
        return sale
    with transaction.atomic():
        now = clock.now()
        told = SaleEnded(sale_id=sale.pk, shop_id=sale.shop_id)
        transition_telling(SALE, sale, "ended", event=told, actor=actor, ended_at=now)
    return sale
