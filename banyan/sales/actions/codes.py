"""F-codes: made in batches, handed out by the shop, entered once, and a unit is somebody's."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock, ratelimits
from banyan.kernel.actors import Actor
from banyan.kernel.ids import typed_code
from banyan.kernel.problems import Conflict, Invalid, LoginRequired, SoldOut
from banyan.kernel.remembered import remembered
from banyan.kernel.states import transition, transition_all
from banyan.people.rules import read_contact

from ..access import get_batch_for_staff, get_sale_for, get_sale_for_staff
from ..models import Bucket, CodeBatch, Right, RightKey, Sale
from ..ports import check_entering
from ..states import RIGHT
from .claiming import check_open
from .units import check_cap, keys_of_member, lock_person, take, write_keys

CODE_BITS = 80
TRIES_PER_HOUR = 20
MOST_CODES = 10_000
MOST_AT_ONCE = 1_000


class CodeRefused(Conflict):
    """An F-code does not help; ``code`` says why: code_unknown, code_used, code_not_yours."""


def issue_codes(
    *,
    actor: Actor,
    sale_id: int,
    variant_id: int,
    channel: str,
    count: int = 0,
    expires_at: dt.datetime | None = None,
    recipients: tuple[str, ...] = (),
) -> CodeBatch:
    """Make single-use codes of 80 bits for an item of a sale.

    Either ``count`` codes that can be passed on, or one for each of ``recipients`` (e-mail address
    or phone number) that only they can enter. Refused beyond the units of the item's code bucket:
    a code always has its unit. Without ``expires_at`` they end with the sale.
    """
    sale = get_sale_for_staff(actor, sale_id)
    named = [one.strip() for one in recipients if one.strip()]
    # In the form in which they are proven: a code for another spelling would be nobody's.
    read = {one: read_contact(one, sale.shop.country) for one in named}
    given = sorted({contact.value for contact in read.values() if contact is not None})
    wanted = len(given) or count
    ends = expires_at or sale.ends_at
    fields: dict[str, Any] = {}
    if wrong := [one for one, contact in read.items() if contact is None]:
        words = {"wrong": ", ".join(wrong[:20])}
        fields["recipients"] = _("No e-mail address or phone number: %(wrong)s") % words
    if not 1 <= wanted <= MOST_CODES:
        fields["count"] = _("Enter a number from 1 to 10,000.")
    if not 1 <= len(channel.strip()) <= 60:
        fields["channel"] = _("Say where these codes are handed out, in 1 to 60 letters.")
    if not clock.now() < ends <= sale.ends_at:
        fields["expires_at"] = _("Codes end before the sale does.")
    if fields:
        raise Invalid(fields=fields)
    if sale.state == "ended":
        raise Conflict(_("This sale is over."), code="sale_over")
    with transaction.atomic():
        bucket = (
            Bucket.objects.select_for_update(of=("self",), no_key=True)
            .select_related("item")
            .filter(item__sale=sale, item__variant_id=variant_id, kind="code")
            .first()
        )
        made = 0 if bucket is None else _alive(bucket)
        if bucket is None or made + wanted > bucket.size:
            raise Conflict(
                _("There are not as many units for codes."),
                code="code_bucket_full",
                extra={"units": bucket.size if bucket else 0, "codes": made},
            )
        now = clock.now()
        batch = CodeBatch.objects.create(
            item=bucket.item, channel=channel.strip(), count=wanted, expires_at=ends, created_at=now
        )
        Right.objects.bulk_create(
            (
                Right(
                    sale=sale,
                    item=bucket.item,
                    bucket=bucket,
                    batch=batch,
                    code=typed_code(CODE_BITS),
                    recipient=recipient,
                    expires_at=ends,
                    created_at=now,
                )
                for recipient in (given or [""] * wanted)
            ),
            batch_size=1000,
        )
    return batch


def _alive(bucket: Bucket) -> int:
    rights = Right.objects.filter(bucket=bucket)
    return rights.filter(state__in=["issued", "bound", "reserved", "redeemed"]).count()


def enter_code(*, actor: Actor, sale_id: int, code: str) -> Right:
    """Bind a code, and a unit of its bucket, to a member. Of two at once one wins.

    Skips the waiting room: somebody waited for the code. Repeatable by whoever has it. Raises
    CodeRefused, Conflict (``sale_cap`` and those of ``check_open``), SoldOut, TooMany, and what
    ``ports`` refuses.
    """
    if actor.id is None:
        raise LoginRequired()
    ratelimits.hit(f"sale.code:{actor.id}", TRIES_PER_HOUR, 3600)
    sale = get_sale_for(actor, sale_id)
    typed = code.strip() or "-"
    # Codes are capitals; those of before may have small letters, too.
    right = (
        Right.objects.select_related("bucket__item__variant__product")
        .filter(sale=sale, code__in=[typed, typed.upper()])
        .first()
    )
    if right is None:
        raise CodeRefused(_("There is no such code for this sale."), code="code_unknown")
    if right.account_id == actor.id and right.state in {"bound", "reserved", "redeemed"}:
        return right
    check_open(sale)
    _check_on_sale(right)
    check_entering(actor, sale)
    keys = keys_of_member(actor.id)
    _check_code(right, actor.id, keys)
    now = clock.now()
    ends = min(right.expires_at, now + dt.timedelta(minutes=sale.ttl_minutes))
    with transaction.atomic():
        lock_person(sale.pk, keys)
        check_cap(sale, keys, more=1)
        _take_for(right, actor.id)
        transition(RIGHT, right, "bound", actor=actor, expires_at=ends, warned=False)
        RightKey.objects.filter(right=right).delete()
        write_keys([right], keys)
        take(right.bucket)
    right.account_id = actor.id
    return right


def _check_on_sale(right: Right) -> None:
    """Refuse a unit that nobody may order any more: taken down or put away meanwhile."""
    variant = right.bucket.item.variant
    if not variant.is_active or variant.product.state != "active":
        raise SoldOut(_("This is no longer on sale."), code="not_on_sale")


def _take_for(right: Right, account_id: int) -> None:
    """Make a code somebody's; whoever comes second finds it entered, or in the other's hands."""
    mine = Right.objects.filter(pk=right.pk, state="issued", account_id=right.account_id)
    if not mine.update(account_id=account_id):
        raise _used()


def _check_code(right: Right, account_id: int, keys: set[str]) -> None:
    if right.state != "issued" or right.expires_at <= clock.now():
        raise _used()
    if right.account_id not in {None, account_id}:
        raise _used()
    if right.recipient and f"contact:{right.recipient}" not in keys:
        raise CodeRefused(
            _("This code was made for somebody else's address or number."), code="code_not_yours"
        )


def _used() -> CodeRefused:
    return CodeRefused(_("This code was used or has ended."), code="code_used")


def revoke_codes(*, actor: Actor, batch_id: int) -> int:
    """End the codes of a batch that nobody has entered; returns how many. Repeatable."""
    batch = get_batch_for_staff(actor, batch_id)
    with transaction.atomic():
        open_ones = list(
            Right.objects.select_for_update(no_key=True).filter(
                batch=batch, state="issued", account=None
            )
        )
        transition_all(RIGHT, open_ones, "revoked", actor=actor)
    return len(open_ones)


def expire_codes(*, actor: Actor, sale: Sale) -> int:
    """End codes whose time is over; returns how many. Repeatable."""
    with transaction.atomic():
        due = _over(sale.pk, clock.now())
        transition_all(RIGHT, due, "expired", actor=actor)
    return len(due)


@remembered
def _over(sale_id: int, now: dt.datetime) -> QuerySet[Right]:
    rights = Right.objects.select_for_update(skip_locked=True, no_key=True)
    return rights.filter(sale_id=sale_id, state="issued", expires_at__lte=now)[:MOST_AT_ONCE]


def codes_of(*, actor: Actor, batch_id: int) -> list[Right]:
    """Return a batch's codes for the shop's managers, in order."""
    batch = get_batch_for_staff(actor, batch_id)
    return list(Right.objects.filter(batch=batch).order_by("id"))
