"""Telling those who asked that a sale begins."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from banyan.kernel import clock
from banyan.notify import actions as notify
from banyan.notify.queries import waiting_for

from ..models import Sale
from ..reminders import STARTS, path_of

BEFORE = dt.timedelta(minutes=10)


def tell_starting(*, most: int = 200) -> int:
    """Tell those who asked of sales that begin within ten minutes or run already; how many.

    Any number may run at once, and each is told once. Nobody is told of a paused or ended sale, nor
    of one whose shop is not open: its page is not there.
    """
    told, now = 0, clock.now()
    sales = Sale.objects.filter(
        pk__in=waiting_for(STARTS).values("subject_id"),
        starts_at__lte=now + BEFORE,
        ends_at__gt=now,
        paused_at=None,
        shop__state="open",
    ).exclude(state__in=["draft", "ended"])
    for sale in sales.order_by("starts_at"):
        named = {"title": sale.title}
        word = notify.Word(path_of(sale), named, named)
        due = waiting_for(STARTS, sale.pk).select_related("account").order_by("id")
        for reminder in list(due[: most - told]):
            with transaction.atomic():
                told += notify.tell(reminder=reminder, word=word)
    return told
