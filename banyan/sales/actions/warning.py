"""Who has taken or ordered a unit is told when their time is nearly over, and when it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.db.models import F, QuerySet

from banyan.kernel import clock
from banyan.kernel.remembered import remembered
from banyan.notify.actions import notify

from ..models import Right, Sale

BEFORE = dt.timedelta(minutes=2)
ENDING, RELEASED = "sale.ending", "sale.released"
UNPAID, LAPSED = "sale.unpaid", "sale.lapsed"
MOST_AT_ONCE = 500


def warn_ending(*, sale: Sale) -> int:
    """Tell those whose unit goes back within two minutes; returns how many. Each once, ever.

    Not those who had no more than that to begin with. One statement where there is nobody.
    """
    now, told = clock.now(), 0
    for right in _ending(sale.pk, now, now + BEFORE):
        with transaction.atomic():
            fresh = Right.objects.filter(pk=right.pk, state="bound", warned=False)
            if fresh.update(warned=True):
                _tell(sale, right, ENDING)
                told += 1
    return told


@remembered
def _ending(sale_id: int, now: dt.datetime, until: dt.datetime) -> QuerySet[Right]:
    rows = Right.objects.filter(sale_id=sale_id, state="bound", warned=False)
    soon = rows.filter(expires_at__gt=now, expires_at__lte=until)
    return soon.filter(created_at__lt=F("expires_at") - BEFORE).order_by("id")[:MOST_AT_ONCE]


def tell_released(*, sale: Sale, rights: Collection[Right]) -> None:
    """Tell whose units went back as nobody ordered them in time. In the caller's transaction."""
    for right in rights:
        _tell(sale, right, RELEASED)


def tell_unpaid(*, checkout_id: int, url: str) -> bool:
    """Tell a member that what they have ordered goes back unless it is paid within two minutes.

    Once for each order; returns whether they were told now. In the caller's transaction.
    """
    rights = Right.objects.filter(checkout_id=checkout_id, state="reserved", warned=False)
    found = rights.select_related("sale").order_by("id").first()
    if found is None or not rights.update(warned=True):
        return False
    _tell_of_order(found, UNPAID, url)
    return True


def tell_lapsed(*, checkout_id: int, url: str) -> None:
    """Tell a member that what they had ordered goes back: it was not paid. Before it does."""
    rights = Right.objects.filter(checkout_id=checkout_id, state="reserved")
    found = rights.select_related("sale").order_by("id").first()
    if found is not None:
        _tell_of_order(found, LAPSED, url)


def _tell_of_order(right: Right, kind: str, url: str) -> None:
    _notify(right, kind, f"{kind}:{right.checkout_id}", url)


def _tell(sale: Sale, right: Right, kind: str) -> None:
    once = f"{kind}:{right.pk}:{right.expires_at.timestamp():.0f}"
    _notify(right, kind, once, f"/sale/{sale.pk}")


def _notify(right: Right, kind: str, group_key: str, url: str) -> None:
    if right.account_id is None:
        return
    notify(
        recipient_id=right.account_id,
        kind=kind,
        group_key=group_key,
        url=url,
        data={"title": right.sale.title},
    )
