"""Reads of sales for pages, prices and orders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    When,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, JSONObject

from banyan.catalog.models import ListPrice, PriceChange
from banyan.kernel import clock, tickets
from banyan.kernel.actors import Actor
from banyan.kernel.clock import within
from banyan.kernel.remembered import remembered, run
from banyan.people.models import Follow
from banyan.trust.queries import ACCOUNTS, CONTACTS

from .models import Bucket, Entry, Fan, Right, RightKey, RoomProof, Sale, SaleItem
from .rules import BASELINE, Room, baseline, most_of_one
from .states import COUNTED


@dataclass(frozen=True, slots=True)
class SalePrice:
    """What one unit costs somebody in a running sale, and how many units they may have of it.

    ``rights`` of them are claimed already, ``left`` can be had unclaimed. Of the ``per_person``
    units in all of the sale they have ``room`` for so many more. ``baseline``: the lowest price of
    the week before. ``minutes``: how long an order waits for its payment.
    """

    sale_id: int
    amount: int
    rights: int
    left: int
    room: int
    per_person: int
    baseline: int | None
    minutes: int
    title: str

    @property
    def most(self) -> int:
        """How many units they may have at this price; 0 for who has had theirs."""
        return most_of_one(self.rights, self.left, self.room)


@remembered
def _items(variant_ids: list[int], account_id: int, now: dt.datetime) -> QuerySet[SaleItem]:
    rows = _annotated(SaleItem.objects.filter(variant_id__in=variant_ids), account_id, now)
    return rows.select_related("sale").order_by("mine", "id")


def _annotated(items: QuerySet[SaleItem], account_id: int, now: dt.datetime) -> QuerySet[Any]:
    """Return those of the items that are in a sale that is not over, or claimed by the account."""
    mine = (
        Right.objects.filter(
            item=OuterRef("pk"), account_id=account_id, state="bound", expires_at__gt=now
        )
        .values("item")
        .annotate(n=Count("id"))
        .values("n")
    )
    had = _had(RightKey.objects.filter(_among("key", account_id), sale_id=OuterRef("sale_id")))
    left = Bucket.objects.filter(item=OuterRef("pk"), kind="public", pool_id=None)
    return items.annotate(
        mine=Coalesce(Subquery(mine), 0),
        had=Coalesce(Subquery(had.values("n")), 0),
        left=Coalesce(Subquery(left.annotate(n=F("size") - F("taken")).values("n")[:1]), 0),
    ).filter(
        Q(mine__gt=0)
        | Q(
            live=True,
            sale__state__in=["scheduled", "warm", "on", "sold_out"],
            sale__ends_at__gt=now,
        )
    )


def _among(key: str, account_id: int) -> Func:
    """Return the condition that a key is one of an account's.

    An array, which every plan looks up one by one: a subquery it may join to all keys of a sale.
    """
    keys = RawSQL(f"ARRAY({_KEYS})", [account_id])  # noqa: S611 - our own text
    template, joiner = "%(expressions)s", " = ANY"
    return Func(key, keys, template=template, arg_joiner=joiner, output_field=BooleanField())


_KEYS = f"""
  SELECT unnest(ARRAY['account:' || id, 'contact:' || lower(email), 'contact:' || lower(phone)]
    || ARRAY(SELECT 'account:' || one FROM unnest({ACCOUNTS}) AS one)
    || ARRAY(SELECT 'contact:' || one FROM unnest({CONTACTS}) AS one))
  FROM people_account WHERE id = %s
