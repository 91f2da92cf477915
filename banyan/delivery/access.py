"""The only way to keys, files and vouchers that people see. Absent and forbidden look alike."""

from __future__ import annotations

from django.db.models import QuerySet

from banyan.catalog.access import EVERYONE, MANAGERS, get_shop_for_staff, works_in
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound

from .models import Grant, LicenceKey, Scan, Voucher
from .rules import digest_of, read_code


def get_key_for_staff(actor: Actor, key_id: int) -> LicenceKey:
    """Return a key for the managers of its shop and for platform support."""
    key = LicenceKey.objects.select_related("variant__product").filter(pk=key_id).first()
    if key is None:
        raise NotFound()
    if not (actor.has_role("support") or works_in(actor, key.shop_id, MANAGERS)):
        raise NotFound()
    return key


def get_grant(grant_id: int) -> Grant:
    """Return a right to fetch a file, for whoever holds a signed link to it."""
    grant = Grant.objects.select_related("product").filter(pk=grant_id).first()
    if grant is None:
        raise NotFound()
    return grant


def get_voucher_by_code(code: str) -> Voucher:
    """Return the voucher of a code; who has the code holds the voucher."""
    read = read_code(code)
    found = Voucher.objects.select_related("shop", "redeemed_by")
    voucher = found.filter(digest=digest_of(read)).first() if read else None
    if voucher is None:
        raise NotFound()
    return voucher


def visible_scans(actor: Actor, shop_id: int) -> QuerySet[Scan]:
    """Return what was scanned in a shop, newest first, for those who work there."""
    shop = get_shop_for_staff(actor, shop_id, EVERYONE)
    scans = Scan.objects.filter(shop=shop).select_related("voucher__redeemed_by", "by")
    return scans.order_by("-id")
