"""Sales, their buckets of units, rights to buy, F-codes, and the waiting room."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from banyan.catalog.models import Shop, Variant
from banyan.kernel.ids import IdField
from banyan.people.models import Account

from .states import ENTRY, RIGHT, SALE


class Sale(models.Model):
    """A flash sale in the window [starts_at, ends_at).

    ``per_person``: most units of one person; ``ttl_minutes``: how long a unit waits for payment.
    ``admission``: "none", or "queue" with a waiting room that lets ``at_once`` people buy at a
    time; who enters before ``first_seconds`` have passed is put in an order drawn by chance. The
    ``commitment`` to its seed and the fingerprint of its ``terms`` are public from the start,
    ``seed``, the list's ``root`` and the RoomProof after it.
    ``campaign_id`` is the campaign that has set it up, if one has; it ``asks`` where that is for
    some people only, and every unit is claimed first.
    ``ticketed``: the public units are sold by ticket. From ``leftover_at`` on what other buckets
    have left is public. ``settled_at``: what was left is free stock again.
    """

    id = IdField(primary_key=True)
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="sales")
    title = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=SALE.choices(), default=SALE.initial)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    per_person = models.IntegerField(default=1)
    ttl_minutes = models.IntegerField(default=10)
    admission = models.CharField(max_length=5, default="none")
    first_seconds = models.IntegerField(default=30)
    at_once = models.IntegerField(default=50)
    ticketed = models.BooleanField(default=False)
    campaign_id = models.BigIntegerField(null=True)
    asks = models.BooleanField(default=False, db_default=False)
    leftover_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    commitment = models.CharField(max_length=64, blank=True, default="")
    terms = models.CharField(max_length=64, blank=True, default="", db_default="")
    root = models.CharField(max_length=64, blank=True, default="")
    seed = models.CharField(max_length=64, blank=True, default="")
    drawn_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "sales_sale"
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="sale_window"),
            models.CheckConstraint(
                condition=Q(per_person__gte=1) & Q(ttl_minutes__gte=5) & Q(ttl_minutes__lte=15),
                name="sale_limits",
            ),
            models.CheckConstraint(
                condition=Q(admission__in=["none", "queue"]), name="sale_admission"
            ),
        ]
        indexes = [
            models.Index(fields=["shop", "-id"], name="sale_shop"),
            models.Index(fields=["id"], name="sale_open", condition=Q(settled_at=None)),
        ]

    @property
    def needs_right(self) -> bool:
        """Whether a unit has to be claimed before it can be ordered."""
        return self.ticketed or self.asks or self.admission == "queue"


class RoomProof(models.Model):
    """The proof file of a sale's waiting room: too large for the sale's own row."""

    id = IdField(primary_key=True)
    sale = models.OneToOneField(Sale, on_delete=models.CASCADE, related_name="room_proof")
    text = models.TextField()

    class Meta:
        db_table = "sales_roomproof"


class SaleItem(models.Model):
    """A variant in a sale: its price there, and the lowest price of the week before (baseline).

    ``units``: how many were kept for all its buckets at publication; 0 before. It stays.
    ``live`` from publication until what was left is free again: a variant is in one sale only.
    """

    id = IdField(primary_key=True)
    sale = models.ForeignKey(Sale, on_delete=models.CASCADE, related_name="items", db_index=False)
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="sale_items")
    amount = models.BigIntegerField()
    baseline_amount = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3)
    units = models.IntegerField(default=0, db_default=0)
    live = models.BooleanField(default=False)

    class Meta:
        db_table = "sales_item"
        constraints = [
            models.UniqueConstraint(fields=["sale", "variant"], name="sale_item_once"),
            models.UniqueConstraint(
                fields=["variant"], condition=Q(live=True), name="sale_item_live_once"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="sale_item_amount"),
        ]


class Bucket(models.Model):
    """Units of an item for some people: public, code (F-codes) or fans.

    ``taken`` of ``size`` are claimed, reserved or sold. With ``pool_id`` the units are tickets of
    that pool, and ``taken`` is only written when the sale is settled.
    """

    id = IdField(primary_key=True)
    item = models.ForeignKey(
        SaleItem, on_delete=models.CASCADE, related_name="buckets", db_index=False
    )
    kind = models.CharField(max_length=6)
    size = models.IntegerField()
    taken = models.IntegerField(default=0)
    pool_id = models.BigIntegerField(null=True)

    class Meta:
        db_table = "sales_bucket"
        constraints = [
            models.UniqueConstraint(fields=["item", "kind"], name="sale_bucket_once"),
            models.CheckConstraint(
                condition=Q(taken__gte=0) & Q(taken__lte=F("size")), name="sale_bucket_size"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["public", "code", "fans"]), name="sale_bucket_kind"
            ),
        ]


class Fan(models.Model):
    """Somebody whom a shop has put on the list of a sale's fans; followers need not be."""

    id = IdField(primary_key=True)
    sale = models.ForeignKey(Sale, on_delete=models.CASCADE, related_name="fans", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")

    class Meta:
        db_table = "sales_fan"
        constraints = [models.UniqueConstraint(fields=["sale", "account"], name="sale_fan_once")]


class CodeBatch(models.Model):
    """A batch of F-codes for one item; ``channel`` says where they were handed out."""

    id = IdField(primary_key=True)
    item = models.ForeignKey(SaleItem, on_delete=models.CASCADE, related_name="batches")
    channel = models.CharField(max_length=60)
    count = models.IntegerField()
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "sales_codebatch"


class Right(models.Model):
    """The right of a person to one unit at the sale's price.

    An F-code is one: ``issued`` until somebody enters it. ``recipient`` (an e-mail address or a
    phone number) is set where the code is not transferable. ``expires_at``: of a bound right, when
    the unit goes back; of an issued one, when the code ends. ``warned``: its holder was told that
    the time is nearly over. ``ticket_id`` is its ticket claim.
    """

    id = IdField(primary_key=True)
    sale = models.ForeignKey(Sale, on_delete=models.PROTECT, related_name="rights", db_index=False)
    item = models.ForeignKey(SaleItem, on_delete=models.PROTECT, related_name="rights")
    bucket = models.ForeignKey(
        Bucket, on_delete=models.PROTECT, related_name="rights", db_index=False, db_constraint=False
    )
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="rights")
    state = models.CharField(max_length=10, choices=RIGHT.choices(), default=RIGHT.initial)
    batch = models.ForeignKey(
        CodeBatch, null=True, on_delete=models.PROTECT, related_name="rights", db_index=False
    )
    code = models.CharField(max_length=40, blank=True, default="")
    recipient = models.CharField(max_length=254, blank=True, default="")
    checkout_id = models.BigIntegerField(null=True)
    ticket_id = models.BigIntegerField(null=True)
    warned = models.BooleanField(default=False, db_default=False)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "sales_right"
        constraints = [
            models.UniqueConstraint(fields=["code"], condition=~Q(code=""), name="sale_code_once")
        ]
        indexes = [
            models.Index(fields=["sale", "state"], name="sale_right_state"),
            models.Index(
                fields=["expires_at"],
                name="sale_right_due",
                condition=Q(state__in=["issued", "bound"]),
            ),
            models.Index(
                fields=["checkout_id"],
                name="sale_right_checkout",
                condition=Q(checkout_id__isnull=False),
            ),
            models.Index(
                fields=["batch"], name="sale_right_batch", condition=Q(batch__isnull=False)
            ),
        ]


