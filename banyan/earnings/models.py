"""Commission plans, commissions, payout batches."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from banyan.catalog.models import Product, Shop
from banyan.kernel.ids import IdField
from banyan.ledger.rules import portion
from banyan.orders.models import Order, OrderLine
from banyan.people.models import Account
from banyan.sharing.models import Link

from .states import COMMISSION, PAYOUT_BATCH


class Plan(models.Model):
    """The commission of a shop (``product`` None) or of one of its products."""

    id = IdField(primary_key=True)
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE)
    product = models.ForeignKey(Product, null=True, on_delete=models.CASCADE)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "earnings_plan"
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "product"], name="plan_once", nulls_distinct=False
            )
        ]


class PlanVersion(models.Model):
    """Terms of a plan from ``created_at`` on; never changed, only followed by the next version.

    ``rate_bps`` is the whole commission in basis points of the line's paid goods (after
    discounts, without shipping). ``levels`` is 1 or 2: the direct sharer, and who brought them;
    ``direct_bps`` is the direct sharer's part of the commission, at least 7000. Three levels
    cannot be stored.
    """

    id = IdField(primary_key=True)
    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="versions")
    number = models.IntegerField()
    rate_bps = models.IntegerField()
    levels = models.SmallIntegerField(default=1)
    direct_bps = models.IntegerField(default=10000)
    hold_days = models.SmallIntegerField(default=7)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "earnings_planversion"
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="plan_version_once"),
            models.CheckConstraint(
                condition=Q(levels__gte=1) & Q(levels__lte=2), name="plan_two_levels_at_most"
            ),
            models.CheckConstraint(
                condition=Q(direct_bps__gte=7000) & Q(direct_bps__lte=10000), name="plan_direct"
            ),
            models.CheckConstraint(
                condition=Q(rate_bps__gte=0) & Q(rate_bps__lte=5000), name="plan_rate"
            ),
        ]


class Commission(models.Model):
    """What one payee earns from one order line; frozen at placement.

    ``level`` 1 is the direct sharer. ``base_amount`` is the line's paid goods, ``refunded_base``
    how much of it was refunded so far, ``reversed_amount`` what that took back of ``amount``.
    ``payout_item`` carries it to the payee. ``explanation`` holds the path, the rule, the
    arithmetic and the refunds for the "why" page.

    ``kind`` commission is earned by sharing, by a plan version. margin is what a storefront earns
    from a pooled offer: no plan, and ``fee_amount`` of it stays with the platform.
    """

    id = IdField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="commissions")
    line = models.ForeignKey(
        OrderLine, on_delete=models.PROTECT, related_name="commissions", db_index=False
    )
    payee = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="commissions", db_index=False
    )
    kind = models.CharField(max_length=10, default="commission", db_default="commission")
    link = models.ForeignKey(Link, on_delete=models.PROTECT)
    plan_version = models.ForeignKey(PlanVersion, null=True, on_delete=models.PROTECT)
    level = models.SmallIntegerField()
    base_amount = models.BigIntegerField()
    amount = models.BigIntegerField()
    fee_amount = models.BigIntegerField(default=0, db_default=0)
    refunded_base = models.BigIntegerField(default=0)
    reversed_amount = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    state = models.CharField(
        max_length=12, choices=COMMISSION.choices(), default=COMMISSION.initial
    )
    reason = models.CharField(max_length=60, blank=True, default="")
    hold_until = models.DateTimeField(null=True)
    explanation = models.JSONField(default=dict)
    payout_item = models.ForeignKey(
        "PayoutItem", null=True, on_delete=models.PROTECT, related_name="commissions"
    )
    created_at = models.DateTimeField()

    class Meta:
        db_table = "earnings_commission"
        constraints = [
            models.UniqueConstraint(fields=["line", "payee", "level"], name="commission_once"),
            models.CheckConstraint(
                condition=Q(level__gte=1) & Q(level__lte=2), name="commission_two_levels_at_most"
            ),
            models.CheckConstraint(
                condition=Q(reversed_amount__gte=0) & Q(reversed_amount__lte=F("amount")),
                name="commission_reversal_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(refunded_base__gte=0) & Q(refunded_base__lte=F("base_amount")),
                name="commission_refund_within_base",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="commission_amount"),
            models.CheckConstraint(
                condition=Q(kind="commission", plan_version__isnull=False, fee_amount=0)
                | Q(kind="margin", plan_version=None, level=1, fee_amount__gte=0),
                name="commission_kind",
            ),
        ]
        indexes = [
            models.Index(fields=["payee", "-id"], name="commission_payee"),
            models.Index(fields=["hold_until"], name="commission_due", condition=Q(state="held")),
            models.Index(
                fields=["payee", "currency"],
                name="commission_payable",
                condition=Q(state="payable", payout_item=None),
            ),
        ]

    @property
    def fee_left(self) -> int:
        """What of the platform's fee refunds have not taken back; minor units."""
        if not self.fee_amount:
            return 0
        return self.fee_amount - portion(self.fee_amount, self.refunded_base, self.base_amount)


class PayoutBatch(models.Model):
    """A run of payouts of what is payable."""

    id = IdField(primary_key=True)
    state = models.CharField(
        max_length=10, choices=PAYOUT_BATCH.choices(), default=PAYOUT_BATCH.initial
    )
    created_by_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "earnings_payoutbatch"


class Destination(models.Model):
    """Where a member's earnings go when they are paid by hand; one per member.

    ``sealed`` is JSON {"name", "account"}, encrypted by the ring ``payouts``.
    """

    id = IdField(primary_key=True)
    account = models.OneToOneField(Account, on_delete=models.CASCADE)
    sealed = models.BinaryField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "earnings_destination"


class PayoutItem(models.Model):
    """One payee's amount in a batch, and the payment that carried it.

    ``state``: draft, submitted, paid, failed (the money is payable again) or skipped, with
    ``reason`` nothing_left (a refund took it before the batch was submitted), account_closed (or
    suspended since the draft) or no_destination (by hand, and the payee has not said where); of
    these two it stays payable.
    """

    id = IdField(primary_key=True)
    batch = models.ForeignKey(PayoutBatch, on_delete=models.PROTECT, related_name="items")
    payee = models.ForeignKey(Account, on_delete=models.PROTECT)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    payout_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10, default="draft")
    reason = models.CharField(max_length=20, blank=True, default="", db_default="")

    class Meta:
        db_table = "earnings_payoutitem"
        constraints = [
            models.UniqueConstraint(fields=["batch", "payee", "currency"], name="payout_item_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payout_item_amount"),
            models.UniqueConstraint(fields=["payout_id"], name="payout_item_payout_once"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "submitted", "paid", "failed", "skipped"]),
                name="payout_item_state",
            ),
        ]
