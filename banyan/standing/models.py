"""Permits, reviews, reports, appeals, takedowns. A shop's standing itself is counted, not kept."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from banyan.catalog.models import Category, Product, Shop
from banyan.kernel.ids import IdField
from banyan.media.models import Image
from banyan.orders.models import OrderLine
from banyan.people.models import Account

from .rules import LIMITS, REASONS
from .states import APPEAL, PERMIT, REPORT, TAKEDOWN


class GuardedCategory(models.Model):
    """A category whose goods only shops with a permit may sell, and why, in words."""

    category = models.OneToOneField(
        Category, primary_key=True, on_delete=models.CASCADE, related_name="guard"
    )
    why = models.CharField(max_length=200)

    class Meta:
        db_table = "standing_guardedcategory"


class Permit(models.Model):
    """What a shop shows of itself: a business licence, or the permit for one category.

    ``category`` empty: the licence of the business itself. One is granted and one more
    asked for at a time, so that it can be renewed before its day comes. ``warned_of``: the last
    day that its shop was warned of. ``image``: where the release before kept the picture, until
    ``seal_pictures`` has moved it to :class:`PermitPicture`.
    """

    id = IdField(primary_key=True)
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="permits")
    category = models.ForeignKey(Category, null=True, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=60)
    holder = models.CharField(max_length=120)
    image = models.ForeignKey(Image, null=True, on_delete=models.PROTECT, related_name="+")
    valid_until = models.DateField(null=True)
    warned_of = models.DateField(null=True)
    state = models.CharField(max_length=10, choices=PERMIT.choices(), default=PERMIT.initial)
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "standing_permit"
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "category", "state"],
                condition=Q(state__in=["asked", "granted"]),
                nulls_distinct=False,
                name="permit_once_each",
            )
        ]


class PermitPicture(models.Model):
    """The picture of a permit, a JPEG: here and not among the media, whose addresses are public."""

    permit = models.OneToOneField(
        Permit, primary_key=True, on_delete=models.PROTECT, related_name="picture"
    )
    jpeg = models.BinaryField()

    class Meta:
        db_table = "standing_permitpicture"


class Review(models.Model):
    """What a buyer says of what they received; once per order line, so every one is verified.

    ``hidden_at``: moderation took it off the pages, and its stars out of the figures.
    """

    id = IdField(primary_key=True)
    line = models.OneToOneField(OrderLine, on_delete=models.PROTECT, related_name="review")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="reviews")
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="reviews")
    author = models.ForeignKey(Account, null=True, on_delete=models.SET_NULL, related_name="+")
    stars = models.SmallIntegerField()
    body = models.CharField(max_length=2000, blank=True, default="")
    created_at = models.DateTimeField()
    hidden_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "standing_review"
        constraints = [
            models.CheckConstraint(condition=Q(stars__gte=1, stars__lte=5), name="review_stars")
        ]
        indexes = [
            models.Index(fields=["product", "-id"], name="review_product"),
            models.Index(fields=["shop", "-id"], name="review_shop"),
        ]


class Report(models.Model):
    """Somebody says that a product is not good; an upheld one counts against its shop."""

    id = IdField(primary_key=True)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="reports")
    reporter = models.ForeignKey(Account, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=20)
    body = models.CharField(max_length=1000)
    state = models.CharField(max_length=10, choices=REPORT.choices(), default=REPORT.initial)
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "standing_report"
        constraints = [
            models.CheckConstraint(condition=Q(reason__in=list(REASONS)), name="report_reason"),
            models.UniqueConstraint(
                fields=["product", "reporter"], condition=Q(state="open"), name="report_once"
            ),
        ]


class Appeal(models.Model):
    """A shop says why some facts should not count; ``facts`` is [[kind, id]], as appealed."""

    id = IdField(primary_key=True)
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="appeals")
    body = models.CharField(max_length=2000)
    facts = models.JSONField()
    state = models.CharField(max_length=10, choices=APPEAL.choices(), default=APPEAL.initial)
    decision = models.CharField(max_length=500, blank=True, default="")
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "standing_appeal"
        constraints = [
            models.UniqueConstraint(
                fields=["shop"], condition=Q(state="open"), name="appeal_one_open"
            )
        ]


class Excused(models.Model):
    """A fact that does not count any more, because of an upheld appeal."""

    id = IdField(primary_key=True)
    appeal = models.ForeignKey(Appeal, on_delete=models.PROTECT, related_name="excused")
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10)
    subject_id = models.BigIntegerField()

    class Meta:
        db_table = "standing_excused"
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject_id"], name="excused_once"),
            models.CheckConstraint(condition=Q(kind__in=list(LIMITS)), name="excused_kind"),
        ]


class Takedown(models.Model):
    """One act that takes a product off every page; ``result`` counts what it settled."""

    id = IdField(primary_key=True)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="takedowns")
    reason = models.CharField(max_length=20)
    words = models.CharField(max_length=500)
    state = models.CharField(max_length=10, choices=TAKEDOWN.choices(), default=TAKEDOWN.initial)
    result = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "standing_takedown"
        constraints = [
            models.CheckConstraint(condition=Q(reason__in=list(REASONS)), name="takedown_reason"),
            models.UniqueConstraint(
                fields=["product"],
                condition=Q(state__in=["settling", "settled"]),
                name="takedown_once",
            ),
        ]
