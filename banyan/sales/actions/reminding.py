"""Telling those who asked that a sale begins."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from banyan.kernel import clock
from banyan.kernel.sweeps import MOST, PIECE, sweep
from banyan.notify import actions as notify
from banyan.notify.queries import waiting_for

from ..models import Sale
from ..reminders import STARTS, path_of

BEFORE = dt.timedelta(minutes=10)


def tell_starting(*, piece: int = PIECE, most: int = MOST) -> int:
    """Tell those who asked of sales that begin within ten minutes or run already; how many.

    Any number may run at once, and each is told once. Nobody is told of a paused or ended sale, nor
    of one whose shop is not open: its page is not there. Whoever had enough messages for a day
    waits, and keeps nobody else from being told.
    """
    now = clock.now()
    sales = Sale.objects.filter(
        pk__in=waiting_for(STARTS).values("subject_id"),
        starts_at__lte=now + BEFORE,
        ends_at__gt=now,
        paused_at=None,
        shop__state="open",
    ).exclude(state__in=["draft", "ended"])
    words = {}
    for sale in sales:
        named = {"title": sale.title}
        words[sale.pk] = notify.Word(path_of(sale), named, named)
    due = waiting_for(STARTS).filter(subject_id__in=list(words))

    def tell(reminder_id: int) -> int:
        reminder = due.select_related("account").filter(pk=reminder_id).first()
        if reminder is None:
            return 0  # told by another worker
        with transaction.atomic():
            return notify.tell(reminder=reminder, word=words[reminder.subject_id])

    return sweep("sales.starting", due, tell, piece=piece, most=most)