"""  # noqa: S608 - our own text
"""Every key under which a member is one person, as ``actions.units`` writes them down."""


def _had(keys: QuerySet[RightKey]) -> QuerySet[Any, Any]:
    """Return the sales with how many units are had in each under some keys.

    A unit's state is read by its id: a join may begin with all units of the sale.
    """
    state = Subquery(Right.objects.filter(pk=OuterRef("right_id")).values("state"))
    counted = keys.alias(state=state).filter(state__in=COUNTED).values("sale_id")
    return counted.annotate(n=Count("right_id", distinct=True))


def sale_rows(variant: OuterRef, account_id: int, at: dt.datetime) -> ArraySubquery:
    """Return what :func:`sale_items` returns of one ``variant``, as a column of its own row.

    For :func:`prices_of_rows`. Claims no statement.
    """
    items = _annotated(SaleItem.objects.filter(variant_id=variant), account_id, at)
    buyable = Q(
        live=True,
        sale__starts_at__lte=at,
        sale__ends_at__gt=at,
        sale__paused_at=None,
        sale__ticketed=False,
        sale__asks=False,
        sale__admission="none",
    )
    columns = {name: F(name) for name in _ROW} | {name: F(f"sale__{name}") for name in _SALE}
    return ArraySubquery(
        items.order_by("id").values(
            row=JSONObject(buyable=Case(When(buyable, then=True), default=False), **columns)
        )
    )


_ROW = ("sale_id", "amount", "baseline_amount", "mine", "had", "left")
_SALE = ("per_person", "ttl_minutes", "title")


def sale_items(*, actor: Actor, variant_ids: Sequence[int]) -> list[SaleItem]:
    """Return what of some variants is in a sale that is not over, or claimed by the actor.

    One statement. For :func:`prices_in`, and to say what begins when.
    """
    return _items(sorted(set(variant_ids)), actor.id or 0, clock.now())


def prices_in(items: Sequence[SaleItem]) -> dict[int, SalePrice]:
    """Return the prices that the actor of :func:`sale_items` has now, by variant.

    Those whose units are claimed first have one only with a right; a sale that is paused, sold
    out, or to come gives none to those without. Who has had as many as one person can have has one
    for no unit at all.
    """
    found: dict[int, SalePrice] = {}
    for item in items:
        row = {name: getattr(item, name) for name in _ROW}
        row |= {name: getattr(item.sale, name) for name in _SALE}
        _keep(found, item.variant_id, _price(row, buyable=_buyable(item)))
    return found


def _keep(found: dict[int, SalePrice], variant_id: int, price: SalePrice | None) -> None:
    """Note a price; one for no unit stands only where there is no other."""
    if price is not None and (price.most or variant_id not in found):
        found[variant_id] = price


def _price(row: Mapping[str, Any], *, buyable: bool) -> SalePrice | None:
    """Return the price of a row of ``_ROW`` and ``_SALE``; None where there is nothing to have."""
    left = row["left"] if buyable else 0
    if not row["mine"] and left < 1:
        return None
    return SalePrice(
        sale_id=row["sale_id"],
        amount=row["amount"],
        rights=row["mine"],
        left=left,
        room=row["per_person"] - row["had"],
        per_person=row["per_person"],
        baseline=row["baseline_amount"],
        minutes=row["ttl_minutes"],
        title=row["title"],
    )


def prices_of_rows(rows: Mapping[int, Sequence[Mapping[str, Any]]]) -> dict[int, SalePrice]:
    """Return what :func:`prices_in` does, of :func:`sale_rows` by variant."""
    found: dict[int, SalePrice] = {}
    for variant_id, items in rows.items():
        for item in sorted(items, key=itemgetter("mine")):  # what they have claimed goes last
            _keep(found, variant_id, _price(item, buyable=item["buyable"]))
    return found


def prices_under(prices: Mapping[int, SalePrice], keys: Collection[str]) -> dict[int, SalePrice]:
    """Return prices of somebody who is known only by ``keys``: what they have had counts.

    One statement, none without prices.
    """
    sales = {price.sale_id for price in prices.values()}
    if not sales:
        return {}
    rows = _had(RightKey.objects.filter(sale_id__in=sales, key__in=keys))
    had = {row["sale_id"]: row["n"] for row in rows}
    return {
        key: replace(price, room=price.per_person - had.get(price.sale_id, 0))
        for key, price in prices.items()
    }


def _buyable(item: SaleItem) -> bool:
    """Tell whether units can be ordered now that were not claimed before."""
    sale = item.sale
    on = item.live and within(clock.now(), sale.starts_at, sale.ends_at)
    return on and not sale.needs_right and sale.paused_at is None


def prices_for(*, actor: Actor, variant_ids: Sequence[int]) -> dict[int, SalePrice]:
    """Return the sale prices that a person has now, by variant; see :func:`prices_in`."""
    return prices_in(sale_items(actor=actor, variant_ids=variant_ids))


def baselines(variant_ids: Sequence[int], *, days: int = BASELINE.days) -> dict[int, int]:
    """Return the lowest price of each variant in the last days.

    That of earlier sales is one, and that of a price list for everybody which held meanwhile.
    """
    now, span = clock.now(), dt.timedelta(days=days)
    known: dict[int, list[tuple[dt.datetime, int]]] = {}
    changes = PriceChange.objects.filter(variant_id__in=list(variant_ids), at__lte=now)
    for variant_id, at, amount in changes.values_list("variant_id", "at", "amount"):
        known.setdefault(variant_id, []).append((at, amount))
    found = {v: baseline(prices, now, span) for v, prices in known.items()}
    lowest = {v: low for v, low in found.items() if low is not None}
    # A shop may have ended it before its time.
    over = Coalesce("sale__ended_at", "sale__ends_at")
    sold = (
        SaleItem.objects.filter(
            variant_id__in=list(variant_ids),
            baseline_amount__isnull=False,
            sale__starts_at__lte=now,
        )
        .alias(over=over)
        .filter(over__gt=now - span)
        .exclude(sale__ended_at__lte=F("sale__starts_at"))
    )
    listed = ListPrice.objects.filter(
        Q(price_list__starts_at=None) | Q(price_list__starts_at__lte=now),
        Q(price_list__ends_at=None) | Q(price_list__ends_at__gt=now - span),
        variant_id__in=list(variant_ids),
        price_list__audience="everyone",
        price_list__currency=F("variant__currency"),
        min_quantity=1,
    )
    asked = [*sold.values_list("variant_id", "amount"), *listed.values_list("variant_id", "amount")]
    for variant_id, amount in asked:
        lowest[variant_id] = min(amount, lowest.get(variant_id, amount))
    return lowest


def left_in(bucket: Bucket) -> int:
    """Return how many units of a bucket can be claimed now."""
    if bucket.pool_id is not None:
        return max(0, tickets.left(bucket.pool_id))
    return bucket.size - bucket.taken


@remembered
def claimable(sale_id: int, variant_id: int) -> QuerySet[Bucket]:
    """Return the buckets of something in a sale that is not settled, with sale and shop.

    None of what nobody may order any more, taken down or put away while it is in the sale.
    """
    buckets = Bucket.objects.filter(
        item__sale=sale_id,
        item__variant=variant_id,
        item__live=True,
        item__variant__is_active=True,
        item__variant__product__state="active",
    )
    return buckets.select_related("item__sale__shop").order_by("id")


@remembered
def _items_in(sale_id: int, variant_id: int) -> QuerySet[SaleItem]:
    return SaleItem.objects.filter(sale=sale_id, variant=variant_id).select_related("sale")


def item_in(sale_id: int, variant_id: int) -> SaleItem:
    """Return something in a sale, with the sale; SaleItem.DoesNotExist if it is not in it."""
    found = _items_in.first(sale_id, variant_id)
    if found is None:
        raise SaleItem.DoesNotExist(f"variant {variant_id} in sale {sale_id}")
    return found


def buckets_of(sale: Sale) -> list[Bucket]:
    """Return the buckets of a sale with their items, in order."""
    return _buckets_of(sale.pk)


@remembered
def _buckets_of(sale_id: int) -> QuerySet[Bucket]:
    rows = Bucket.objects.filter(item__sale=sale_id).select_related("item__variant__product__shop")
    return rows.order_by("item_id", "id")


def is_fan(sale: Sale, account_id: int) -> bool:
    """Tell whether somebody follows the shop's owner, or is on the sale's own list."""
    follows = Follow.objects.filter(follower_id=account_id, followee_id=sale.shop.owner_id, state=1)
    return follows.exists() or Fan.objects.filter(sale=sale, account_id=account_id).exists()


def told_apart(entries: QuerySet[Entry], sale: Sale) -> QuerySet[Any]:
    """Say of each entry of a sale's waiting room whether it is a ``fan``'s; see :func:`is_fan`."""
    mine = OuterRef("account_id")
    follows = Follow.objects.filter(follower_id=mine, followee_id=sale.shop.owner_id, state=1)
    return entries.annotate(
        fan=Exists(follows) | Exists(Fan.objects.filter(sale=sale, account_id=mine))
    )


def rights_of(sale: Sale, account_id: int) -> list[Right]:
    """Return the rights that somebody can use, or has used, in a sale; oldest first."""
    rows = Right.objects.filter(sale=sale, account_id=account_id)
    live = Q(state__in=["reserved", "redeemed"]) | Q(state="bound", expires_at__gt=clock.now())
    return list(rows.filter(live).select_related("item__variant").order_by("id"))


def entry_of(sale: Sale, account_id: int) -> Entry | None:
    """Return the place of somebody who waits or is admitted; None for all others."""
    return Entry.objects.filter(
        sale=sale, account_id=account_id, state__in=["waiting", "admitted"]
    ).first()


def ahead_of(entry: Entry) -> int:
    """Return how many people are before somebody who waits."""
    waiting = Entry.objects.filter(sale_id=entry.sale_id, state="waiting")
    if entry.place is None:
        return waiting.filter(Q(place__isnull=False) | Q(pk__lt=entry.pk)).count()
    return waiting.filter(place__lt=entry.place).count()


def unwarned(checkout: OuterRef) -> Exists:
    """Return the condition that a checkout has units of a sale that nobody was warned about."""
    rights = Right.objects.filter(checkout_id=checkout, state="reserved", warned=False)
    return Exists(rights.filter(account__isnull=False))


@dataclass(frozen=True, slots=True)
class Results:
    """How a sale went: units by what became of them, and who stood in its waiting room.

    ``units`` are those it was published with. Of the codes ``codes_free`` can be passed on; of
    these ``codes_passed`` were entered. ``sold_after``: how long after the beginning a quarter,
    half, three quarters, and all of the units had been sold; None for what was not.
    """

    units: int
    claimed: int
    reserved: int
    sold: int
    returned: int
    lapsed: int
    codes_issued: int
    codes_entered: int
    codes_free: int
    codes_passed: int
    entered: int
    admitted: int
    sold_after: tuple[dt.timedelta | None, ...]


QUARTERS = (25, 50, 75, 100)
"""The parts of a sale's units, in percent, of which ``Results.sold_after`` says when."""

