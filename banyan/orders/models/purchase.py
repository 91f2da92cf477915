"""Cart, checkout, orders and their lines.

Columns that point to a higher floor (plan version, campaign) are plain ids, frozen at placement.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Right

from banyan.catalog.models import Shop, Variant
from banyan.entitlements.models import Coupon
from banyan.kernel.ids import IdField
from banyan.people.models import Account
from banyan.sharing.models import Link

from ..states import CHECKOUT, ORDER


class Cart(models.Model):
    """A server-side cart of an account, or of a visitor without one (by ``token``)."""

    id = IdField(primary_key=True)
    account = models.OneToOneField(Account, null=True, on_delete=models.CASCADE)
    token = models.CharField(max_length=40, unique=True)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "orders_cart"


class CartItem(models.Model):
    """A variant in a cart, with the share link it was reached through.

    ``offer_id``: the storefront offer it was last taken from; a cart holds a variant once.
    """

    id = IdField(primary_key=True)
    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="items")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE)
    quantity = models.IntegerField()
    link = models.ForeignKey(Link, null=True, on_delete=models.SET_NULL)
    touch_id = models.BigIntegerField(null=True)
    offer_id = models.BigIntegerField(null=True)
    added_at = models.DateTimeField()

    class Meta:
        db_table = "orders_cartitem"
        constraints = [
            models.UniqueConstraint(fields=["cart", "variant"], name="cart_item_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="cart_item_quantity"),
        ]


class Checkout(models.Model):
    """One act of buying: one payment, one order per shop. ``placement_key`` makes it repeatable.

    ``access_token`` opens the pages of a guest; ``number`` is what people read out.
    The id is the causal id of everything that follows.
    """

    id = IdField(primary_key=True)
    number = models.CharField(max_length=16, unique=True)
    access_token = models.CharField(max_length=40, unique=True)
    placement_key = models.CharField(max_length=80, unique=True)
    buyer = models.ForeignKey(
        Account, null=True, on_delete=models.PROTECT, related_name="checkouts", db_index=False
    )
    visitor = models.CharField(max_length=40, blank=True, default="")
    contact_email = models.EmailField(blank=True, default="")
    contact_phone = models.CharField(max_length=20, blank=True, default="")
    address = models.JSONField(default=dict)
    language = models.CharField(max_length=8, default="en")
    currency = models.CharField(max_length=3)
    goods_amount = models.BigIntegerField()
    discount_amount = models.BigIntegerField(default=0)
    shipping_amount = models.BigIntegerField(default=0)
    tax_amount = models.BigIntegerField(default=0, db_default=0)
    total_amount = models.BigIntegerField()
    coupon = models.ForeignKey(Coupon, null=True, on_delete=models.PROTECT)
    state = models.CharField(max_length=10, choices=CHECKOUT.choices(), default=CHECKOUT.initial)
    intent_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "orders_checkout"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    total_amount=F("goods_amount")
                    - F("discount_amount")
                    + F("shipping_amount")
                    + F("tax_amount")
                )
                & Q(total_amount__gte=0),
                name="checkout_sum",
            )
        ]
        indexes = [
            models.Index(fields=["expires_at"], name="checkout_open", condition=Q(state="placed")),
            models.Index(fields=["contact_phone"], name="checkout_phone"),
            # Support asks for the last digits: see ``stories.find_orders``.
            models.Index(Right("contact_phone", 4), name="checkout_phone_tail"),
            models.Index(
                Right(KeyTextTransform("phone", "address"), 4), name="checkout_courier_tail"
            ),
            models.Index(fields=["buyer", "-id"], name="checkout_buyer"),
        ]


class Order(models.Model):
    """What one shop has to deliver out of a checkout.

    A paid order is partly shipped while some of its units are. ``confirm_at``: receipt is taken
    as confirmed then; the buyer may put it off once. ``free_at``: when nothing kept it back any
    more, of what waited for something above (``holding``); empty for all others.

    ``delivery`` is the way that the buyer chose: {"method", "name", "days": [min, max] or null};
    empty where nothing is sent.
    """

    id = IdField(primary_key=True)
    checkout = models.ForeignKey(
        Checkout, on_delete=models.PROTECT, related_name="orders", db_index=False
    )
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="orders", db_index=False)
    number = models.CharField(max_length=20, unique=True)
    currency = models.CharField(max_length=3)
    goods_amount = models.BigIntegerField()
    discount_amount = models.BigIntegerField(default=0)
    shipping_amount = models.BigIntegerField(default=0)
    tax_amount = models.BigIntegerField(default=0, db_default=0)
    total_amount = models.BigIntegerField()
    refunded_amount = models.BigIntegerField(default=0)
    delivery = models.JSONField(default=dict, db_default={})
    state = models.CharField(max_length=10, choices=ORDER.choices(), default=ORDER.initial)
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    free_at = models.DateTimeField(null=True)
    shipped_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)
    confirm_at = models.DateTimeField(null=True)
    confirm_extended = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "orders_order"
        constraints = [
            models.UniqueConstraint(fields=["checkout", "shop"], name="order_once_per_shop"),
            models.CheckConstraint(
                condition=Q(refunded_amount__gte=0) & Q(refunded_amount__lte=F("total_amount")),
                name="order_refund_within_total",
            ),
        ]
        indexes = [
            models.Index(fields=["shop", "-id"], name="order_shop"),
            models.Index(fields=["confirm_at"], name="order_confirm", condition=Q(state="shipped")),
        ]


class OrderLine(models.Model):
    """One variant in an order, with everything frozen that decides who earns from it.

    ``path`` is the share path, oldest first: [{"link", "owner", "handle", "at"}]. ``price`` is
    the stored explanation: a list of {"step", "amount", "note", "funded_by"}. What was paid for it
    is ``paid_amount``; ``included_tax_amount`` is a part of that, ``tax_amount`` came on top;
    ``shipping_tax_amount`` is the part of either that is due for shipping.
    ``supply_amount`` is what the supplier of a pooled offer is promised for one unit. ``right_id``
    is the price right that it was bought by, with its ``campaign_id`` and ``instance_id``.

    Of its units some are shipped, some are cancelled before that, the others are still to ship.
    ``returned_quantity`` of the shipped ones came back or are asked to; ``refunded_quantity`` were
    paid back as units. ``lowered_amount`` of what was refunded is for no unit: the price of all of
    them fell after it was paid. A line that was sent in exchange costs nothing and ``replaces``
    another, whose price stands for its units.
    """

    id = IdField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT)
    product_id = models.BigIntegerField()
    seller_id = models.BigIntegerField()
    storefront_id = models.BigIntegerField(null=True)
    title = models.CharField(max_length=240)
    kind = models.CharField(max_length=10, default="goods", db_default="goods")
    quantity = models.IntegerField()
    shipped_quantity = models.IntegerField(default=0, db_default=0)
    cancelled_quantity = models.IntegerField(default=0, db_default=0)
    returned_quantity = models.IntegerField(default=0, db_default=0)
    unit_amount = models.BigIntegerField()
    supply_amount = models.BigIntegerField(null=True)
    goods_amount = models.BigIntegerField()
    discount_amount = models.BigIntegerField(default=0)
    shipping_amount = models.BigIntegerField(default=0)
    tax_amount = models.BigIntegerField(default=0, db_default=0)
    included_tax_amount = models.BigIntegerField(default=0, db_default=0)
    shipping_tax_amount = models.BigIntegerField(default=0, db_default=0)
    refunded_amount = models.BigIntegerField(default=0)
    refunded_quantity = models.IntegerField(default=0)
    lowered_amount = models.BigIntegerField(default=0, db_default=0)
    currency = models.CharField(max_length=3)
    price = models.JSONField(default=list)
    link = models.ForeignKey(Link, null=True, on_delete=models.PROTECT, db_index=False)
    touch_id = models.BigIntegerField(null=True)
    path = models.JSONField(default=list)
    campaign_id = models.BigIntegerField(null=True)
    instance_id = models.BigIntegerField(null=True)
    plan_version_id = models.BigIntegerField(null=True)
    offer_id = models.BigIntegerField(null=True)
    sale_id = models.BigIntegerField(null=True)
    right_id = models.BigIntegerField(null=True)
    # No constraint in the database: adding one would read and hold the whole table.
    replaces = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="replacements",
        db_index=False,
        db_constraint=False,
    )

    class Meta:
        db_table = "orders_orderline"
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="order_line_quantity"),
            models.CheckConstraint(
                condition=Q(goods_amount=F("unit_amount") * F("quantity")), name="order_line_goods"
            ),
            models.CheckConstraint(
                condition=Q(refunded_amount__gte=0)
                & Q(
                    refunded_amount__lte=F("goods_amount")
                    - F("discount_amount")
                    + F("shipping_amount")
                    + F("tax_amount")
                ),
                name="order_line_refund_within_price",
            ),
            models.CheckConstraint(
                condition=Q(shipped_quantity__gte=0)
                & Q(cancelled_quantity__gte=0)
                & Q(quantity__gte=F("shipped_quantity") + F("cancelled_quantity")),
                name="order_line_units",
            ),
            models.CheckConstraint(
                condition=Q(returned_quantity__gte=0)
                & Q(returned_quantity__lte=F("shipped_quantity")),
                name="order_line_returned",
            ),
            models.CheckConstraint(
                condition=Q(lowered_amount__gte=0) & Q(lowered_amount__lte=F("refunded_amount")),
                name="order_line_lowered",
            ),
        ]
        indexes = [
            models.Index(fields=["link"], name="order_line_link"),
            models.Index(fields=["product_id"], name="order_line_product"),
        ]

    @property
    def paid_amount(self) -> int:
        """What the buyer pays for the line, tax and shipping included; minor units."""
        return self.goods_amount - self.discount_amount + self.shipping_amount + self.tax_amount

    @property
    def delivery_amount(self) -> int:
        """What of ``paid_amount`` is for shipping, with the tax on top of it; minor units."""
        return self.shipping_amount + min(self.shipping_tax_amount, self.tax_amount)

    @property
    def net_amount(self) -> int:
        """What is paid for the goods alone, without any tax and shipping; minor units."""
        included = self.included_tax_amount - self.shipping_tax_amount
        return self.goods_amount - self.discount_amount - max(0, included)

    @property
    def to_ship(self) -> int:
        """How many units are neither shipped nor cancelled."""
        return self.quantity - self.shipped_quantity - self.cancelled_quantity
