"""A shop's points: its terms; reserved at placement, spent at payment, given back otherwise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import MANAGERS, get_shop_for_staff
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Conflict, Invalid
from banyan.kernel.states import Move, transition_each

from ..models import PointsLot, PointsPiece, PointsPurse, PointsTerms, PointsUse
from ..problems import PointsGone
from ..rules import Spending, take_in_order
from ..states import POINTS_LOT, POINTS_USE

LEAST_LIFE = dt.timedelta(hours=24)
"""What points that an order gives back have left at least."""

_LIMITS = {
    "earn": (1, 1000, _("Enter a number from 1 to 1000.")),
    "worth": (1, 1000, _("Enter a number from 1 to 1000.")),
    "most_percent": (1, 90, _("Enter a number from 1 to 90.")),
    "life_days": (1, 3650, _("Enter a number from 1 to 3650.")),
}


def set_points_terms(
    *,
    actor: Actor,
    shop_id: int,
    is_on: bool,
    earn: int,
    worth: int,
    most_percent: int,
    life_days: int,
) -> PointsTerms:
    """Say what a shop gives for points; see ``PointsTerms``. For its managers.

    Points that were earned keep their life and worth. Raises Invalid (fields), Conflict
    ``points_promised`` when ``worth`` would change what people have already.
    """
    shop = get_shop_for_staff(actor, shop_id, MANAGERS)
    said = {"earn": earn, "worth": worth, "most_percent": most_percent, "life_days": life_days}
    fields = {
        name: text
        for name, (least, most, text) in _LIMITS.items()
        if not least <= said[name] <= most
    }
    if fields:
        raise Invalid(fields=fields)
    with transaction.atomic():
        PointsTerms.objects.get_or_create(shop=shop, defaults={"currency": shop.currency})
        # FOR UPDATE waits for whoever is just given the first points of this shop.
        terms = PointsTerms.objects.select_for_update().get(shop=shop)
        if worth != terms.worth and terms.purses.exists():
            text = _("People have points already: what one is worth stays.")
            raise Conflict(text, code="points_promised", fields={"worth": text})
        for name, value in said.items():
            setattr(terms, name, value)
        terms.is_on, terms.version = is_on, terms.version + 1
        terms.save()
    return terms


@dataclass(frozen=True, slots=True)
class Wanted:
    """Points that an order (of a higher floor) is to be paid with."""

    spending: Spending
    order_id: int
    order_number: str


def points_locks(purse_ids: Iterable[int]) -> list[LockKey]:
    """Return the locks that moves of points need."""
    return [LockKey("points", purse_id) for purse_id in purse_ids]


def reserve_points(*, actor: Actor, checkout_id: int, wanted: Sequence[Wanted]) -> None:
    """Take points for an unpaid checkout, all or none; those that run out first come first.

    Each purse is taken from by one conditional UPDATE. Raises PointsGone when there are fewer now.
    Inside the caller's transaction, which then rolls back.
    """
    for one in sorted(wanted, key=lambda one: one.spending.purse.purse_id):
        _reserve(actor, checkout_id, one)


def _reserve(actor: Actor, checkout_id: int, wanted: Wanted) -> None:
    points, purse_id, now = wanted.spending.points, wanted.spending.purse.purse_id, clock.now()
    enough = PointsPurse.objects.filter(pk=purse_id, available__gte=points)
    if enough.update(available=F("available") - points) != 1:
        raise PointsGone()
    lots = list(
        PointsLot.objects.filter(
            purse_id=purse_id, state="available", left__gt=0, expires_at__gt=now
        ).order_by("expires_at", "id")
    )
    taken = take_in_order(points, [lot.left for lot in lots])
    if sum(taken) < points:
        raise PointsGone()
    use = PointsUse.objects.create(
        purse_id=purse_id,
        checkout_id=checkout_id,
        order_id=wanted.order_id,
        order_number=wanted.order_number,
        points=points,
        amount=wanted.spending.amount,
        created_at=now,
    )
    pieces = [(lot, part) for lot, part in zip(lots, taken, strict=True) if part]
    PointsPiece.objects.bulk_create(
        PointsPiece(use=use, lot=lot, points=part) for lot, part in pieces
    )
    for lot, part in pieces:
        lot.left -= part
        lot.save(update_fields=["left"])
    used_up = [Move(POINTS_LOT, lot, "spent") for lot, _part in pieces if not lot.left]
    if used_up:
        transition_each(*used_up, actor=actor)


def spend_points(*, actor: Actor, checkout_id: int) -> None:
    """Make a checkout's reserved points final: it was paid."""
    uses = PointsUse.objects.filter(checkout_id=checkout_id).order_by("id")
    if moves := [Move(POINTS_USE, use, "spent") for use in uses]:
        transition_each(*moves, actor=actor)


def release_points(*, actor: Actor, checkout_id: int) -> None:
    """Give a checkout's reserved points back: it was not paid. Locks points before."""
    for use in PointsUse.objects.filter(checkout_id=checkout_id, state="reserved").order_by("id"):
        transition_each(Move(POINTS_USE, use, "released"), actor=actor)
        put_back(actor=actor, use=use, points=use.points)


def put_back(*, actor: Actor, use: PointsUse, points: int) -> None:
    """Let ``points`` of a use be its holder's again: what is owed first, then lots, new ones first.

    They are good for a day at least. The caller holds the purse's lock.
    """
    purse = PointsPurse.objects.get(pk=use.purse_id)
    PointsUse.objects.filter(pk=use.pk).update(returned=F("returned") + points)
    pieces = use.pieces.select_related("lot").order_by("-lot__expires_at", "-id")
    for piece in pieces:
        part = min(points, piece.points - piece.returned)
        if not part:
            continue
        points -= part
        covered = min(purse.owed, part)
        purse.owed -= covered
        PointsPiece.objects.filter(pk=piece.pk).update(returned=F("returned") + part)
        if part > covered:
            purse.available += part - covered
            _refill(actor, piece.lot, part - covered)
    purse.save(update_fields=["available", "owed"])


def _refill(actor: Actor, lot: PointsLot, points: int) -> None:
    assert lot.expires_at is not None  # it was available before
    lot.left += points
    lot.expires_at = max(lot.expires_at, clock.now() + LEAST_LIFE)
    lot.save(update_fields=["left", "expires_at"])
    if lot.state != "available":
        transition_each(Move(POINTS_LOT, lot, "available"), actor=actor)
