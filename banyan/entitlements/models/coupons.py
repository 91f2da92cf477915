"""Coupons, who holds one, and their uses."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from banyan.catalog.models import Shop
from banyan.kernel.ids import IdField
from banyan.kernel.problems import Invalid
from banyan.people.models import Account

from ..rules import CLASSES, Terms, terms_of
from ..states import GRANT, REDEMPTION

REACHES = ("code", "auto", "claim", "held")


class Coupon(models.Model):
    """A discount of one shop, or of the platform (no shop), which then bears it.

    ``conditions`` and ``benefits`` are lists of {"code", "args"}, see ``rules``; ``stacking`` is
    one of ``rules.CLASSES``. ``taken`` counts promised and made uses of ``cap``: grants that are
    held, reserved or redeemed, and uses without a grant. ``per_person`` bounds a person's uses of
    what they took themselves, not of what they were given. ``budget_used`` is what reserved and
    redeemed uses take off, of ``budget`` where there is one; minor units of ``currency``.
    ``reach``: code (who types it), auto (everybody, unasked), claim (members take one), held
    (only given ones). ``life_days``: how long a grant lives, None as long as the coupon.
    ``version`` grows with the terms; they stand still once anybody has it.
    """

    id = IdField(primary_key=True)
    shop = models.ForeignKey(Shop, null=True, on_delete=models.PROTECT, related_name="coupons")
    code = models.CharField(max_length=40)
    title = models.CharField(max_length=80)
    conditions = models.JSONField(default=list, db_default=[])
    benefits = models.JSONField(default=list, db_default=[])
    stacking = models.CharField(max_length=10, default="shop", db_default="shop")
    reach = models.CharField(max_length=6, default="code", db_default="code")
    currency = models.CharField(max_length=3)
    cap = models.IntegerField(default=1)
    taken = models.IntegerField(default=0)
    per_person = models.IntegerField(default=1)
    budget = models.BigIntegerField(null=True)
    budget_used = models.BigIntegerField(default=0, db_default=0)
    life_days = models.IntegerField(null=True)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    is_active = models.BooleanField(default=True)
    version = models.IntegerField(default=1, db_default=1)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "entitlements_coupon"
        constraints = [
            models.UniqueConstraint(Upper("code"), name="coupon_code_once"),
            models.CheckConstraint(
                condition=Q(taken__gte=0) & Q(taken__lte=F("cap")), name="coupon_cap"
            ),
            models.CheckConstraint(
                condition=Q(budget_used__gte=0)
                & (Q(budget=None) | Q(budget_used__lte=F("budget"))),
                name="coupon_budget",
            ),
            models.CheckConstraint(condition=Q(stacking__in=CLASSES), name="coupon_stacking"),
            models.CheckConstraint(condition=Q(reach__in=REACHES), name="coupon_reach"),
        ]

    @property
    def terms(self) -> Terms:
        """What it asks for and gives; nothing where a rule is not registered any more."""
        try:
            return terms_of(self.conditions, self.benefits)
        except Invalid:
            return Terms()


class Grant(models.Model):
    """A coupon in somebody's hands: a member's, or whoever has its ``code`` (80 bits or more).

    It holds one use of the coupon's cap from the beginning. ``checkout_id`` is the purchase (of a
    higher floor) that reserved or redeemed it; ``source`` says where it came from.
    """

    TAKEN: ClassVar = frozenset({"claim", "printed"})
    """Sources of what people take themselves; all else was given to its holder by name."""

    id = IdField(primary_key=True)
    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, related_name="grants")
    account = models.ForeignKey(
        Account, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    code = models.CharField(max_length=40, null=True)  # noqa: DJ001 (unique when set)
    source = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=GRANT.choices(), default=GRANT.initial)
    checkout_id = models.BigIntegerField(null=True)
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "entitlements_grant"
        constraints = [
            models.UniqueConstraint(Upper("code"), name="grant_code_once"),
            models.UniqueConstraint(
                fields=["coupon", "account"],
                condition=Q(source="claim"),
                name="grant_claimed_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["account", "-id"],
                name="grant_of_account",
                condition=Q(account__isnull=False),
            ),
            models.Index(
                fields=["checkout_id"],
                name="grant_of_checkout",
                condition=Q(checkout_id__isnull=False),
            ),
            models.Index(
                fields=["expires_at"],
                name="grant_due",
                condition=Q(state="held", expires_at__isnull=False),
            ),
        ]

    @property
    def is_given(self) -> bool:
        """Whether its holder was given it: that can be used, however many of them they have."""
        return self.source not in self.TAKEN


class Redemption(models.Model):
    """One use of a coupon by one checkout (of a higher floor); ``terms`` as they were then.

    ``amount`` is what it took off in all. ``code`` is what was typed for it, if anything.
    """

    id = IdField(primary_key=True)
    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, related_name="redemptions")
    checkout_id = models.BigIntegerField()
    person_key = models.CharField(max_length=120)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    terms = models.JSONField(default=dict, db_default={})
    code = models.CharField(max_length=40, blank=True, default="", db_default="")
    state = models.CharField(
        max_length=10, choices=REDEMPTION.choices(), default=REDEMPTION.initial
    )
    created_at = models.DateTimeField()

    class Meta:
        db_table = "entitlements_redemption"
        constraints = [
            models.UniqueConstraint(
                fields=["checkout_id", "coupon"], name="redemption_once_per_checkout"
            )
        ]
        indexes = [models.Index(fields=["coupon", "person_key"], name="redemption_person")]


class PersonUse(models.Model):
    """A use counts for a person under every key by which they are known; see ``Coupon.per_person``.

    Rows are there while the use is reserved or redeemed. ``number`` counts from 1; two uses at
    once cannot both be a person's first.
    """

    id = IdField(primary_key=True)
    redemption = models.ForeignKey(Redemption, on_delete=models.CASCADE, related_name="persons")
    coupon = models.ForeignKey(Coupon, on_delete=models.CASCADE, related_name="+", db_index=False)
    person_key = models.CharField(max_length=120)
    number = models.IntegerField()

    class Meta:
        db_table = "entitlements_personuse"
        constraints = [
            models.UniqueConstraint(
                fields=["coupon", "person_key", "number"], name="person_use_once"
            )
        ]
