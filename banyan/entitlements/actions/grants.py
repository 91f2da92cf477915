"""Coupons into hands: given to a member, taken by one, or printed as codes of one use each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock, locks, ratelimits
from banyan.kernel.actors import Actor
from banyan.kernel.ids import typed_code
from banyan.kernel.locks import LockKey
from banyan.kernel.money import Money
from banyan.kernel.problems import Invalid, LoginRequired
from banyan.kernel.remembered import run
from banyan.kernel.states import transition, transition_telling
from banyan.kernel.sweeps import sweep
from banyan.trust.queries import known

from ..access import get_coupon_for
from ..events import CouponRevoked
from ..models import Coupon, Grant
from ..problems import CouponRefused
from ..rules import AmountOff, Terms, Variants
from ..states import GRANT

MOST_CODES = 5_000
GUESSES = 60
GUESS_WINDOW = 600


def grant_coupon(*, actor: Actor, coupon_id: int, account_id: int, source: str) -> Grant:
    """Give a member a coupon; it takes one of the cap's uses now. For rooms above. Locks coupon.

    Raises CouponRefused coupon_used_up when none is left, or the coupon's time is over.
    """
    now = clock.now()
    with transaction.atomic(savepoint=False):
        locks.take([LockKey("entitlement", coupon_id)])
        row = run(_GIVE, [coupon_id, now, account_id, source, now, now]).fetchone()
    if row is None:
        raise CouponRefused("coupon_used_up")
    return Grant(
        pk=row[0],
        coupon_id=coupon_id,
        account_id=account_id,
        source=source,
        expires_at=row[1],
        created_at=now,
    )


def grant_off(
    *,
    actor: Actor,
    shop_id: int,
    account_ids: Sequence[int],
    title: str,
    variant_id: int,
    off: Money,
    until: dt.datetime,
    source: str,
) -> list[Grant]:
    """Make a coupon for some members alone, and give it to each: ``off`` one variant until then.

    For rooms above, which know why. Not repeatable. Three statements; nobody else knows the coupon,
    so nothing is locked.
    """
    now = clock.now()
    rules = Terms((Variants(ids=(variant_id,)),), (AmountOff(amount=off.amount),))
    coupon = Coupon.objects.create(
        shop_id=shop_id,
        code=typed_code(80),
        title=title[:80],
        **rules.stored(),
        stacking="shop",
        reach="held",
        currency=off.currency,
        cap=len(account_ids),
        taken=len(account_ids),
        ends_at=until,
        created_at=now,
    )
    return Grant.objects.bulk_create(
        Grant(coupon=coupon, account_id=one, source=source, expires_at=until, created_at=now)
        for one in account_ids
    )


# A use of the cap and the row that holds it, or neither.
_GIVE = """
WITH taken AS (
  UPDATE entitlements_coupon SET taken = taken + 1
  WHERE id = %s AND is_active AND taken < cap AND coalesce(ends_at > %s, true)
  RETURNING id, life_days, ends_at
)
INSERT INTO entitlements_grant (coupon_id, account_id, source, state, expires_at, created_at)
SELECT id, %s, %s, 'held', coalesce(%s::timestamptz + life_days * interval '1 day', ends_at),
       %s FROM taken RETURNING id, expires_at
"""


def _promise(coupon: Coupon, n: int) -> None:
    """Take ``n`` uses of the cap or none, by one conditional UPDATE."""
    free = Coupon.objects.filter(pk=coupon.pk, is_active=True, taken__lte=F("cap") - n)
    if free.update(taken=F("taken") + n) != 1:
        raise CouponRefused("coupon_used_up")


def _ends(coupon: Coupon) -> dt.datetime | None:
    """Return when a grant that is made now runs out."""
    if coupon.life_days is None:
        return coupon.ends_at
    return clock.now() + dt.timedelta(days=coupon.life_days)


def count_typed_code(*, who: str) -> None:
    """Count a code that somebody types, right or wrong, so that nobody can try many.

    ``who`` names the person ("account:12", "address:203.0.113.9"). Raises TooMany after GUESSES
    in GUESS_WINDOW seconds. Call it before looking the code up, outside a transaction.
    """
    ratelimits.hit(f"coupon_code:{who}", GUESSES, GUESS_WINDOW)


def claim_coupon(*, actor: Actor, code: str) -> Grant:
    """Take a coupon by its code: one that members may take, or a personal code. Repeatable.

    A person takes no more by many accounts than one may use. Raises LoginRequired, CouponRefused
    (coupon_unknown, coupon_not_valid_now, coupon_used_up, coupon_taken, coupon_other_account),
    TooMany after many codes.
    """
    if actor.id is None:
        raise LoginRequired()
    count_typed_code(who=f"account:{actor.id}")
    code = code.strip()
    printed = Grant.objects.annotate(up=Upper("code")).filter(up=code.upper()).first()
    offered = Coupon.objects.filter(Q(shop=None) | Q(shop__state="open"), is_active=True)
    coupon = offered.filter(code__iexact=code, reach="claim").first()
    if printed is None and coupon is None:
        raise CouponRefused("coupon_unknown")
    if printed is not None:
        return _bind(actor, printed)
    assert coupon is not None
    if not clock.within(clock.now(), None, coupon.ends_at):
        raise CouponRefused("coupon_not_valid_now")
    person = known(actor.id).accounts
    try:
        with transaction.atomic():
            if len(person) > 1:
                _one_at_a_time(coupon, person)
            taken = Grant.objects.filter(coupon=coupon, account_id=actor.id, source="claim")
            if before := taken.first():
                return before
            _check_others(coupon, person - {actor.id})
            # Two taps at once meet at the unique row, before either takes a use.
            made = Grant.objects.create(
                coupon=coupon,
                account_id=actor.id,
                source="claim",
                expires_at=_ends(coupon),
                created_at=clock.now(),
            )
            _promise(coupon, 1)
            return made
    except IntegrityError as error:
        if "grant_claimed_once" not in str(error):
            raise
        return Grant.objects.get(coupon=coupon, account_id=actor.id, source="claim")


def _one_at_a_time(coupon: Coupon, person: Collection[int]) -> None:
    """Let one of a person's accounts take a coupon at a time; whoever is alone waits for nobody."""
    asked = "SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))"
    run(asked, [f"coupon.claim:{min(person)}", coupon.pk])


