"""Grouped notifications: one row per recipient and group key."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from banyan.kernel.ids import IdField
from banyan.people.models import Account


class Notification(models.Model):
    """``n`` things of a ``kind`` happened; ``actors`` are the last three account ids, as text."""

    id = IdField(primary_key=True)
    recipient = models.ForeignKey(Account, on_delete=models.CASCADE, db_index=False)
    group_key = models.CharField(max_length=100)
    kind = models.CharField(max_length=40)
    url = models.CharField(max_length=200, blank=True, default="")
    data = models.JSONField(default=dict)
    actors = models.JSONField(default=list)
    n = models.IntegerField(default=1)
    updated_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notify_notification"
        constraints = [
            models.UniqueConstraint(fields=["recipient", "group_key"], name="notification_group")
        ]
        indexes = [
            models.Index(
                fields=["recipient", "-updated_at"],
                name="notification_unread",
                condition=Q(read_at=None),
            ),
            models.Index(fields=["recipient", "-updated_at"], name="notification_recent"),
        ]


class Message(models.Model):
    """A message handed to a sender (e-mail or SMS), kept so that support can see what was sent.

    ``state``: queued, sent, failed. ``secret`` is a code within the text, struck out of the row
    as soon as the message has left or failed for good.
    """

    id = IdField(primary_key=True)
    channel = models.CharField(max_length=10)
    destination = models.CharField(max_length=200)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=200, blank=True, default="")
    body = models.TextField(blank=True, default="")
    secret = models.CharField(max_length=20, blank=True, default="")
    cause_id = models.BigIntegerField(null=True)
    key = models.CharField(max_length=120, unique=True)
    state = models.CharField(max_length=10, default="queued")
    error = models.CharField(max_length=300, blank=True, default="")
    attempts = models.SmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notify_message"
        indexes = [
            models.Index(fields=["cause_id"], name="message_cause"),
            models.Index(
                fields=["next_attempt_at"], name="message_due", condition=Q(state="queued")
            ),
        ]
