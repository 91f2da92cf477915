"""Legal texts, who agreed to which; exports and erasures."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from banyan.kernel.ids import IdField
from banyan.people.models import Account

from .rules import KINDS
from .states import ERASURE, EXPORT


class LegalText(models.Model):
    """One version of a legal text; its ``versions`` in other languages have the same number.

    ``asks``: who agreed to an older one is asked again. It never changes once it is published.
    """

    id = IdField(primary_key=True)
    kind = models.CharField(max_length=10)
    version = models.IntegerField()
    language = models.CharField(max_length=8)
    body = models.TextField()
    changes = models.CharField(max_length=1000, blank=True, default="")
    asks = models.BooleanField(default=True)
    effective_at = models.DateTimeField()
    published_at = models.DateTimeField()

    class Meta:
        db_table = "legal_legaltext"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "version", "language"], name="legal_text_version_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=list(KINDS)), name="legal_text_kind"),
            models.CheckConstraint(condition=Q(version__gte=1), name="legal_text_version"),
        ]


class Acceptance(models.Model):
    """Somebody agreed to a version of a text: an account, or a guest with a purchase.

    Nothing but who, what and when: no address, no device. Version 0 is the sample text.
    """

    id = IdField(primary_key=True)
    kind = models.CharField(max_length=10)
    version = models.IntegerField()
    account = models.ForeignKey(
        Account, null=True, on_delete=models.PROTECT, related_name="acceptances"
    )
    checkout_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "legal_acceptance"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "version"],
                condition=Q(account__isnull=False),
                name="legal_acceptance_once",
            ),
            models.UniqueConstraint(
                fields=["checkout_id", "kind", "version"],
                condition=Q(checkout_id__isnull=False),
                name="legal_acceptance_of_guest_once",
            ),
            models.CheckConstraint(
                condition=Q(account__isnull=False) | Q(checkout_id__isnull=False),
                name="legal_acceptance_of_somebody",
            ),
        ]


class Export(models.Model):
    """What is known of somebody, as a file that can be fetched once within a week.

    Of an account, or of a guest's purchase. ``file`` is in the private storage.
    """

    id = IdField(primary_key=True)
    account = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="+")
    checkout_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10, choices=EXPORT.choices(), default=EXPORT.initial)
    file = models.CharField(max_length=120, blank=True, default="")
    bytes = models.BigIntegerField(default=0)
    asked_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "legal_export"
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(state__in=["asked", "ready"], account__isnull=False),
                name="legal_export_one",
            ),
            models.UniqueConstraint(
                fields=["checkout_id"],
                condition=Q(state__in=["asked", "ready"], checkout_id__isnull=False),
                name="legal_export_one_of_guest",
            ),
        ]
        indexes = [models.Index(fields=["state", "asked_at"], name="legal_export_due")]


class Erasure(models.Model):
    """A member leaves: closed at once, erased at ``due_at`` unless they say to stay.

    A guest's purchase (``checkout_id``) is erased at once; the row says that it was.
    """

    id = IdField(primary_key=True)
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    checkout_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10, choices=ERASURE.choices(), default=ERASURE.initial)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "legal_erasure"
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(state="waiting"), name="legal_erasure_one"
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], name="legal_erasure_due", condition=Q(state="waiting"))
        ]
