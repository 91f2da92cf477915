"""Telling members that a coupon of theirs ends soon, once."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import F

from banyan.kernel import clock, locks
from banyan.kernel.locks import LockKey
from banyan.notify import actions as notify
from banyan.notify.queries import was_reminded

from ..models import Grant
from ..reminders import ENDING

BEFORE = dt.timedelta(hours=48)


def remind_of_ending(*, limit: int = 500) -> int:
    """Remind members of held coupons that end within 48 hours; returns how many.

    Once each, however often it runs and by however many, by the coupon's lock. A coupon that lives
    no longer than that from the start is not worth a reminder.
    """
    now = clock.now()
    ending = Grant.objects.filter(
        state="held",
        account__is_active=True,
        expires_at__gt=now,
        expires_at__lte=now + BEFORE,
        created_at__lt=F("expires_at") - BEFORE,
    ).select_related("coupon", "account")
    told = 0
    for grant in list(ending.order_by("expires_at")[:limit]):
        with transaction.atomic():
            locks.take([LockKey("entitlement", grant.coupon_id)])
            held = ending.filter(pk=grant.pk).exists()
            if grant.account is None or not held:
                continue
            if was_reminded(kind=ENDING, subject_id=grant.pk):
                continue
            reminder = notify.remind_member(account=grant.account, kind=ENDING, subject_id=grant.pk)
            told += notify.tell(reminder=reminder, word=_word(grant))
    return told


def _word(grant: Grant) -> notify.Word:
    until = f"{grant.expires_at:%Y-%m-%d %H:%M} UTC" if grant.expires_at else ""
    title = grant.coupon.title
    return notify.Word("/me/coupons", {"title": title}, {"title": title, "until": until})
