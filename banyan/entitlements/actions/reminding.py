"""Telling members that a coupon or a price of theirs ends soon, once; and not telling some.

A few people are held out, so that a shop can see whether the reminder helps: see ``experiments``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from banyan.experiments.actions import expose
from banyan.experiments.models import HELD_OUT, Exposure
from banyan.kernel import clock, locks
from banyan.kernel.locks import LockKey
from banyan.kernel.money import Money, format_money
from banyan.kernel.sweeps import MOST, PIECE, sweep
from banyan.notify import actions as notify
from banyan.notify.queries import was_reminded
from banyan.people.models import Account

from ..models import Grant, PriceRight
from ..reminders import ENDING, PRICE_ENDING

BEFORE = dt.timedelta(hours=48)
Held = TypeVar("Held", Grant, PriceRight)


def remind_of_ending(*, piece: int = PIECE, most: int = MOST) -> int:
    """Remind members of held coupons and prices that end within 48 hours; returns how many.

    Once each, however often it runs and by however many, by the coupon's or the price's lock. What
    lives no longer than that from the start is not worth a reminder. Who is held out of a coupon's
    reminders hears of none of it. Locks entitlement, right.
    """
    coupons = _ending(Grant, ENDING).select_related("coupon", "account")
    prices = _ending(PriceRight, PRICE_ENDING).select_related("variant__product", "account")
    told = sweep(
        "entitlements.remind",
        coupons,
        lambda pk: _if_due(coupons, pk, _coupon),
        by="expires_at",
        piece=piece,
        most=most,
    )
    return told + sweep(
        "entitlements.remind_prices",
        prices,
        lambda pk: _if_due(prices, pk, _price),
        by="expires_at",
        piece=piece,
        most=most,
    )


def _ending(model: type[Held], kind: str) -> QuerySet[Held]:
    """Return what is held, ends soon and has not been decided about."""
    now = clock.now()
    done = Exposure.objects.filter(experiment=kind, unit_id=OuterRef("pk"))
    rows: QuerySet[Any] = model._default_manager.filter(
        ~Exists(done),
        state="held",
        account__is_active=True,
        expires_at__gt=now,
        expires_at__lte=now + BEFORE,
        created_at__lt=F("expires_at") - BEFORE,
    )
    return rows


def _if_due(ending: QuerySet[Held], held_id: int, tell: Callable[[Held], int]) -> int:
    one = ending.filter(pk=held_id).first()
    if one is None:
        return 0
    with transaction.atomic():
        locks.take([_lock(one)])
        return tell(one) if ending.filter(pk=held_id).exists() else 0


def _lock(one: Grant | PriceRight) -> LockKey:
    if isinstance(one, Grant):
        return LockKey("entitlement", one.coupon_id)
    return LockKey("right", one.pk)


def _coupon(grant: Grant) -> int:
    assert grant.account is not None  # only what a member holds is looked at
    assert grant.expires_at is not None  # and what ends
    percent = settings.REMINDER_HOLDOUT_PERCENT
    until, title = grant.expires_at, grant.coupon.title
    word = notify.Word("/me/coupons", {"title": title}, {"title": title, "until": until})
    return _tell(ENDING, grant.coupon_id, grant.pk, grant.account, percent, word)


def _price(right: PriceRight) -> int:
    # Prices are few and each a campaign's own: nobody is held out.
    title = right.variant.product.title
    amount = format_money(Money(right.amount, right.currency))
    word = notify.Word(
        "/me/coupons",
        {"title": title, "amount": amount},
        {"title": title, "amount": amount, "until": right.expires_at},
    )
    subject = right.campaign_id or right.pk
    return _tell(PRICE_ENDING, subject, right.pk, right.account, 0, word)


def _tell(
    kind: str, subject_id: int, unit_id: int, account: Account, percent: int, word: notify.Word
) -> int:
    if was_reminded(kind=kind, subject_id=unit_id):
        return 0
    exposure = expose(
        experiment=kind,
        subject_id=subject_id,
        unit_id=unit_id,
        account_id=account.pk,
        percent=percent,
    )
    if exposure.arm == HELD_OUT:
        return 0
    reminder = notify.remind_member(account=account, kind=kind, subject_id=unit_id)
    return notify.tell(reminder=reminder, word=word)
