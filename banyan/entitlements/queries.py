"""Reads of coupons: which ones a buyer may use, and what a use was."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from django.db.models import Count

from banyan.catalog.models import Category
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.remembered import columns, fill, run

from .models import Coupon, Grant, PersonUse, Redemption
from .rules import Candidate, Categories, NewCustomer, Shared

MOST_HELD = 30
MOST_AUTO = 30
"""How many of either are looked at for each shop that is bought from."""
MOST_SHOPS = 4  # of a larger purchase no more are looked at: each is tried with many others


def candidates(*, actor: Actor, shop_ids: Collection[int], code: str = "") -> list[Candidate]:
    """Return the coupons that may come into question for goods of some shops. One statement.

    Those for everybody, those the member holds (the first to run out come first), and what the
    typed ``code`` stands for, of whichever shop. What is known to stand in the way is in
    ``blocked``.
    """
    code = code.strip()
    shops, printed, now = list(shop_ids), code.upper() or None, clock.now()
    often = min(len(shops), MOST_SHOPS)
    rows = run(
        _candidates_in(len(shops)),
        [
            *(actor.id, *shops, printed, printed, now, MOST_HELD * often),
            *(*shops, printed, printed, now, now, MOST_AUTO * often),
        ],
    ).fetchall()
    found = []
    for row in rows:
        coupon, grant = Coupon(), Grant()
        fill(coupon, row[_GRANT:])
        if row[0] is None:
            found.append(_of_coupon(coupon, typed=coupon.code.upper() == printed))
            continue
        grant.pk, grant.code, grant.state, grant.account_id = row[:4]
        grant.expires_at, grant.source = row[4:_GRANT]
        grant.coupon = coupon
        found.append(_of_grant(actor, grant, code))
    return found


_GRANT = 6


@functools.cache
def _candidates_in(count: int) -> str:
    """Return the statement for goods of so many shops.

    They are spelled out: with an array PostgreSQL would plan it anew at each use.
    """
    here = f"shop_id IN ({', '.join(['%s'] * count)}) OR shop_id IS NULL"
    # The one that is meant, then those that run: what is over, used up, stopped or to come never
    # crowds them out.
    return f"""
