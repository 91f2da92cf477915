"""Payment intents for any subject, provider messages, refunds, payouts."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from banyan.kernel.ids import IdField

from .states import INTENT, PAYOUT, REFUND


class Intent(models.Model):
    """One amount to be paid once, for ``subject_kind`` + ``subject_id`` of a higher floor.

    ``provider_ref`` is the provider's id of the payment; ``token`` the unguessable part of our
    return address. The intent expires at ``expires_at``: money that comes later is sent back.
    """

    id = IdField(primary_key=True)
    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    provider = models.CharField(max_length=20)
    payer_id = models.BigIntegerField(null=True)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=18, choices=INTENT.choices(), default=INTENT.initial)
    provider_ref = models.CharField(max_length=80, blank=True, default="")
    pay_url = models.CharField(max_length=500, blank=True, default="")
    token = models.CharField(max_length=40, unique=True)
    description = models.CharField(max_length=200, blank=True, default="")
    failure = models.CharField(max_length=200, blank=True, default="")
    captured_amount = models.BigIntegerField(default=0)
    refunded_amount = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    captured_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "payments_intent"
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="intent_amount"),
            models.CheckConstraint(
                condition=Q(refunded_amount__gte=0)
                & Q(refunded_amount__lte=models.F("captured_amount")),
                name="intent_refund_within_capture",
            ),
            models.UniqueConstraint(
                fields=["provider", "provider_ref"],
                condition=~Q(provider_ref=""),
                name="intent_provider_ref_once",
            ),
        ]
        indexes = [
            models.Index(fields=["subject_kind", "subject_id"], name="intent_subject"),
            models.Index(
                fields=["expires_at"],
                name="intent_open",
                condition=Q(state__in=["created", "pending", "failed"]),
            ),
        ]


class ProviderMessage(models.Model):
    """A verified message of a provider (webhook or queried state), once per provider's own id."""

    id = IdField(primary_key=True)
    provider = models.CharField(max_length=20)
    message_id = models.CharField(max_length=80)
    kind = models.CharField(max_length=40)
    payload = models.JSONField()
    intent = models.ForeignKey(Intent, null=True, on_delete=models.PROTECT)
    outcome = models.CharField(max_length=40, blank=True, default="")
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "payments_providermessage"
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "message_id"], name="provider_message_once"
            )
        ]
        indexes = [models.Index(fields=["intent", "id"], name="provider_message_intent")]


class Refund(models.Model):
    """Money going back for one intent. ``due_by`` is the latest date the payer is promised."""

    id = IdField(primary_key=True)
    intent = models.ForeignKey(Intent, on_delete=models.PROTECT, related_name="refunds")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=12, choices=REFUND.choices(), default=REFUND.initial)
    reason = models.CharField(max_length=200)
    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    destination = models.CharField(max_length=120, blank=True, default="")
    provider_ref = models.CharField(max_length=80, blank=True, default="")
    failure = models.CharField(max_length=200, blank=True, default="")
    attempts = models.IntegerField(default=0)
    key = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField()
    due_by = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "payments_refund"
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount")]
        indexes = [
            models.Index(fields=["subject_kind", "subject_id"], name="refund_subject"),
            models.Index(
                fields=["created_at"],
                name="refund_open",
                condition=Q(state__in=["requested", "submitted"]),
            ),
        ]


class Payout(models.Model):
    """Money going out to somebody we owe, through a provider; once per ``key``."""

    id = IdField(primary_key=True)
    provider = models.CharField(max_length=20)
    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    destination = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=PAYOUT.choices(), default=PAYOUT.initial)
    provider_ref = models.CharField(max_length=80, blank=True, default="")
    failure = models.CharField(max_length=200, blank=True, default="")
    key = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "payments_payout"
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="payout_amount")]
