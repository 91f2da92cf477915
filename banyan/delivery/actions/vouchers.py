"""Redeeming vouchers, on line and told later; their end."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import get_shop_for_staff
from banyan.kernel import clock, events
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.keyrings import Ring, unseal
from banyan.kernel.problems import IdempotencyMismatch, IllegalTransition, Invalid, NotFound
from banyan.kernel.states import transition
from banyan.kernel.sweeps import sweep

from ..access import visible_scans
from ..events import VoucherExpired, VoucherExpiring, VoucherRedeemed
from ..models import Scan, Voucher
from ..rules import digest_of, read_code, refusal
from ..states import VOUCHER

ACCEPTED, UNKNOWN = "accepted", "voucher_unknown"
REMIND_BEFORE = dt.timedelta(hours=48)
LATE_BY = dt.timedelta(hours=48)
"""How long after its end a scan that a device made off line before it still counts."""
LOOKS = 2
"""What ends at this very instant can still be redeemed, by what was scanned before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What a cashier's device says of a scan that it made off line.

    ``scanned_at`` by its own clock, which was ``skew`` ahead of ours when it told us; ``list_at``
    is when the list of valid codes was made that it went by.
    """

    name: str
    scanned_at: dt.datetime
    skew: dt.timedelta
    list_at: dt.datetime | None = None


def open_voucher(voucher: Voucher) -> str:
    """Return the code of a voucher, for its holder."""
    return unseal(Ring.DELIVERY, voucher.sealed).decode()


def redeem(
    *,
    actor: Actor,
    shop_id: int,
    code: str,
    key: str,
    place: str = "",
    device: Device | None = None,
) -> Scan:
    """Redeem a voucher, once; the returned scan says how it went (``result``).

    ``key`` makes it repeatable: the same key gives the first answer, IdempotencyMismatch with
    another code. Of two cashiers the one whose message arrives first is served, whatever their
    clocks say: one conditional UPDATE decides. Every other attempt is kept, with what it met:
    ``voucher_redeemed``, ``voucher_refunded``, ``voucher_expired``, ``voucher_early``,
    ``voucher_unknown``. For those who work in the shop. Emits voucher.redeemed. Raises Invalid
    ``voucher_mistyped``.
    """
    shop = get_shop_for_staff(actor, shop_id)
    read = read_code(code)
    if read is None:
        told = _("This is not a voucher code. Please look at it again.")
        raise Invalid(fields={"code": told}, code="voucher_mistyped")
    digest = digest_of(read)
    known = Scan.objects.filter(shop=shop, key=key).first()
    if known is not None:
        return _same(known, digest)
    voucher = Voucher.objects.filter(shop=shop, digest=digest).first()
    scan = Scan(
        shop=shop,
        voucher=voucher,
        key=key,
        digest=digest,
        by_id=actor.id,
        place=place.strip()[:80],
        arrived_at=clock.now(),
    )
    if device is not None:
        scan.device = device.name[:40]
        scan.scanned_at, scan.list_at = device.scanned_at, device.list_at
        scan.skew_ms = round(device.skew.total_seconds() * 1000)
    try:
        with transaction.atomic(), caused_by(voucher.cause_id if voucher else None):
            scan.result = UNKNOWN if voucher is None else _redeem(actor, voucher, scan)
            scan.save()
    except IntegrityError as error:
        if "delivery_scan_once" not in str(error):
            raise
        return _same(Scan.objects.get(shop=shop, key=key), digest)
    return scan


def _same(known: Scan, digest: str) -> Scan:
    if known.digest != digest:
        raise IdempotencyMismatch(detail=f"scan {known.pk}")
    return known


def _redeem(actor: Actor, voucher: Voucher, scan: Scan) -> str:
    for _look in range(LOOKS):
        why = _refusal(voucher, scan)
        if why:
            return why
        if _move(actor, voucher, scan):
            events.emit(
                VoucherRedeemed(
                    voucher_id=voucher.pk, order_id=voucher.order_id, shop_id=voucher.shop_id
                ),
                actor=actor,
            )
            return ACCEPTED
        voucher.refresh_from_db()
    return _refusal(voucher, scan) or "voucher_redeemed"


def _move(actor: Actor, voucher: Voucher, scan: Scan) -> bool:
    """Move the voucher by one conditional UPDATE; False when somebody was there first."""
    try:
        transition(
            VOUCHER,
            voucher,
            "redeemed",
            actor=actor,
            redeemed_at=scan.arrived_at,
            redeemed_by_id=actor.id,
            redeemed_place=scan.place,
        )
    except IllegalTransition:
        return False
    return True


def _refusal(voucher: Voucher, scan: Scan) -> str:
    """Say what stands against it: by our clock, and for a late message by the device's too."""
    why = refusal(
        state=voucher.state,
        valid_from=voucher.valid_from,
        valid_until=voucher.valid_until,
        at=scan.arrived_at,
    )
    if why != "voucher_expired" or scan.scanned_at is None or voucher.valid_until is None:
        return why
    skew = dt.timedelta(milliseconds=scan.skew_ms or 0)
    in_time = scan.scanned_at - skew < voucher.valid_until
    return "" if in_time and scan.arrived_at < voucher.valid_until + LATE_BY else why


def settle_conflict(*, actor: Actor, shop_id: int, scan_id: int) -> None:
    """Take a refused scan off the shop's list: somebody has looked at it. Repeatable."""
    scans = visible_scans(actor, shop_id)
    if not scans.filter(pk=scan_id).exists():
        raise NotFound()
    Scan.objects.filter(pk=scan_id, seen_at=None).update(seen_at=clock.now())


def expire_due(*, actor: Actor) -> int:
    """End vouchers whose time ran out; returns how many. Emits voucher.expired."""
    due = Voucher.objects.filter(state="issued", valid_until__lte=clock.now())

    def expire(voucher_id: int) -> int:
        voucher = Voucher.objects.get(pk=voucher_id)
        with transaction.atomic(), caused_by(voucher.cause_id):
            try:
                transition(VOUCHER, voucher, "expired", actor=actor, reason="time ran out")
            except IllegalTransition:
                return 0  # redeemed or refunded at this instant
            told = VoucherExpired(
                voucher_id=voucher.pk, order_id=voucher.order_id, shop_id=voucher.shop_id
            )
            events.emit(told, actor=actor)
        return 1

    return sweep("delivery.expire", due, expire, by="valid_until")


def remind_due(*, actor: Actor, limit: int = 500) -> int:
    """Have holders reminded of vouchers that end within two days; once each. Returns how many.

    One word for all vouchers of a line. Emits voucher.expiring.
    """
    now = clock.now()
    due = Voucher.objects.filter(
        state="issued", reminded_at=None, valid_until__gt=now, valid_until__lte=now + REMIND_BEFORE
    )
    lines = list(due.order_by("valid_until").values_list("line_id", flat=True).distinct()[:limit])
    count = 0
    for line_id in dict.fromkeys(lines):
        with transaction.atomic():
            told = Voucher.objects.filter(line_id=line_id, state="issued", reminded_at=None)
            first = told.select_for_update().order_by("number").first()
            if first is None or not told.update(reminded_at=now):
                continue
            events.emit(
                VoucherExpiring(
                    voucher_id=first.pk, order_id=first.order_id, shop_id=first.shop_id
                ),
                actor=actor,
                cause=first.cause_id,
            )
            count += 1
    return count
