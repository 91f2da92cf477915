"""Receipts, invoices, credit notes and 发票 requests."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from banyan.catalog.models import Shop
from banyan.kernel.ids import IdField

from ..states import FAPIAO
from .purchase import Order
from .refunds import OrderRefund


class LegalEntity(models.Model):
    """Who sells, in the terms of the law; another tax id is another entity with numbers of its own.

    A shop has one that is current; documents keep the words they were written with. Who sells in
    several shops under one tax id is one entity: the later rows count with the first one.
    """

    id = IdField(primary_key=True)
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="legal_entities")
    name = models.CharField(max_length=120)
    address = models.CharField(max_length=300)
    tax_id = models.CharField(max_length=40, blank=True, default="")
    is_current = models.BooleanField(default=True)
    # No constraint in the database: adding one would hold the table.
    counts_with = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    created_at = models.DateTimeField()

    class Meta:
        db_table = "orders_legalentity"
        constraints = [
            models.UniqueConstraint(
                fields=["shop"], condition=Q(is_current=True), name="legal_entity_current"
            ),
            models.UniqueConstraint(fields=["shop", "tax_id"], name="legal_entity_tax_id"),
        ]


class DocumentCounter(models.Model):
    """The last number given out, by entity, kind and year; taken in the document's transaction."""

    id = IdField(primary_key=True)
    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT)
    kind = models.CharField(max_length=12)
    year = models.IntegerField()
    last = models.IntegerField(default=0, db_default=0)

    class Meta:
        db_table = "orders_documentcounter"
        constraints = [
            models.UniqueConstraint(fields=["entity", "kind", "year"], name="document_counter_once")
        ]


class Document(models.Model):
    """A receipt, invoice or credit note, never changed: a trigger refuses it.

    ``content`` is all that stands on it, ``content_hash`` the SHA-256 of its canonical JSON.
    """

    id = IdField(primary_key=True)
    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="documents")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=12)
    year = models.IntegerField()
    sequence = models.IntegerField()
    number = models.CharField(max_length=40)
    refund = models.OneToOneField(
        OrderRefund, null=True, on_delete=models.PROTECT, related_name="credit_note"
    )
    corrects = models.ForeignKey("self", null=True, on_delete=models.PROTECT)
    language = models.CharField(max_length=8)
    content = models.JSONField()
    content_hash = models.CharField(max_length=64)
    issued_at = models.DateTimeField()

    class Meta:
        db_table = "orders_document"
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "kind", "year", "sequence"], name="document_number_once"
            ),
            models.UniqueConstraint(
                fields=["order", "kind"],
                condition=Q(kind__in=["receipt", "invoice"]),
                name="document_once_per_order",
            ),
            models.CheckConstraint(
                condition=Q(kind="credit_note", refund__isnull=False, corrects__isnull=False)
                | Q(kind__in=["receipt", "invoice"], refund__isnull=True, corrects__isnull=True),
                name="document_kind_known",
            ),
        ]


class DocumentFile(models.Model):
    """The bytes of a document as they were first drawn, and their SHA-256. Never changed."""

    document = models.OneToOneField(
        Document, primary_key=True, on_delete=models.PROTECT, related_name="file"
    )
    pdf = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        db_table = "orders_documentfile"


class Fapiao(models.Model):
    """What a buyer asks for as 发票: on whom, for how much; see ``states.FAPIAO``."""

    id = IdField(primary_key=True)
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="fapiao")
    title_kind = models.CharField(max_length=10)
    title = models.CharField(max_length=120)
    tax_id = models.CharField(max_length=20, blank=True, default="")
    email = models.EmailField()
    amount = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=FAPIAO.choices(), default=FAPIAO.initial)
    number = models.CharField(max_length=40, blank=True, default="")
    file = models.BinaryField(null=True)
    file_kind = models.CharField(max_length=4, blank=True, default="")
    answer = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "orders_fapiao"
        constraints = [
            models.CheckConstraint(
                condition=Q(title_kind="personal") | Q(title_kind="company") & ~Q(tax_id=""),
                name="fapiao_company_has_tax_id",
            )
        ]