def _check_others(coupon: Coupon, others: Collection[int]) -> None:
    """Refuse a use that would lie idle: the person's other accounts hold all that they may use."""
    if not others:
        return
    held = Grant.objects.filter(coupon=coupon, account__in=others, source="claim")
    if held.exclude(state__in=["expired", "revoked"]).count() >= coupon.per_person:
        raise CouponRefused("coupon_other_account")


def _bind(actor: Actor, printed: Grant) -> Grant:
    """Put a printed code into a member's hands; nobody else can use it then."""
    free = Grant.objects.filter(pk=printed.pk, account=None, state="held")
    if free.update(account_id=actor.id) != 1:
        printed.refresh_from_db()
        if printed.account_id != actor.id:
            raise CouponRefused("coupon_taken")
    printed.refresh_from_db()
    return printed


def print_codes(*, actor: Actor, coupon_id: int, n: int) -> list[Grant]:
    """Make ``n`` codes of one use each, all unguessable; they take ``n`` uses of the cap now.

    For the managers of the shop. Locks coupon. Raises Invalid (n), CouponRefused coupon_used_up.
    """
    coupon = get_coupon_for(actor, coupon_id)
    if not 1 <= n <= MOST_CODES:
        raise Invalid(fields={"n": _("Enter a number from 1 to 5000.")})
    with transaction.atomic():
        locks.take([LockKey("entitlement", coupon.pk)])
        coupon.refresh_from_db()
        _promise(coupon, n)
        now = clock.now()
        return Grant.objects.bulk_create(
            Grant(
                coupon=coupon,
                code=typed_code(80),
                source="printed",
                expires_at=_ends(coupon),
                created_at=now,
            )
            for _n in range(n)
        )


def revoke_grants(*, actor: Actor, grant_ids: Collection[int], reason: str) -> list[int]:
    """Take unused coupons back; returns the ids of those that were. Repeatable. For rooms above.

    Their uses are free again. What an order has already, paid or not, stays as it was promised.
    Locks coupon. Emits coupon.revoked.
    """
    rows = Grant.objects.filter(pk__in=grant_ids, state="held")
    with transaction.atomic():
        locks.take(LockKey("entitlement", one) for one in rows.values_list("coupon_id", flat=True))
        held = list(rows.order_by("id"))
        for grant in held:
            told = CouponRevoked(
                grant_id=grant.pk, coupon_id=grant.coupon_id, account_id=grant.account_id
            )
            transition_telling(GRANT, grant, "revoked", event=told, actor=actor, reason=reason)
            Coupon.objects.filter(pk=grant.coupon_id).update(taken=F("taken") - 1)
    return [grant.pk for grant in held]


def expire_grants(*, actor: Actor) -> int:
    """End held coupons whose time is over; their uses are free again. Returns how many."""
    due = Grant.objects.filter(state="held", expires_at__lte=clock.now())

    def expire(grant_id: int) -> int:
        coupon_id = Grant.objects.values_list("coupon_id", flat=True).get(pk=grant_id)
        with transaction.atomic():
            locks.take([LockKey("entitlement", coupon_id)])
            grant = due.filter(pk=grant_id).first()
            if grant is None:
                return 0
            transition(GRANT, grant, "expired", actor=actor, reason="time is over")
            Coupon.objects.filter(pk=coupon_id).update(taken=F("taken") - 1)
        return 1

    return sweep("entitlements.grants", due, expire, by="expires_at")
