"""Goods on their way back: what a buyer asks for, what the shop found when it came."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from banyan.catalog.models import Shop, Variant
from banyan.kernel.ids import IdField
from banyan.media.models import Image

from ..states import RETURN
from .purchase import Order, OrderLine
from .refunds import OrderRefund


class AfterSaleTerms(models.Model):
    """What a shop promises after the sale; a shop without a row promises the defaults.

    ``confirm_days``: receipt is taken as confirmed so long after the last parcel;
    ``return_days``: so long after receipt goods may be sent back.
    """

    shop = models.OneToOneField(Shop, primary_key=True, on_delete=models.CASCADE)
    confirm_days = models.IntegerField(default=10)
    return_days = models.IntegerField(default=7)
    return_address = models.CharField(max_length=400, blank=True, default="")
    instructions = models.CharField(max_length=600, blank=True, default="")

    class Meta:
        db_table = "orders_terms"
        constraints = [
            models.CheckConstraint(
                condition=Q(confirm_days__gte=3, confirm_days__lte=60), name="terms_confirm_days"
            ),
            models.CheckConstraint(
                condition=Q(return_days__gte=0, return_days__lte=365), name="terms_return_days"
            ),
        ]


class Return(models.Model):
    """What a buyer sends back, for money or for the same in another kind; see ``states.RETURN``.

    ``address``, ``instructions`` and ``label`` are what the shop wrote when it agreed. ``at_fault``
    says that the shop bears the shipping. ``due_by``: until then the shop answers it, and, once it
    agreed, it has to be sent. ``escalated_at``: nobody answered, the platform decides.
    """

    id = IdField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="returns")
    number = models.CharField(max_length=26, unique=True)
    wish = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=RETURN.choices(), default=RETURN.initial)
    reason = models.CharField(max_length=20)
    text = models.CharField(max_length=1000, blank=True, default="")
    at_fault = models.BooleanField(default=False)
    address = models.CharField(max_length=400, blank=True, default="")
    instructions = models.CharField(max_length=600, blank=True, default="")
    label = models.CharField(max_length=200, blank=True, default="")
    answer = models.CharField(max_length=400, blank=True, default="")
    carrier = models.CharField(max_length=40, blank=True, default="")
    tracking = models.CharField(max_length=60, blank=True, default="")
    refund = models.OneToOneField(OrderRefund, null=True, on_delete=models.PROTECT)
    key = models.CharField(max_length=80, unique=True)
    created_at = models.DateTimeField()
    due_by = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "orders_return"
        constraints = [
            models.CheckConstraint(
                condition=Q(wish__in=["refund", "exchange"]), name="return_wish_known"
            )
        ]
        indexes = [
            models.Index(fields=["due_by"], name="order_return_due", condition=Q(state="approved")),
            models.Index(fields=["due_by"], name="order_return_asked", condition=Q(state="asked")),
        ]


class ReturnLine(models.Model):
    """So many units of a line; ``accepted_quantity`` is what the shop found in order.

    ``restocked_quantity`` of these lie on the shelf again. ``variant`` is what is wished for in
    exchange, ``replacement`` the line of the order by which it is sent.
    """

    id = IdField(primary_key=True)
    of = models.ForeignKey(Return, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="returns")
    quantity = models.IntegerField()
    accepted_quantity = models.IntegerField(default=0)
    restocked_quantity = models.IntegerField(default=0)
    condition = models.CharField(max_length=20, blank=True, default="")
    variant = models.ForeignKey(Variant, null=True, on_delete=models.PROTECT)
    replacement = models.OneToOneField(
        OrderLine, null=True, on_delete=models.PROTECT, related_name="replaces_in"
    )

    class Meta:
        db_table = "orders_returnline"
        constraints = [
            models.UniqueConstraint(fields=["of", "line"], name="return_line_once"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1)
                & Q(accepted_quantity__gte=0)
                & Q(accepted_quantity__lte=F("quantity"))
                & Q(restocked_quantity__gte=0)
                & Q(restocked_quantity__lte=F("accepted_quantity")),
                name="return_line_quantities",
            ),
        ]


class ReturnPhoto(models.Model):
    """What the buyer shows of the goods."""

    id = IdField(primary_key=True)
    of = models.ForeignKey(Return, on_delete=models.CASCADE, related_name="photos")
    image = models.ForeignKey(Image, on_delete=models.PROTECT, related_name="+")
    position = models.IntegerField()

    class Meta:
        db_table = "orders_returnphoto"
        constraints = [
            models.UniqueConstraint(fields=["of", "position"], name="return_photo_position")
        ]


class OrderChange(models.Model):
    """What was changed of a paid order, by whom; ``before`` and ``after`` as the preview said."""

    id = IdField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=10)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    amount = models.BigIntegerField(default=0)
    refund = models.ForeignKey(OrderRefund, null=True, on_delete=models.PROTECT)
    reason = models.CharField(max_length=200, blank=True, default="")
    actor_kind = models.CharField(max_length=20)
    actor_id = models.BigIntegerField(null=True)
    key = models.CharField(max_length=80, unique=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "orders_change"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["address", "quantity", "variant", "shipping"]),
                name="order_change_kind",
            )
        ]
