"""A shop's points: its terms, who has how many, where they came from and went."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from banyan.catalog.models import Shop
from banyan.kernel.ids import IdField
from banyan.people.models import Account

from ..states import POINTS_LOT, POINTS_USE


class PointsTerms(models.Model):
    """What a shop gives for points; a shop without a row has none.

    ``earn`` points for each whole unit of ``currency`` that is paid for goods; one is worth
    ``worth`` minor units, which stands still once anybody has points. ``most_percent`` of an
    order's goods may be paid with them; they live ``life_days``. Off: none are earned any more,
    those that people have stay good. ``version`` grows with every change.
    """

    shop = models.OneToOneField(
        Shop, primary_key=True, on_delete=models.PROTECT, related_name="points_terms"
    )
    is_on = models.BooleanField(default=False)
    currency = models.CharField(max_length=3)
    earn = models.IntegerField(default=1)
    worth = models.IntegerField(default=1)
    most_percent = models.IntegerField(default=50)
    life_days = models.IntegerField(default=365)
    version = models.IntegerField(default=1)

    class Meta:
        db_table = "entitlements_pointsterms"
        constraints = [
            models.CheckConstraint(
                condition=Q(earn__range=(1, 1000)) & Q(worth__range=(1, 1000)),
                name="points_terms_rates",
            ),
            models.CheckConstraint(
                condition=Q(most_percent__range=(1, 90)) & Q(life_days__range=(1, 3650)),
                name="points_terms_limits",
            ),
        ]


class PointsPurse(models.Model):
    """A member's points in one shop: what is ``available``, and what is ``owed`` below zero.

    Points owed are taken from what comes next, so there are never both. ``available`` is the sum
    of what is left of the available lots, those that have run out and are not swept included.
    """

    id = IdField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    terms = models.ForeignKey(PointsTerms, on_delete=models.PROTECT, related_name="purses")
    available = models.IntegerField(default=0)
    owed = models.IntegerField(default=0)

    class Meta:
        db_table = "entitlements_pointspurse"
        constraints = [
            models.UniqueConstraint(fields=["account", "terms"], name="points_purse_once"),
            models.CheckConstraint(condition=Q(available__gte=0), name="points_not_overspent"),
            models.CheckConstraint(
                condition=Q(owed__gte=0) & (Q(owed=0) | Q(available=0)), name="points_owed"
            ),
        ]

    @property
    def balance(self) -> int:
        """What there is to spend; below zero where more was taken back than was left."""
        return self.available - self.owed


class PointsLot(models.Model):
    """Points that one order (of a higher floor) earned: ``points`` in all, ``left`` to spend.

    ``reversed`` were taken back because the order was; ``expired`` ran out unspent. Frozen until
    ``available_at``, which is known once the order was received; good for ``life_days`` from then
    on, until ``expires_at``.
    """

    id = IdField(primary_key=True)
    purse = models.ForeignKey(PointsPurse, on_delete=models.PROTECT, related_name="lots")
    order_id = models.BigIntegerField(unique=True)
    order_number = models.CharField(max_length=20)
    points = models.IntegerField()
    left = models.IntegerField()
    reversed = models.IntegerField(default=0)
    expired = models.IntegerField(default=0)
    state = models.CharField(
        max_length=10, choices=POINTS_LOT.choices(), default=POINTS_LOT.initial
    )
    life_days = models.IntegerField()
    available_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "entitlements_pointslot"
        constraints = [
            models.CheckConstraint(
                condition=Q(left__gte=0)
                & Q(reversed__gte=0)
                & Q(expired__gte=0)
                & Q(left__lte=F("points"))
                & Q(reversed__lte=F("points")),
                name="points_lot_parts",
            ),
        ]
        indexes = [
            models.Index(
                fields=["available_at"], name="points_lot_ripe", condition=Q(state="granted")
            ),
            models.Index(
                fields=["expires_at"], name="points_lot_due", condition=Q(state="available")
            ),
        ]


class PointsUse(models.Model):
    """Points that an order (of a higher floor) is paid with; ``amount`` is what they take off.

    ``returned`` of them were given back with refunds.
    """

    id = IdField(primary_key=True)
    purse = models.ForeignKey(PointsPurse, on_delete=models.PROTECT, related_name="uses")
    checkout_id = models.BigIntegerField(db_index=True)
    order_id = models.BigIntegerField(unique=True)
    order_number = models.CharField(max_length=20)
    points = models.IntegerField()
    amount = models.BigIntegerField()
    returned = models.IntegerField(default=0)
    state = models.CharField(
        max_length=10, choices=POINTS_USE.choices(), default=POINTS_USE.initial
    )
    created_at = models.DateTimeField()

    class Meta:
        db_table = "entitlements_pointsuse"
        constraints = [
            models.CheckConstraint(
                condition=Q(points__gt=0) & Q(returned__gte=0) & Q(returned__lte=F("points")),
                name="points_use_parts",
            ),
        ]


class PointsPiece(models.Model):
    """The part of a use that came out of one lot; ``returned`` of it went back there."""

    id = IdField(primary_key=True)
    use = models.ForeignKey(PointsUse, on_delete=models.CASCADE, related_name="pieces")
    lot = models.ForeignKey(PointsLot, on_delete=models.PROTECT, related_name="+")
    points = models.IntegerField()
    returned = models.IntegerField(default=0)

    class Meta:
        db_table = "entitlements_pointspiece"
        constraints = [
            models.CheckConstraint(
                condition=Q(points__gt=0) & Q(returned__gte=0) & Q(returned__lte=F("points")),
                name="points_piece_parts",
            ),
        ]
