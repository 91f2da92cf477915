"""Refunds of orders, and what is written about an order."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from banyan.kernel.ids import IdField
from banyan.people.models import Account

from ..states import REFUND
from .purchase import Order


class OrderRefund(models.Model):
    """A refund of an order, alike for buyer, merchant and support; ``lines`` sum to ``amount``.

    ``answer_by``: until then the shop answers a request; ``escalated_at``: nobody did, the platform
    decides.

    ``lines``: [{"line": id, "amount": minor units, "tax": of it, and "shipping": of it with the tax
    on top, where there is any, both known once it is granted, "quantity": units that it stands for,
    where it does}].
    """

    id = IdField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    lines = models.JSONField(default=list)
    reason = models.CharField(max_length=200)
    restock = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=REFUND.choices(), default=REFUND.initial)
    payment_refund_id = models.BigIntegerField(null=True)
    destination = models.CharField(max_length=120, blank=True, default="")
    key = models.CharField(max_length=80, unique=True)
    requested_by = models.CharField(max_length=20)
    created_at = models.DateTimeField()
    due_by = models.DateTimeField()
    answer_by = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "orders_refund"
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="order_refund_amount")
        ]
        indexes = [
            models.Index(
                fields=["answer_by"], name="order_refund_asked", condition=Q(state="requested")
            )
        ]


class OrderChargeback(models.Model):
    """What an order bears of a chargeback of its payment, once per order and chargeback.

    ``amount`` is out of ``account_id`` of the ledger now: while it is open, and once it is lost,
    when ``refund`` counts it by line as paid back. Nothing is left once it is won.
    """

    id = IdField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="chargebacks")
    chargeback_id = models.BigIntegerField()
    amount = models.BigIntegerField()
    account_id = models.BigIntegerField()
    refund = models.OneToOneField(OrderRefund, null=True, on_delete=models.PROTECT)

    class Meta:
        db_table = "orders_chargeback"
        constraints = [
            models.UniqueConstraint(
                fields=["chargeback_id", "order"], name="order_chargeback_once"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="order_chargeback_amount"),
        ]


class OrderNote(models.Model):
    """A message between buyer, shop and support about an order."""

    id = IdField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="notes")
    author_kind = models.CharField(max_length=10)
    author = models.ForeignKey(Account, null=True, on_delete=models.SET_NULL)
    body = models.CharField(max_length=1000)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "orders_note"
