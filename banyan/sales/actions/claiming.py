"""A person claims a unit, orders it, pays it, or lets it go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from banyan.catalog.actions import hold, reserve_held, sold_out, stock_locks
from banyan.kernel import clock, locks, tickets
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.models import TicketClaim
from banyan.kernel.problems import Conflict, LoginRequired, NotFound, Problem, SoldOut
from banyan.kernel.remembered import insert, remembered
from banyan.kernel.states import transition, transition_all

from ..access import get_sale_for
from ..models import Bucket, Entry, Right, Sale, SaleItem
from ..ports import check_entering
from ..queries import claimable, is_fan, item_in
from ..states import ENTRY, RIGHT
from .units import (
    ACCOUNT,
    Unit,
    bind_unit,
    bucket_locks,
    check_cap,
    fresh_unit,
    given_unit,
    lock_person,
    person_in,
    put_back,
    take,
    write_keys,
)

TICKET_TTL = dt.timedelta(seconds=60)
LIVE = ("scheduled", "warm", "on", "sold_out")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line of an order in a sale."""

    sale_id: int
    variant_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Part:
    """A line of an order in a sale, and how many of its units were not claimed before."""

    line: Wanted
    item: SaleItem
    missing: int


def check_open(sale: Sale) -> None:
    """Refuse claims before and after the sale and while it is paused."""
    now = clock.now()
    if sale.state not in LIVE or now >= sale.ends_at:
        raise Conflict(_("This sale is over."), code="sale_over")
    if now < sale.starts_at:
        raise Conflict(_("This sale has not begun yet."), code="sale_not_begun")
    if sale.paused_at is not None:
        raise Conflict(_("The shop has paused this sale."), code="sale_paused")


def claim(*, actor: Actor, sale_id: int, variant_id: int) -> Right:
    """Take one unit for a member; it is theirs to order until the right expires.

    Fans take from the fans' bucket first. With a waiting room only who was admitted can claim, and
    once per admission. Raises LoginRequired, Conflict (``sale_over``, ``sale_not_begun``,
    ``sale_paused``, ``sale_cap``, ``sale_not_admitted``), SoldOut, and what ``ports`` refuses.
    """
    if actor.id is None:
        raise LoginRequired()
    found = {bucket.kind: bucket for bucket in claimable(sale_id, variant_id)}
    if not found:
        check_open(get_sale_for(actor, sale_id))
        raise NotFound()
    sale = found["public"].item.sale
    if sale.shop.state != "open":
        get_sale_for(actor, sale_id)
    check_open(sale)
    check_entering(actor, sale)
    keys = person_in(sale, actor.id)
    entry = _admitted(sale, actor.id) if sale.admission == "queue" else None
    mine = _Claim(actor, sale, keys, entry)
    for bucket in _buckets(sale, found, actor.id):
        try:
            return _bind(mine, bucket)
        except SoldOut:
            continue
    raise sold_out([variant_id])


def _buckets(sale: Sale, found: dict[str, Bucket], account_id: int) -> list[Bucket]:
    kinds = ["fans", "public"] if "fans" in found and is_fan(sale, account_id) else ["public"]
    return [found[kind] for kind in kinds if kind in found]


def _admitted(sale: Sale, account_id: int) -> Entry:
    entry = Entry.objects.filter(
        sale=sale, account_id=account_id, state="admitted", expires_at__gt=clock.now()
    ).first()
    if entry is None:
        raise not_admitted()
    return entry


def not_admitted() -> Conflict:
    """Return the refusal of those who did not wait for their turn."""
    return Conflict(_("It is not your turn yet."), code="sale_not_admitted")


@dataclass(frozen=True, slots=True)
class _Claim:
    """Somebody's claim, under all the keys of their person, with their admission."""

    actor: Actor
    sale: Sale
    keys: Collection[str]
    entry: Entry | None


def _bind(claim: _Claim, bucket: Bucket) -> Right:
    """Take a unit of one bucket, in a transaction of its own. See :func:`claim`."""
    sale, holder = claim.sale, f"{ACCOUNT}{claim.actor.id}"
    if bucket.pool_id is None:
        return _bind_to(claim, bucket, given_unit(None, sale))
    if sale.state != "sold_out":
        with suppress(SoldOut):
            return _bind_to(claim, bucket, fresh_unit(bucket, holder, sale))
    # What others gave back is claimed before the lock, so that nobody waits for a person.
    [ticket] = tickets.claim(pool_id=bucket.pool_id, holder=holder, ttl=TICKET_TTL)
    try:
        return _bind_to(claim, bucket, given_unit(ticket.pk, sale), ticket)
    except Problem:
        tickets.give_back(claims=[ticket.pk])
        raise


