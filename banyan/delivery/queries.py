"""What was bought and what is in the pools, for pages. Callers have checked who asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, QuerySet

from banyan.catalog.models import Variant
from banyan.kernel import clock
from banyan.people.models import Account

from .actions import open_key, open_voucher
from .models import DigitalFile, Grant, LicenceKey, Scan, Shortfall, Terms, Voucher
from .rules import first_name


@dataclass(slots=True)
class Bought:
    """What one order line gave its buyer; ``missing`` units are being refunded."""

    keys: list[str] = field(default_factory=list)
    grant: Grant | None = None
    file: DigitalFile | None = None
    vouchers: list[tuple[Voucher, str]] = field(default_factory=list)
    missing: int = 0


def bought(line_ids: Iterable[int]) -> dict[int, Bought]:
    """Return what lines gave, by line id, keys and codes opened. Five statements at most.

    For whoever the order's own access let through; a line without anything is left out.
    """
    ids = sorted(set(line_ids))
    found: dict[int, Bought] = {}
    if not ids:
        return found
    for key in LicenceKey.objects.filter(line_id__in=ids, state="taken").order_by("id"):
        found.setdefault(key.line_id or 0, Bought()).keys.append(open_key(key))
    grants = list(Grant.objects.select_related("product").filter(line_id__in=ids))
    products = {grant.product_id for grant in grants}
    files = DigitalFile.objects.filter(product_id__in=products, is_current=True)
    by_product = {file.product_id: file for file in files} if products else {}
    for grant in grants:
        one = found.setdefault(grant.line_id, Bought())
        one.grant, one.file = grant, by_product.get(grant.product_id)
    vouchers = Voucher.objects.filter(line_id__in=ids).select_related("redeemed_by")
    for voucher in vouchers.order_by("number"):
        found.setdefault(voucher.line_id, Bought()).vouchers.append(
            (voucher, open_voucher(voucher))
        )
    for short in Shortfall.objects.filter(line_id__in=ids):
        found.setdefault(short.line_id, Bought()).missing = short.missing
    return found


@dataclass(frozen=True, slots=True)
class Given:
    """What a line gave, for the shop: no key and no code."""

    keys: int
    grant: Grant | None
    vouchers: list[Voucher]
    missing: int


def given(line_ids: Iterable[int]) -> dict[int, Given]:
    """Return what lines gave, by line id, with nothing secret. Four statements at most."""
    ids = sorted(set(line_ids))
    if not ids:
        return {}
    taken = LicenceKey.objects.filter(line_id__in=ids).values_list("line_id")
    keys: dict[int | None, int] = dict(taken.annotate(n=Count("id")).order_by())
    grants = {grant.line_id: grant for grant in Grant.objects.filter(line_id__in=ids)}
    vouchers: dict[int, list[Voucher]] = {}
    sold = Voucher.objects.filter(line_id__in=ids).select_related("redeemed_by")
    for voucher in sold.defer("sealed").order_by("number"):
        vouchers.setdefault(voucher.line_id, []).append(voucher)
    short = dict(Shortfall.objects.filter(line_id__in=ids).values_list("line_id", "missing"))
    return {
        line_id: Given(
            keys.get(line_id, 0),
            grants.get(line_id),
            vouchers.get(line_id, []),
            short.get(line_id, 0),
        )
        for line_id in ids
        if line_id in keys or line_id in grants or line_id in vouchers or line_id in short
    }


def undeliverable(variant_ids: Iterable[int]) -> list[int]:
    """Return the variants that could not be handed over now, keys apart: their stock says it.

    They have no terms, no file, or their vouchers would have ended. Three statements at most.
    """
    products: dict[int, int] = dict(
        Variant.objects.filter(pk__in=set(variant_ids)).values_list("id", "product_id")
    )
    found = terms_of(products.values())
    files = DigitalFile.objects.filter(product_id__in=found, is_current=True)
    with_file = set(files.values_list("product_id", flat=True))
    now = clock.now()
    good = {
        product_id
        for product_id, terms in found.items()
        if (terms.way != "file" or product_id in with_file)
        and (terms.valid_until is None or terms.valid_until > now)
    }
    return [variant for variant, product_id in products.items() if product_id not in good]


def shortfalls_of(order_id: int) -> list[Shortfall]:
    """Return what an order could not be given."""
    return list(Shortfall.objects.filter(order_id=order_id).order_by("id"))


def vouchers_waiting(order_id: int) -> bool:
    """Tell whether an order has a voucher that can still be redeemed."""
    return Voucher.objects.filter(order_id=order_id, state="issued").exists()


def unused_vouchers(line_ids: Iterable[int] | QuerySet[Any]) -> dict[int, int]:
    """Return how many vouchers of lines can still be redeemed; lines without any are left out."""
    issued = Voucher.objects.filter(line_id__in=line_ids, state="issued")
    return dict(issued.values_list("line_id").annotate(n=Count("id")).order_by())


def unfetched(line_ids: Iterable[int] | QuerySet[Any]) -> set[int]:
    """Return those of the lines whose file nobody has fetched and that can claim it."""
    waiting = Grant.objects.filter(line_id__in=line_ids, used=0, closed_at=None)
    return set(waiting.values_list("line_id", flat=True))


def terms_of(product_ids: Iterable[int]) -> dict[int, Terms]:
    """Return the terms of products, by product id. One statement."""
    return Terms.objects.in_bulk(set(product_ids))


def file_of(product_id: int) -> DigitalFile | None:
    """Return the file that buyers of a product fetch now."""
    return DigitalFile.objects.filter(product_id=product_id, is_current=True).first()


def pool_counts(variant_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """Return how many keys of each state variants have. One statement."""
    rows = (
        LicenceKey.objects.filter(variant_id__in=set(variant_ids))
        .values("variant_id")
        .annotate(
            free=Count("id", filter=Q(state="free")),
            taken=Count("id", filter=Q(state="taken")),
            withdrawn=Count("id", filter=Q(state="withdrawn")),
        )
        .order_by()
    )
    return {
        row["variant_id"]: {name: row[name] for name in ("free", "taken", "withdrawn")}
        for row in rows
    }


def keys_in(variant_ids: Iterable[int], *, before: int | None = None) -> QuerySet[LicenceKey]:
    """Return the keys of pools, newest first, sealed as they are."""
    keys = LicenceKey.objects.filter(variant_id__in=set(variant_ids)).order_by("-id")
    keys = keys.select_related("variant").defer("sealed", "fingerprint")
    return keys if before is None else keys.filter(pk__lt=before)


def good_today(shop_id: int, *, until: dt.datetime) -> list[str]:
    """Return the shortened digests of a shop's vouchers that can be redeemed before ``until``."""
    now = clock.now()
    rows = Voucher.objects.filter(shop_id=shop_id, state="issued", valid_from__lt=until)
    rows = rows.filter(Q(valid_until=None) | Q(valid_until__gt=now))
    return [digest[:32] for digest in rows.order_by("id").values_list("digest", flat=True)]


def conflicts(scans: QuerySet[Scan]) -> QuerySet[Scan]:
    """Return those that a device accepted off line and we refused, and that nobody looked at."""
    return scans.filter(seen_at=None, scanned_at__isnull=False).exclude(result="accepted")


def called(account: Account | None) -> str:
    """Return how a colleague is called: by the first name."""
    return first_name(account.display_name) if account else ""
