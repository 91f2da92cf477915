"""Coupons and their uses."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from banyan.catalog.models import Shop
from banyan.kernel.ids import IdField

from .states import REDEMPTION


class Coupon(models.Model):
    """A discount of one shop, by code. ``taken`` counts reserved and redeemed uses of ``cap``.

    Either ``amount_off`` (minor units of ``currency``) or ``percent_bps`` is set.
    """

    id = IdField(primary_key=True)
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="coupons")
    code = models.CharField(max_length=40)
    title = models.CharField(max_length=80)
    amount_off = models.BigIntegerField(null=True)
    percent_bps = models.IntegerField(null=True)
    currency = models.CharField(max_length=3)
    min_spend = models.BigIntegerField(default=0)
    cap = models.IntegerField(default=1)
    taken = models.IntegerField(default=0)
    per_person = models.IntegerField(default=1)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "entitlements_coupon"
        constraints = [
            models.UniqueConstraint(Upper("code"), name="coupon_code_once"),
            models.CheckConstraint(
                condition=Q(taken__gte=0) & Q(taken__lte=F("cap")), name="coupon_cap"
            ),
            models.CheckConstraint(
                condition=Q(amount_off__gt=0, percent_bps=None)
                | Q(amount_off=None, percent_bps__gt=0, percent_bps__lte=10000),
                name="coupon_one_benefit",
            ),
        ]


class Redemption(models.Model):
    """One use of a coupon by one checkout (of a higher floor)."""

    id = IdField(primary_key=True)
    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, related_name="redemptions")
    checkout_id = models.BigIntegerField(unique=True)
    person_key = models.CharField(max_length=120)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(
        max_length=10, choices=REDEMPTION.choices(), default=REDEMPTION.initial
    )
    created_at = models.DateTimeField()

    class Meta:
        db_table = "entitlements_redemption"
        indexes = [models.Index(fields=["coupon", "person_key"], name="redemption_person")]
