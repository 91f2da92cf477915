"""Listings of members, money in escrow, disputes and what is said in them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from banyan.catalog.models import Product
from banyan.kernel.ids import IdField
from banyan.media.models import Image
from banyan.orders.models import Order
from banyan.people.models import Account

from .rules import CONDITIONS, HANDOVERS, REASONS
from .states import DISPUTE, ESCROW


class Listing(models.Model):
    """What a member sells, once: a product of their own little shop, with a place.

    ``latitude`` and ``longitude`` are in hundredths of a degree (about a kilometre), or empty;
    ``level1`` and ``level2`` name the region in the seller's words.
    """

    id = IdField(primary_key=True)
    product = models.OneToOneField(Product, on_delete=models.PROTECT, related_name="listing")
    seller = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="listings")
    condition = models.CharField(max_length=10)
    handover = models.CharField(max_length=6)
    level1 = models.CharField(max_length=60)
    level2 = models.CharField(max_length=60, blank=True, default="")
    latitude = models.SmallIntegerField(null=True)
    longitude = models.SmallIntegerField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "market_listing"
        constraints = [
            models.CheckConstraint(
                condition=Q(condition__in=list(CONDITIONS)), name="listing_condition"
            ),
            models.CheckConstraint(
                condition=Q(handover__in=list(HANDOVERS)), name="listing_handover"
            ),
            models.CheckConstraint(
                condition=Q(latitude=None, longitude=None)
                | Q(
                    latitude__gte=-9000,
                    latitude__lte=9000,
                    longitude__gte=-18000,
                    longitude__lte=18000,
                ),
                name="listing_place",
            ),
        ]
        indexes = [
            models.Index(fields=["latitude", "longitude"], name="listing_near"),
            models.Index(fields=["level1", "-id"], name="listing_region"),
        ]


class Escrow(models.Model):
    """The money of one order between members; the ledger's account of it holds the same.

    Released to the seller at ``release_at``, which is set when the buyer has the goods.
    """

    id = IdField(primary_key=True)
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="escrow")
    state = models.CharField(max_length=10, choices=ESCROW.choices(), default=ESCROW.initial)
    release_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "market_escrow"
        indexes = [
            models.Index(fields=["release_at"], name="escrow_due", condition=Q(state="held"))
        ]


class Dispute(models.Model):
    """A buyer's claim on an order, decided by the platform; one open at a time per order.

    ``refund_amount`` (minor units of the order's currency) and ``decision`` come with the decision.
    """

    id = IdField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="disputes")
    reason = models.CharField(max_length=20)
    claim_amount = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=DISPUTE.choices(), default=DISPUTE.initial)
    refund_amount = models.BigIntegerField(null=True)
    decision = models.CharField(max_length=500, blank=True, default="")
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "market_dispute"
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(state="open"), name="dispute_one_open"
            ),
            models.CheckConstraint(condition=Q(reason__in=list(REASONS)), name="dispute_reason"),
            models.CheckConstraint(condition=Q(claim_amount__gt=0), name="dispute_claim"),
            models.CheckConstraint(
                condition=~Q(state="decided") | Q(refund_amount__gte=0), name="dispute_decided"
            ),
        ]


class DisputeEntry(models.Model):
    """Something said or shown in a dispute; never changed. ``side``: buyer, seller, platform."""

    id = IdField(primary_key=True)
    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="entries")
    side = models.CharField(max_length=8)
    author = models.ForeignKey(Account, null=True, on_delete=models.SET_NULL, related_name="+")
    body = models.CharField(max_length=2000, blank=True, default="")
    image = models.ForeignKey(Image, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        db_table = "market_disputeentry"
        constraints = [
            models.CheckConstraint(
                condition=Q(side__in=["buyer", "seller", "platform"]), name="dispute_entry_side"
            )
        ]
