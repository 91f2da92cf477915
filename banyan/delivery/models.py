"""Terms of what needs no parcel, and what was handed over: files, licence keys, vouchers.

Columns that point to a higher floor (order, line, checkout) are plain ids, written when it is paid.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from banyan.catalog.models import Product, Shop, Variant
from banyan.kernel.ids import IdField
from banyan.people.models import Account

from .states import VOUCHER


class Terms(models.Model):
    """How a product is handed over: ``way`` is file, keys or voucher.

    ``downloads`` is how often one bought copy may be fetched. A voucher is good from ``valid_from``
    (else at once) until ``valid_until`` and for ``valid_days`` from the purchase, whichever ends
    first; ``places`` says where.
    """

    product = models.OneToOneField(
        Product, primary_key=True, on_delete=models.CASCADE, related_name="delivery"
    )
    way = models.CharField(max_length=8)
    downloads = models.IntegerField(default=5)
    valid_from = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True)
    valid_days = models.IntegerField(null=True)
    places = models.CharField(max_length=400, blank=True, default="")
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "delivery_terms"
        constraints = [
            models.CheckConstraint(
                condition=Q(way__in=["file", "keys", "voucher"]), name="delivery_terms_way"
            ),
            models.CheckConstraint(
                condition=Q(downloads__gte=1, downloads__lte=100), name="delivery_terms_downloads"
            ),
            models.CheckConstraint(
                condition=Q(valid_days=None) | Q(valid_days__gte=1), name="delivery_terms_days"
            ),
        ]


class DigitalFile(models.Model):
    """A file that buyers of a product may fetch; ``stored`` names it in the private storage.

    A newer one takes the place of the older: buyers always fetch the current one.
    """

    id = IdField(primary_key=True)
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=120)
    stored = models.CharField(max_length=120)
    size = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    is_current = models.BooleanField(default=True)
    uploaded_by = models.ForeignKey(Account, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "delivery_file"
        constraints = [
            models.UniqueConstraint(
                fields=["product"], condition=Q(is_current=True), name="delivery_file_current_once"
            )
        ]


class Grant(models.Model):
    """The right of one order line to fetch a product's file ``allowed`` times."""

    id = IdField(primary_key=True)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="grants")
    line_id = models.BigIntegerField(unique=True)
    allowed = models.IntegerField()
    used = models.IntegerField(default=0)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "delivery_grant"
        constraints = [
            models.CheckConstraint(
                condition=Q(used__gte=0) & Q(used__lte=F("allowed")), name="delivery_grant_used"
            )
        ]

    @property
    def is_down(self) -> bool:
        """Whether it waits because its product is taken down; one of a refund has ended."""
        return self.closed_at is None and self.product.state == "taken_down"

    @property
    def left(self) -> int:
        """How often the file can still be fetched as things stand."""
        return 0 if self.closed_at is not None or self.is_down else self.allowed - self.used


class Download(models.Model):
    """One time that a bought file was fetched."""

    id = IdField(primary_key=True)
    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="downloads")
    file = models.ForeignKey(DigitalFile, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        db_table = "delivery_download"


class LicenceKey(models.Model):
    """A licence key of a variant's pool; ``state``: free, taken (by ``line_id``), withdrawn.

    ``sealed`` is the key, encrypted; ``fingerprint`` tells a key that is here already without
    opening any.
    """

    id = IdField(primary_key=True)
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="+")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="keys")
    sealed = models.BinaryField()
    fingerprint = models.CharField(max_length=64)
    state = models.CharField(max_length=10, default="free")
    line_id = models.BigIntegerField(null=True, db_index=True)
    added_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "delivery_key"
        constraints = [
            models.UniqueConstraint(fields=["shop", "fingerprint"], name="delivery_key_once"),
            models.CheckConstraint(
                condition=Q(state="taken", line_id__isnull=False)
                | Q(state__in=["free", "withdrawn"], line_id=None),
                name="delivery_key_one_line",
            ),
        ]
        indexes = [
            models.Index(
                fields=["variant", "id"], name="delivery_key_free", condition=Q(state="free")
            )
        ]


class Shortfall(models.Model):
    """Units of a paid line that could not be handed over: their money goes back by itself."""

    id = IdField(primary_key=True)
    line_id = models.BigIntegerField(unique=True)
    order_id = models.BigIntegerField(db_index=True)
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+")
    missing = models.IntegerField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "delivery_shortfall"
        constraints = [
            models.CheckConstraint(condition=Q(missing__gte=1), name="delivery_shortfall_missing")
        ]


class Voucher(models.Model):
    """One paid service, to be had on site once. ``digest`` is the SHA-256 of its code.

    ``sealed`` is the code, encrypted; ``number`` counts the vouchers of a line from 1. ``cause_id``
    names the purchase whose story all that happens to it belongs to.
    """

    id = IdField(primary_key=True)
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="vouchers")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="vouchers")
    line_id = models.BigIntegerField()
    order_id = models.BigIntegerField(db_index=True)
    number = models.IntegerField()
    title = models.CharField(max_length=240)
    places = models.CharField(max_length=400, blank=True, default="")
    digest = models.CharField(max_length=64, unique=True)
    sealed = models.BinaryField()
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=VOUCHER.choices(), default=VOUCHER.initial)
    issued_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)
    redeemed_at = models.DateTimeField(null=True)
    redeemed_by = models.ForeignKey(Account, null=True, on_delete=models.SET_NULL, related_name="+")
    redeemed_place = models.CharField(max_length=80, blank=True, default="")
    cause_id = models.BigIntegerField(null=True)

    class Meta:
        db_table = "delivery_voucher"
        constraints = [
            models.UniqueConstraint(fields=["line_id", "number"], name="delivery_voucher_number"),
            models.CheckConstraint(
                condition=Q(state="redeemed", redeemed_at__isnull=False)
                | (~Q(state="redeemed") & Q(redeemed_at=None)),
                name="delivery_voucher_redeemed",
            ),
        ]
        indexes = [
            models.Index(
                fields=["valid_until"], name="delivery_voucher_end", condition=Q(state="issued")
            )
        ]


class Scan(models.Model):
    """One attempt to redeem a voucher, on line or told later by a device that was off line.

    ``result``: accepted, or the code of the refusal. ``scanned_at`` is what the device's clock
    said, ``skew_ms`` how far that was ahead of ours when it told us; ``arrived_at`` is ours.
    """

    id = IdField(primary_key=True)
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="+", db_index=False)
    voucher = models.ForeignKey(Voucher, null=True, on_delete=models.PROTECT, related_name="scans")
    key = models.CharField(max_length=80)
    digest = models.CharField(max_length=64)
    result = models.CharField(max_length=24)
    by = models.ForeignKey(Account, null=True, on_delete=models.SET_NULL, related_name="+")
    place = models.CharField(max_length=80, blank=True, default="")
    device = models.CharField(max_length=40, blank=True, default="")
    scanned_at = models.DateTimeField(null=True)
    skew_ms = models.BigIntegerField(null=True)
    list_at = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "delivery_scan"
        constraints = [
            models.UniqueConstraint(fields=["shop", "key"], name="delivery_scan_once"),
            models.UniqueConstraint(
                fields=["voucher"],
                condition=Q(result="accepted"),
                name="delivery_scan_one_accepted",
            ),
        ]
        indexes = [
            models.Index(
                fields=["shop", "-id"],
                name="delivery_scan_conflicts",
                condition=Q(seen_at=None, scanned_at__isnull=False) & ~Q(result="accepted"),
            )
        ]