class RightKey(models.Model):
    """One of the keys (account, contact) under which a person holds a right in a sale."""

    id = IdField(primary_key=True)
    right = models.ForeignKey(Right, on_delete=models.CASCADE, related_name="keys")
    sale_id = models.BigIntegerField()
    key = models.CharField(max_length=300)

    class Meta:
        db_table = "sales_rightkey"
        indexes = [models.Index(fields=["sale_id", "key"], name="sale_key")]


class Entry(models.Model):
    """Somebody in the waiting room of a sale. ``place`` is drawn for those who came early enough.

    Those without a place follow in the order of their coming. ``expires_at``: an admitted person's
    time to claim.
    """

    id = IdField(primary_key=True)
    sale = models.ForeignKey(Sale, on_delete=models.CASCADE, related_name="entries")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    state = models.CharField(max_length=8, choices=ENTRY.choices(), default=ENTRY.initial)
    place = models.IntegerField(null=True)
    entered_at = models.DateTimeField()
    admitted_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "sales_entry"
        constraints = [
            models.UniqueConstraint(
                fields=["sale", "account"],
                condition=Q(state__in=["waiting", "admitted"]),
                name="sale_entry_once",
            )
        ]
        indexes = [
            models.Index(
                F("sale"),
                F("place").asc(nulls_last=True),
                F("id"),
                name="sale_entry_waiting",
                condition=Q(state="waiting"),
            )
        ]
