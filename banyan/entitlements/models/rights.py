"""Rights of members to a price: what a campaign promised, as data that a purchase can read."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from banyan.catalog.models import Variant
from banyan.kernel.ids import IdField
from banyan.people.models import Account

from ..states import PRICE_RIGHT

FUNDERS = ("shop", "platform")


class PriceRight(models.Model):
    """A member's right to up to ``quantity`` units of a variant for ``amount`` each, in one order.

    ``title`` is what the price's explanation calls it. ``funded_by`` bears the difference to what
    the units would cost without it: the shop, or the platform, which then pays it to the shop.
    ``campaign_id``, ``instance_id`` and ``participation_id`` are of a higher floor, as is
    ``checkout_id``, the purchase that has it: reserved, redeemed or given back. It can be ordered
    with until ``expires_at``; an order that was placed by then may still be paid. ``keeps``: while
    it is held, its one unit is held in stock for it.
    """

    id = IdField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+", db_index=False)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    quantity = models.IntegerField(default=1)
    title = models.CharField(max_length=80)
    funded_by = models.CharField(max_length=8, default="shop")
    keeps = models.BooleanField(default=False, db_default=False)
    campaign_id = models.BigIntegerField(null=True)
    instance_id = models.BigIntegerField(null=True)
    participation_id = models.BigIntegerField(null=True)
    state = models.CharField(
        max_length=10, choices=PRICE_RIGHT.choices(), default=PRICE_RIGHT.initial
    )
    checkout_id = models.BigIntegerField(null=True)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "entitlements_priceright"
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=0) & Q(quantity__gte=1), name="price_right_terms"
            ),
            models.CheckConstraint(
                condition=Q(funded_by__in=FUNDERS), name="price_right_funded_by"
            ),
            # An order by it takes them all, so that none stays held for nobody.
            models.CheckConstraint(
                condition=Q(keeps=False) | Q(quantity=1), name="price_right_keeps_one"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["reserved", "redeemed", "returned"], checkout_id__isnull=False
                )
                | Q(state__in=["held", "expired", "revoked"], checkout_id__isnull=True),
                name="price_right_has_one_order",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "variant"], name="price_right_of_account"),
            models.Index(
                fields=["checkout_id"],
                name="price_right_checkout",
                condition=Q(checkout_id__isnull=False),
            ),
            models.Index(fields=["expires_at"], name="price_right_due", condition=Q(state="held")),
        ]
