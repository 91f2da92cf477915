"""What was handed over without a parcel, as a part of one order's story; never a key or code."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from banyan.kernel.stories import Chapter, moves_of, who_moved

from .models import Download, Grant, LicenceKey, Scan, Shortfall, Voucher
from .queries import called
from .states import VOUCHER


def story_of(line_ids: Sequence[int]) -> list[Chapter]:
    """Return what became of these lines: keys, downloads, vouchers, and what fell short.

    Seven queries, none without such lines.
    """
    if not line_ids:
        return []
    return [*_keys(line_ids), *_files(line_ids), *_vouchers(line_ids), *_short(line_ids)]


def _keys(line_ids: Sequence[int]) -> list[Chapter]:
    return [
        Chapter(key.changed_at, "parcel", _("Licence key handed over"), key.pk, ref=f"#{key.pk}")
        for key in LicenceKey.objects.filter(line_id__in=line_ids)
    ]


def _files(line_ids: Sequence[int]) -> list[Chapter]:
    told = [
        Chapter(
            grant.created_at,
            "parcel",
            _("File ready to be fetched"),
            grant.pk,
            detail=_("%(used)s of %(allowed)s downloads used")
            % {"used": grant.used, "allowed": grant.allowed},
        )
        for grant in Grant.objects.filter(line_id__in=line_ids)
    ]
    fetched = Download.objects.filter(grant__line_id__in=line_ids).select_related("file")
    return told + [
        Chapter(one.at, "parcel", _("File fetched"), one.pk, detail=one.file.name)
        for one in fetched
    ]


def _vouchers(line_ids: Sequence[int]) -> list[Chapter]:
    vouchers = {
        voucher.pk: voucher
        for voucher in Voucher.objects.filter(line_id__in=line_ids).select_related("redeemed_by")
    }
    told = [
        Chapter(voucher.issued_at, "parcel", _("Voucher issued"), voucher.pk, ref=f"#{voucher.pk}")
        for voucher in vouchers.values()
    ]
    known = {
        "redeemed": _("Voucher redeemed"),
        "expired": _("Voucher expired"),
        "refunded": _("Voucher refunded"),
    }
    for move in moves_of({VOUCHER.name: vouchers}):
        voucher = vouchers[move.subject_id]
        used = move.target == "redeemed"
        told.append(
            Chapter(
                move.at,
                "parcel",
                known[move.target],
                move.pk,
                who=called(voucher.redeemed_by) if used else who_moved(move),
                detail=voucher.redeemed_place if used else move.reason,
                ref=f"#{voucher.pk}",
                tone="good" if used else "",
            )
        )
    refused = Scan.objects.filter(voucher__in=vouchers).exclude(result="accepted")
    told += [
        Chapter(
            scan.arrived_at,
            "parcel",
            _("Voucher not redeemed: it was shown again or out of time"),
            scan.pk,
            who=called(scan.by),
            detail=scan.place,
            ref=f"#{scan.voucher_id}",
            tone="bad",
        )
        for scan in refused.select_related("by")
    ]
    return told


def _short(line_ids: Sequence[int]) -> list[Chapter]:
    return [
        Chapter(
            short.created_at,
            "parcel",
            _("Could not be handed over: %(n)s") % {"n": short.missing},
            short.pk,
            tone="bad",
        )
        for short in Shortfall.objects.filter(line_id__in=line_ids)
    ]