def _bind_to(claim: _Claim, bucket: Bucket, unit: Unit, ticket: TicketClaim | None = None) -> Right:
    sale, now = claim.sale, clock.now()
    with transaction.atomic():
        lock_person(sale.pk, claim.keys)
        if ticket is not None:
            tickets.use(claims=[ticket.pk], holder=ticket.holder)
        if claim.entry is not None:
            _serve(claim.actor, claim.entry, now)
        right = Right(
            sale=sale,
            item=bucket.item,
            bucket=bucket,
            account_id=claim.actor.id,
            state="bound",
            expires_at=now + dt.timedelta(minutes=sale.ttl_minutes),
            created_at=now,
        )
        bind_unit(right, claim.keys, unit)
        if bucket.pool_id is None:
            take(bucket)  # last, because all others wait for this row
    return right


def _serve(actor: Actor, entry: Entry, now: dt.datetime) -> None:
    """Use up an admission: one of two claims with it finds it gone."""
    mine = Entry.objects.select_for_update(no_key=True).filter(
        pk=entry.pk, state="admitted", expires_at__gt=now
    )
    # Read anew for each bucket that is tried: what the one before wrote was rolled back.
    fresh = mine.first()
    if fresh is None:
        raise not_admitted()
    transition(ENTRY, fresh, "served", actor=actor)


def let_go(*, actor: Actor, right_id: int) -> None:
    """Give a claimed unit back before it is ordered. Locks the stock; repeatable."""
    right = (
        Right.objects.select_related("sale", "item")
        .filter(pk=right_id, account_id=actor.id or 0)
        .first()
    )
    if right is None:
        raise NotFound()
    lapse(actor=actor, item=right.item, rights=[right.pk])


def lapse(*, actor: Actor, item: SaleItem, rights: Sequence[int]) -> int:
    """End bound rights of one item: the units go back to their buckets. Returns how many ended.

    An F-code can be entered again by the person who has it, until it ends. What is being ordered
    at this moment is left alone: whoever orders has the right first and the stock's row later.
    """
    with transaction.atomic():
        locks.take(stock_locks([item.variant_id]))
        sale = Sale.objects.get(pk=item.sale_id)
        found = list(
            Right.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
            .filter(pk__in=list(rights), state="bound")
            .select_related("item", "batch")
            .order_by("id")
        )
        locks.take(bucket_locks(found))
        _end(actor, found)
        put_back(sale, found, was="bound", reference=f"sale:{sale.pk}")
    return len(found)


def _end(actor: Actor, rights: Sequence[Right]) -> None:
    """Move rights to where they go without their unit: codes can be used again, others are over."""
    plain = [right for right in rights if not right.code]
    transition_all(RIGHT, plain, "expired", actor=actor)
    codes = [right for right in rights if right.code]
    transition_all(RIGHT, codes, "issued", actor=actor, checkout_id=None)
    for right in codes:
        ends = right.batch.expires_at if right.batch else right.expires_at
        Right.objects.filter(pk=right.pk).update(expires_at=ends)


# -- what orders call -----------------------------------------------------------------------------


def use_rights(
    *, actor: Actor, checkout_id: int, wanted: Sequence[Wanted], keys: Collection[str]
) -> list[Part]:
    """Let an order have what its buyer has claimed; return what its lines in sales are made of.

    ``keys`` are all under which the buyer is one person. Inside the placing transaction, before
    stock rows are locked: nobody else wants these rights. Raises Conflict (``sale_cap``,
    ``sale_right_gone``, and those of ``check_open``).
    """
    parts: list[Part] = []
    for line in sorted(wanted, key=lambda one: one.sale_id):  # two tabs lock in one order
        lock_person(line.sale_id, keys)
        mine = _claimed(actor, line)
        item = mine[0].item if mine else item_in(line.sale_id, line.variant_id)
        sale = item.sale
        missing = line.quantity - len(mine)
        coming = sum(part.missing for part in parts if part.item.sale_id == sale.pk)
        known = check_cap(sale, keys, more=line.quantity + coming, without=mine)
        if missing:
            _check_unclaimed(actor, sale)
        transition_all(RIGHT, mine, "reserved", actor=actor, checkout_id=checkout_id, warned=False)
        write_keys(mine, set(keys) - known)
        parts.append(Part(line, item, missing))
    return parts


