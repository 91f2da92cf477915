"""Telling those who waited that something is back, in order, once.

Of everybody who asked, as many are told as ``TOLD_PER_UNIT`` times the free units, counting those
who were told within ``WAVE``: others would come to an empty shelf. The next wave follows.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from banyan.kernel import clock, locks
from banyan.kernel.locks import LockKey
from banyan.kernel.sweeps import sweep
from banyan.notify import actions as notify
from banyan.notify.models import Reminder
from banyan.notify.queries import waiting_for

from ..access import visible_products
from ..models import Stock, Variant
from ..reminders import BACK, path_of, title_of

TOLD_PER_UNIT = 3
WAVE = dt.timedelta(hours=24)
PASSED_OVER = 50  # who had enough messages for a day does not keep others from being told


def tell_back_in_stock(*, most: int = 200) -> int:
    """Tell the next people in order of what is back; returns how many. Any number may run at once.

    One transaction per variant, with its stock's row locked: two workers never tell one twice,
    nor more than there are units for.
    """
    left = most

    def tell(variant_id: int) -> int:
        nonlocal left
        told = _tell_of(variant_id, left) if left else 0
        left -= told
        return told

    return sweep("catalog.tell_back", _back(), tell)


def _back() -> QuerySet[Variant]:
    """Return what is waited for and has units for more than were told of it.

    What has none at the moment is left out here, so that it never keeps the rest from its turn.
    """
    lately = _told_lately(OuterRef("pk")).order_by().values("subject_id")
    promised = F("stock__allocated") + F("stock__reserved") + F("stock__held")
    back = Variant.objects.filter(
        pk__in=waiting_for(BACK).values("subject_id"),
        is_active=True,
        product__in=visible_products(),
    ).annotate(
        room=(F("stock__on_hand") - promised) * TOLD_PER_UNIT
        - Coalesce(Subquery(lately.annotate(n=Count("pk")).values("n")), 0)
    )
    return back.filter(room__gt=0)


def _told_lately(variant_id: int | OuterRef) -> QuerySet[Reminder]:
    return Reminder.objects.filter(kind=BACK, subject_id=variant_id, told_at__gt=clock.now() - WAVE)


def _tell_of(variant_id: int, most: int) -> int:
    told = 0
    stock_id = Stock.objects.values_list("pk", flat=True).get(variant_id=variant_id)
    with transaction.atomic():
        locks.take([LockKey("stock", stock_id)])
        free = Stock.objects.get(pk=stock_id).free
        room = min(most, free * TOLD_PER_UNIT - _told_lately(variant_id).count())
        if room < 1:
            return 0
        variant = Variant.objects.select_related("product__shop").get(pk=variant_id)
        due = waiting_for(BACK, variant_id).select_related("account")
        for reminder in due.order_by("id")[: room + PASSED_OVER]:
            title = title_of(variant, reminder.language)
            word = notify.Word(path_of(variant), {"title": title}, {"title": title})
            told += notify.tell(reminder=reminder, word=word)
            if told == room:
                break
    return told
