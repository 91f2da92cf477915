"""Taking a unit out of a bucket, and giving it back to the same bucket.

A unit is taken by one conditional UPDATE with a CHECK behind it, or by a ticket. Who gives units
back holds the stock's row, so that nobody settles the sale meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from django.db import connection
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from banyan.catalog.actions import release, release_held, sold_out, unhold
from banyan.kernel import tickets
from banyan.kernel.problems import Conflict
from banyan.people.models import Account

from ..models import Bucket, Right, RightKey, Sale

COUNTED = ("bound", "reserved", "redeemed")


def keys_of_member(account_id: int) -> set[str]:
    """Return every key under which a member is one person: the account and its contacts."""
    email, phone = Account.objects.values_list("email", "phone").get(pk=account_id)
    contacts = {f"contact:{one.lower()}" for one in (email, phone) if one}
    return {f"account:{account_id}", *contacts}


def lock_person(sale_id: int, keys: Collection[str]) -> None:
    """Let one person, under any of their keys, do one thing in a sale at a time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(h) FROM (SELECT DISTINCT hashtextextended(k, %s) AS h"
            " FROM unnest(%s::text[]) AS k ORDER BY 1) AS hashed",
            [sale_id, sorted(keys)],
        )


def check_cap(
    sale: Sale, keys: Collection[str], *, more: int, without: Sequence[Right] = ()
) -> None:
    """Refuse what would be more than one person may have; Conflict ``sale_cap``."""
    held = (
        RightKey.objects.filter(sale_id=sale.pk, key__in=list(keys), right__state__in=COUNTED)
        .exclude(right__in=[right.pk for right in without])
        .values("right_id")
        .distinct()
        .count()
    )
    if held + more > sale.per_person:
        raise Conflict(
            _("You already have as many as one person can have."),
            code="sale_cap",
            extra={"per_person": sale.per_person},
        )


def write_keys(rights: Iterable[Right], keys: Collection[str]) -> None:
    """Note under which keys somebody holds rights."""
    RightKey.objects.bulk_create(
        RightKey(right=right, sale_id=right.sale_id, key=key)
        for right in rights
        for key in sorted(keys)
    )


def take(bucket: Bucket, n: int = 1) -> None:
    """Take ``n`` units or, with SoldOut, none."""
    taken = Bucket.objects.filter(pk=bucket.pk, taken__lte=F("size") - n).update(
        taken=F("taken") + n
    )
    if taken != 1:
        raise sold_out([bucket.item.variant_id])


def put_back(sale: Sale, rights: Sequence[Right], *, was: str, reference: str) -> None:
    """Give the units of ``rights``, which were all in the state ``was``, to their own buckets.

    Once the sale is settled they become free stock instead. The caller holds the stock's rows and
    has read ``sale`` behind them.
    """
    units: dict[int, int] = {}
    for right in rights:
        units[right.item.variant_id] = units.get(right.item.variant_id, 0) + 1
        if sale.settled_at is None and right.ticket_id is not None:
            tickets.give_back(claims=[right.ticket_id])
            continue
        shrink = {} if sale.settled_at is None else {"size": F("size") - 1}
        Bucket.objects.filter(pk=right.bucket_id).update(taken=F("taken") - 1, **shrink)
    wanted = list(units.items())
    if not wanted:
        return
    if was == "reserved":
        back = release_held if sale.settled_at is None else release
        back(wanted, reference=reference)
    elif sale.settled_at is not None:
        unhold(wanted, reference=reference)