def reserve_units(
    *,
    actor: Actor,
    checkout_id: int,
    parts: Sequence[Part],
    keys: Collection[str],
    reference: str,
) -> None:
    """Move the units of an order out of what their sales keep; those missing are of the public.

    Inside the placing transaction, after :func:`use_rights`, stock rows locked. Raises SoldOut.
    """
    missing = {part.item.pk: part for part in parts if part.missing}
    for bucket in _public(missing):
        part = missing[bucket.item_id]
        _take_at_once(actor, bucket, part.missing, checkout_id, keys)
    reserve_held([(p.line.variant_id, p.line.quantity) for p in parts], reference=reference)


def _claimed(actor: Actor, line: Wanted) -> list[Right]:
    if actor.id is None:
        return []
    return _bound(line.sale_id, line.variant_id, actor.id, clock.now())[: line.quantity]


@remembered
def _bound(sale_id: int, variant_id: int, account_id: int, now: dt.datetime) -> QuerySet[Right]:
    rows = Right.objects.select_for_update(of=("self",), no_key=True).filter(
        item__sale=sale_id,
        item__variant=variant_id,
        account_id=account_id,
        state="bound",
        expires_at__gt=now,
    )
    return rows.select_related("item__sale").order_by("expires_at", "id")


def _check_unclaimed(actor: Actor, sale: Sale) -> None:
    """Refuse units that were not claimed before, unless the sale asks for no claim."""
    if sale.needs_right:
        raise Conflict(
            _("Your time to order this at the sale's price is over."), code="sale_right_gone"
        )
    check_open(sale)
    check_entering(actor, sale)


def _public(item_ids: Collection[int]) -> list[Bucket]:
    """Return the public buckets of items, in the order they are locked in."""
    if not item_ids:
        return []
    rows = Bucket.objects.filter(item__in=item_ids, kind="public").select_related("item__sale")
    return list(rows.order_by("id"))


def _take_at_once(
    actor: Actor, bucket: Bucket, n: int, checkout_id: int, keys: Collection[str]
) -> None:
    """Take units that were not claimed before."""
    item, sale = bucket.item, bucket.item.sale
    take(bucket, n)
    now = clock.now()
    made = insert(
        *(
            Right(
                sale=sale,
                item=item,
                bucket=bucket,
                account_id=actor.id,
                state="reserved",
                checkout_id=checkout_id,
                expires_at=now + dt.timedelta(minutes=sale.ttl_minutes),
                created_at=now,
            )
            for _each in range(n)
        )
    )
    write_keys(made, keys)


def redeem(*, actor: Actor, checkout_id: int) -> None:
    """Make a checkout's reserved units final: it was paid."""
    transition_all(RIGHT, _of_checkout(checkout_id, "reserved"), "redeemed", actor=actor)


def give_back(*, actor: Actor, checkout_id: int, reference: str) -> None:
    """Give a checkout's reserved units to their buckets: it was not paid. Stock rows locked."""
    _by_sale(actor, _of_checkout(checkout_id, "reserved"), reference)


def _by_sale(actor: Actor, rights: Sequence[Right], reference: str) -> None:
    locks.take(bucket_locks(rights))
    for sale in Sale.objects.filter(pk__in={right.sale_id for right in rights}).order_by("id"):
        mine = [right for right in rights if right.sale_id == sale.pk]
        _end(actor, mine)
        put_back(sale, mine, was="reserved", reference=reference)


def taken_back_locks(checkout_id: int) -> list[LockKey]:
    """Return the locks that :func:`take_back` needs, beside those of the stock."""
    return bucket_locks(_of_checkout(checkout_id, "redeemed"))


def take_back(
    *, actor: Actor, checkout_id: int, variants: Sequence[tuple[int, int]], reference: str
) -> None:
    """Return paid units that were refunded and are free stock by now to their buckets.

    Once the sale is settled they stay free. Inside the refunding transaction,
    :func:`taken_back_locks` and stock rows locked.
    """
    paid = _of_checkout(checkout_id, "redeemed")
    for variant_id, quantity in variants:
        mine = [right for right in paid if right.item.variant_id == variant_id][:quantity]
        if not mine:
            continue
        transition_all(RIGHT, mine, "returned", actor=actor)
        sale = Sale.objects.get(pk=mine[0].sale_id)
        if sale.settled_at is None:
            hold([(variant_id, len(mine))], reference=reference)
        put_back(sale, mine, was="returned", reference=reference)


@remembered
def _of_checkout(checkout_id: int, state: str) -> QuerySet[Right]:
    rows = Right.objects.filter(checkout_id=checkout_id, state=state)
    return rows.select_related("item", "batch").order_by("id")