_SOLD_AFTER = """
SELECT n, at - starts_at FROM (
  SELECT row_number() OVER (ORDER BY s.at, s.id) AS n, s.at FROM sales_right r
  JOIN kernel_statechange s ON s.subject_id = r.id
    AND s.machine = 'sales.right.state' AND s.target = 'redeemed'
  WHERE r.sale_id = %s AND r.state = 'redeemed') AS sold, sales_sale
WHERE sales_sale.id = %s AND n = ANY(%s)
"""


def _sold_after(sale: Sale, units: int) -> tuple[dt.timedelta | None, ...]:
    wanted = [-(-units * part // 100) for part in QUARTERS]
    found = dict(run(_SOLD_AFTER, [sale.pk, sale.pk, wanted]).fetchall())
    return tuple(found.get(n) for n in wanted)


def results_of(sale: Sale) -> Results:
    """Return how a sale went so far. Five statements."""
    states = dict(
        Right.objects.filter(sale=sale).order_by().values_list("state").annotate(n=Count("id"))
    )
    codes = Right.objects.filter(sale=sale).exclude(code="")
    entered = Entry.objects.filter(sale=sale)
    people = entered.aggregate(
        n=Count("account", distinct=True),
        admitted=Count("account", distinct=True, filter=Q(admitted_at__isnull=False)),
    )
    used, free = Q(account__isnull=False), Q(recipient="")
    counted = codes.aggregate(
        n=Count("id"),
        used=Count("id", filter=used),
        free=Count("id", filter=free),
        passed=Count("id", filter=free & used),
    )
    units = sale.items.aggregate(n=Sum("units"))["n"] or 0
    return Results(
        units=units,
        claimed=states.get("bound", 0),
        reserved=states.get("reserved", 0),
        sold=states.get("redeemed", 0),
        returned=states.get("returned", 0),
        lapsed=states.get("expired", 0),
        codes_issued=counted["n"],
        codes_entered=counted["used"],
        codes_free=counted["free"],
        codes_passed=counted["passed"],
        entered=people["n"],
        admitted=people["admitted"],
        sold_after=_sold_after(sale, units),
    )


def room_of(sale: Sale) -> Room:
    """Return how the order of a sale's waiting room is drawn."""
    return Room(
        subject=sale.pk,
        starts_at=sale.starts_at.isoformat(),
        first_seconds=sale.first_seconds,
    )


def room_proof(sale: Sale) -> str | None:
    """Return the proof file of a waiting room, once its order has been drawn."""
    return RoomProof.objects.filter(sale=sale).values_list("text", flat=True).first()