SELECT grant_id, grant_code, grant_state, grant_account, grant_ends, grant_source,
  {columns(Coupon)} FROM (
  (SELECT mine.coupon_id, mine.id AS grant_id, mine.code AS grant_code, mine.state AS grant_state,
          mine.account_id AS grant_account, mine.expires_at AS grant_ends,
          mine.source AS grant_source
   FROM entitlements_grant AS mine JOIN entitlements_coupon AS its ON its.id = mine.coupon_id
   WHERE mine.state IN ('held', 'reserved')
     AND (mine.account_id = %s::bigint AND ({here})
          OR upper(mine.code) = %s::text)
   ORDER BY upper(mine.code) IS DISTINCT FROM %s::text,
     mine.state <> 'held' OR NOT its.is_active OR coalesce(its.starts_at > %s, false),
     mine.expires_at, mine.id LIMIT %s)
  UNION ALL
  (SELECT id, NULL, NULL, NULL, NULL, NULL, NULL FROM entitlements_coupon
   WHERE is_active
     AND (reach = 'auto' AND ({here})
          OR reach IN ('code', 'auto', 'claim') AND upper(code) = %s::text)
   ORDER BY upper(code) IS DISTINCT FROM %s::text,
     coalesce(ends_at <= %s, false) OR coalesce(starts_at > %s, false) OR taken >= cap
       OR budget_used >= coalesce(budget, budget_used + 1), id LIMIT %s)
) AS found JOIN entitlements_coupon AS coupon ON coupon.id = found.coupon_id
ORDER BY grant_id IS NULL, grant_ends, grant_id, id
"""  # noqa: S608 - names of a model


def _of_coupon(coupon: Coupon, *, typed: bool) -> Candidate:
    return Candidate(
        key=coupon.pk,
        coupon_id=coupon.pk,
        shop_id=coupon.shop_id,
        code=coupon.code,
        title=coupon.title,
        stacking=coupon.stacking,
        terms=coupon.terms,
        currency=coupon.currency,
        starts_at=coupon.starts_at,
        expires_at=coupon.ends_at,
        budget_left=None if coupon.budget is None else coupon.budget - coupon.budget_used,
        blocked="coupon_used_up" if coupon.taken >= coupon.cap else "",
        typed=typed,
        version=coupon.version,
    )


def _of_grant(actor: Actor, grant: Grant, code: str) -> Candidate:
    typed = bool(code) and (grant.code or "").upper() == code.upper()
    blocked = ""
    if not grant.coupon.is_active:
        blocked = "coupon_not_valid_now"
    elif grant.state != "held" or grant.account_id not in (None, actor.id):
        blocked = "coupon_taken"
    return replace(
        _of_coupon(grant.coupon, typed=typed),
        key=grant.pk,
        code=grant.code or grant.coupon.code,
        expires_at=grant.expires_at,
        blocked=blocked,
        grant_id=grant.pk,
        is_given=grant.is_given,
    )


def used_up_by(found: Sequence[Candidate], person_keys: Collection[str]) -> list[Candidate]:
    """Block the coupons of which this person has had theirs. One statement, none without any.

    What somebody was given stays theirs to use.
    """
    if not found or not person_keys:
        return list(found)
    ids = {one.coupon_id for one in found}
    uses = PersonUse.objects.filter(coupon__in=ids, person_key__in=person_keys)
    counted = uses.values("coupon", "coupon__per_person").annotate(
        n=Count("redemption", distinct=True)
    )
    done = {row["coupon"] for row in counted if row["n"] >= row["coupon__per_person"]}
    return [
        replace(one, blocked="coupon_used_by_you")
        if one.coupon_id in done and not (one.blocked or one.is_given)
        else one
        for one in found
    ]


def asks_who(found: Iterable[Candidate]) -> bool:
    """Tell whether any coupon depends on whether the buyer is new."""
    return _has(found, NewCustomer)


def asks_how(found: Iterable[Candidate]) -> bool:
    """Tell whether any coupon depends on how the goods were reached."""
    return _has(found, Shared)


def _has(found: Iterable[Candidate], kind: type) -> bool:
    return any(isinstance(rule, kind) for one in found for rule in one.terms.conditions)


def category_lines(found: Iterable[Candidate]) -> dict[int, frozenset[int]]:
    """Return every category with itself and all above it; empty when no coupon asks for one."""
    return categories_above() if _has(found, Categories) else {}


def categories_above() -> dict[int, frozenset[int]]:
    """Return every category with itself and all above it. One statement."""
    parents = dict(Category.objects.values_list("id", "parent_id"))
    lines: dict[int, frozenset[int]] = {}
    for category in parents:
        line: list[int] = []
        at: int | None = category
        while at is not None and at not in line:
            line.append(at)
            at = parents.get(at)
        lines[category] = frozenset(line)
    return lines


def coupon_ids_of(checkout_id: int) -> list[int]:
    """Return the coupons that a checkout uses or used. One statement."""
    uses = Redemption.objects.filter(checkout_id=checkout_id).order_by("coupon_id")
    return list(uses.values_list("coupon_id", flat=True))


def coupons_by_shop(checkout_id: int) -> list[tuple[int, int | None]]:
    """Return (coupon, its shop or None) of a checkout's redeemed uses. One statement."""
    uses = Redemption.objects.filter(checkout_id=checkout_id, state="redeemed")
    return list(uses.order_by("coupon_id").values_list("coupon_id", "coupon__shop_id"))


def typed_code_of(checkout_id: int) -> str:
    """Return the code that was typed for a checkout and used; empty without one."""
    uses = Redemption.objects.filter(checkout_id=checkout_id).exclude(code="")
    return uses.values_list("code", flat=True).first() or ""
