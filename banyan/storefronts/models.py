"""Storefronts, the offers on them, and what suppliers put into the pool."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from banyan.catalog.models import Product, Variant
from banyan.kernel.ids import IdField
from banyan.media.models import Image
from banyan.people.models import Account
from banyan.sharing.models import Link

from .states import OFFER, POOL_ITEM, POOL_SELLER, STOREFRONT


class Storefront(models.Model):
    """A member's page of chosen goods; one per member, and one per group.

    ``group_id`` is the group whose page it is (a soft reference): its moderators choose what is on
    it, and its owners name the member who earns from it, here the ``owner``. ``link`` is the
    owner's own share link to it: who buys here without another came through the owner. ``colour``
    is "#rrggbb" or empty; ``look`` counts its changes, so that the style sheet has a new address.
    """

    id = IdField(primary_key=True)
    owner = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="storefronts", db_index=False
    )
    group_id = models.BigIntegerField(null=True)
    title = models.CharField(max_length=80)
    intro = models.CharField(max_length=600, blank=True, default="")
    colour = models.CharField(max_length=7, blank=True, default="")
    look = models.IntegerField(default=1)
    cover = models.ForeignKey(Image, null=True, on_delete=models.SET_NULL, related_name="+")
    link = models.ForeignKey(Link, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=STOREFRONT.choices(), default=STOREFRONT.initial)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "storefronts_storefront"
        constraints = [
            models.CheckConstraint(
                condition=Q(colour="") | Q(colour__regex=r"^#[0-9a-f]{6}$"),
                name="storefront_colour",
            ),
            models.UniqueConstraint(
                fields=["owner"], condition=Q(group_id=None), name="storefront_once"
            ),
            models.UniqueConstraint(fields=["group_id"], name="storefront_group_once"),
        ]

    @property
    def is_shown(self) -> bool:
        """Whether it is open, and whoever earns from it is still there."""
        return self.state == "open" and self.owner.is_active


class PoolItem(models.Model):
    """A product that its shop lets other pages sell; the shop fulfils.

    ``open_to``: anyone, or approved (pages ask first). What it costs: ``PoolPrice``.
    """

    id = IdField(primary_key=True)
    product = models.OneToOneField(Product, on_delete=models.CASCADE, related_name="pool_item")
    open_to = models.CharField(max_length=8, default="anyone")
    state = models.CharField(max_length=10, choices=POOL_ITEM.choices(), default=POOL_ITEM.initial)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "storefronts_poolitem"
        constraints = [
            models.CheckConstraint(
                condition=Q(open_to__in=["anyone", "approved"]), name="pool_item_open_to"
            )
        ]


class PoolPrice(models.Model):
    """What the supplier gets for one unit of a variant, and the least a page may ask for it."""

    id = IdField(primary_key=True)
    item = models.ForeignKey(PoolItem, on_delete=models.CASCADE, related_name="prices")
    variant = models.OneToOneField(Variant, on_delete=models.CASCADE, related_name="pool_price")
    supply_amount = models.BigIntegerField()
    minimum_amount = models.BigIntegerField(null=True)

    class Meta:
        db_table = "storefronts_poolprice"
        constraints = [
            models.CheckConstraint(condition=Q(supply_amount__gt=0), name="pool_price_supply"),
            models.CheckConstraint(
                condition=Q(minimum_amount=None) | Q(minimum_amount__gte=F("supply_amount")),
                name="pool_price_minimum",
            ),
        ]


class PoolSeller(models.Model):
    """A member who asked to sell a pool item that is for approved pages only."""

    id = IdField(primary_key=True)
    item = models.ForeignKey(PoolItem, on_delete=models.CASCADE, related_name="sellers")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(
        max_length=8, choices=POOL_SELLER.choices(), default=POOL_SELLER.initial
    )
    created_at = models.DateTimeField()

    class Meta:
        db_table = "storefronts_poolseller"
        constraints = [models.UniqueConstraint(fields=["item", "account"], name="pool_seller_once")]


class Offer(models.Model):
    """A thing on a storefront.

    ``kind``: own (of the owner's shop), selected (another shop's product at its price), pooled (at
    the page's own price, see ``OfferPrice``) or external (a link out with ``title`` and ``url``;
    ``is_paid`` when the owner is paid for it). ``pause_reason`` says why it is paused. ``code`` is
    its public address for cards on other sites.
    """

    id = IdField(primary_key=True)
    code = models.CharField(max_length=24, unique=True)
    storefront = models.ForeignKey(
        Storefront, on_delete=models.CASCADE, related_name="offers", db_index=False
    )
    kind = models.CharField(max_length=8)
    product = models.ForeignKey(Product, null=True, on_delete=models.CASCADE, related_name="offers")
    title = models.CharField(max_length=160, blank=True, default="")
    url = models.CharField(max_length=500, blank=True, default="")
    is_paid = models.BooleanField(default=False)
    note = models.CharField(max_length=200, blank=True, default="")
    position = models.IntegerField(default=0)
    is_pinned = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=OFFER.choices(), default=OFFER.initial)
    pause_reason = models.CharField(max_length=40, blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "storefronts_offer"
        constraints = [
            models.UniqueConstraint(
                fields=["storefront", "product"],
                condition=~Q(state="ended") & Q(product__isnull=False),
                name="offer_product_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["own", "selected", "pooled"], product__isnull=False, url="")
                | (Q(kind="external", product=None) & ~Q(url="") & ~Q(title="")),
                name="offer_kind",
            ),
        ]
        indexes = [
            models.Index(
                fields=["storefront", "-is_pinned", "position", "id"],
                name="offer_page",
                condition=~Q(state="ended"),
            )
        ]


class OfferPrice(models.Model):
    """What one unit of a variant costs on the page of a pooled offer."""

    id = IdField(primary_key=True)
    offer = models.ForeignKey(
        Offer, on_delete=models.CASCADE, related_name="prices", db_index=False
    )
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="offer_prices")
    amount = models.BigIntegerField()

    class Meta:
        db_table = "storefronts_offerprice"
        constraints = [
            models.UniqueConstraint(fields=["offer", "variant"], name="offer_price_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="offer_price_amount"),
        ]
