"""Shops, products, variants and their stock."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from banyan.kernel.ids import IdField
from banyan.media.models import Image
from banyan.people.models import Account

from ..states import PRODUCT, SHOP


class Shop(models.Model):
    """A member's shop. Sells in one currency; ``state`` see ``states.SHOP``.

    ``kind``: merchant, or member (what one person sells second-hand). ``standing``: new, good or
    below, as ``standing`` last counted it.
    """

    id = IdField(primary_key=True)
    owner = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="shops")
    slug = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, default="merchant", db_default="merchant")
    standing = models.CharField(max_length=5, default="new", db_default="new")
    about = models.CharField(max_length=600, blank=True, default="")
    currency = models.CharField(max_length=3)
    country = models.CharField(max_length=2, default="CN")
    timezone = models.CharField(max_length=40, default="Asia/Shanghai")
    state = models.CharField(max_length=12, choices=SHOP.choices(), default=SHOP.initial)
    cover = models.ForeignKey(Image, null=True, on_delete=models.SET_NULL, related_name="+")
    logo = models.ForeignKey(Image, null=True, on_delete=models.SET_NULL, related_name="+")
    low_stock_at = models.IntegerField(default=3, db_default=3)
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "catalog_shop"
        constraints = [
            models.UniqueConstraint(Lower("slug"), name="shop_slug_once"),
            models.CheckConstraint(condition=Q(kind__in=["merchant", "member"]), name="shop_kind"),
        ]


class ShopStaff(models.Model):
    """Somebody who works in a shop: owner, manager or clerk."""

    id = IdField(primary_key=True)
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="staff")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="works_in")
    role = models.CharField(max_length=10)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "catalog_shopstaff"
        constraints = [
            models.UniqueConstraint(fields=["shop", "account"], name="shop_staff_once"),
            models.CheckConstraint(
                condition=Q(role__in=["owner", "manager", "clerk"]), name="shop_staff_role"
            ),
        ]


class Category(models.Model):
    """A node of the one category tree; ``names`` maps a language to a name."""

    id = IdField(primary_key=True)
    slug = models.CharField(max_length=60, unique=True)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT)
    names = models.JSONField(default=dict)
    position = models.IntegerField(default=0)

    class Meta:
        db_table = "catalog_category"


class Product(models.Model):
    """What a shop sells. ``options`` is a list of option names, at most three.

    ``texts`` maps a language to {"title", "description"}; ``title`` and ``description`` are in
    ``language`` and stand in for missing ones. ``kind`` says how it is delivered, see
    ``rules.KINDS``; ``min_age`` is in years, empty for everybody; ``attributes`` maps the
    code of a typed attribute to its value. ``stars`` is the sum of its ``ratings``.
    ``tax_class`` says which of a zone's rates holds for it: standard, reduced or zero.
    """

    id = IdField(primary_key=True)
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="products")
    slug = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=PRODUCT.choices(), default=PRODUCT.initial)
    kind = models.CharField(max_length=10, default="goods", db_default="goods")
    language = models.CharField(max_length=8, default="en")
    title = models.CharField(max_length=160)
    description = models.TextField(blank=True, default="")
    texts = models.JSONField(default=dict)
    category = models.ForeignKey(Category, null=True, on_delete=models.SET_NULL)
    vendor = models.CharField(max_length=80, blank=True, default="")
    tags = models.JSONField(default=list)
    options = models.JSONField(default=list)
    attributes = models.JSONField(default=dict, db_default={})
    min_age = models.SmallIntegerField(null=True)
    ratings = models.IntegerField(default=0, db_default=0)
    stars = models.IntegerField(default=0, db_default=0)
    tax_class = models.CharField(max_length=10, default="standard", db_default="standard")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "catalog_product"
        constraints = [
            models.UniqueConstraint(fields=["shop", "slug"], name="product_slug_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["goods", "voucher", "digital", "listing"]),
                name="product_kind",
            ),
            models.CheckConstraint(
                condition=Q(tax_class__in=["standard", "reduced", "zero"]),
                name="product_tax_class",
            ),
        ]
        indexes = [
            models.Index(fields=["-published_at"], name="product_live", condition=Q(state="active"))
        ]


class ProductImage(models.Model):
    """A picture of a product, in order."""

    id = IdField(primary_key=True)
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="images")
    image = models.ForeignKey(Image, on_delete=models.PROTECT)
    position = models.IntegerField(default=0)

    class Meta:
        db_table = "catalog_productimage"
        ordering = ["position", "id"]


class Variant(models.Model):
    """One buyable thing; ``values`` holds a value for each of the product's options."""

    id = IdField(primary_key=True)
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants")
    sku = models.CharField(max_length=60, blank=True, default="")
    values = models.JSONField(default=list)
    price_amount = models.BigIntegerField()
    compare_at_amount = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3)
    weight_grams = models.IntegerField(default=0)
    position = models.IntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        db_table = "catalog_variant"
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(price_amount__gte=0), name="variant_price"),
            models.UniqueConstraint(
                fields=["product", "sku"], condition=~Q(sku=""), name="variant_sku_once"
            ),
        ]


class Stock(models.Model):
    """Stock of one variant: free = on_hand - allocated - reserved - held, never below zero.

    ``reserved``: promised to an unpaid order; ``allocated``: paid, not yet shipped; ``held``: kept
    for a sale. ``elsewhere`` is the part of ``on_hand`` at the shop's other locations (the sum of
    its StockAt rows). ``low_at`` None: the shop's own threshold; ``low_told_at``: when the shop
    was told that little is left, empty once it was restocked.
    """

    id = IdField(primary_key=True)
    variant = models.OneToOneField(Variant, on_delete=models.CASCADE, related_name="stock")
    on_hand = models.IntegerField(default=0)
    allocated = models.IntegerField(default=0)
    reserved = models.IntegerField(default=0)
    held = models.IntegerField(default=0, db_default=0)
    elsewhere = models.IntegerField(default=0, db_default=0)
    low_at = models.IntegerField(null=True)
    low_told_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "catalog_stock"
        constraints = [
            models.CheckConstraint(
                condition=Q(allocated__gte=0)
                & Q(reserved__gte=0)
                & Q(held__gte=0)
                & Q(on_hand__gte=F("allocated") + F("reserved") + F("held")),
                name="stock_never_oversold",
            ),
            models.CheckConstraint(
                condition=Q(elsewhere__gte=0) & Q(elsewhere__lte=F("on_hand")), name="stock_places"
            ),
        ]

    @property
    def promised(self) -> int:
        """What is sold, reserved, or kept for a sale."""
        return self.allocated + self.reserved + self.held

    @property
    def free(self) -> int:
        """What anybody may order now."""
        return self.on_hand - self.promised

    @property
    def least(self) -> int:
        """The smallest figure that a count of the whole may set."""
        return max(self.promised, self.elsewhere)


class StockLocation(models.Model):
    """A further place where a shop keeps goods; what is nowhere else lies in the shop itself."""

    id = IdField(primary_key=True)
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="locations")
    name = models.CharField(max_length=60)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "catalog_stocklocation"
        constraints = [models.UniqueConstraint("shop", Lower("name"), name="stock_location_once")]


class StockAt(models.Model):
    """How many units of a variant lie at a further location."""

    id = IdField(primary_key=True)
    stock = models.ForeignKey(Stock, on_delete=models.CASCADE, related_name="places")
    location = models.ForeignKey(StockLocation, on_delete=models.PROTECT, related_name="goods")
    on_hand = models.IntegerField(default=0)

    class Meta:
        db_table = "catalog_stockat"
        constraints = [
            models.UniqueConstraint(fields=["stock", "location"], name="stock_at_once"),
            models.CheckConstraint(condition=Q(on_hand__gte=0), name="stock_at_least_none"),
        ]


class StockMovement(models.Model):
    """Why a stock figure changed; the sums of the rows are the figures.

    ``location`` None: the shop itself.
    """

    id = IdField(primary_key=True)
    stock = models.ForeignKey(
        Stock, on_delete=models.CASCADE, related_name="movements", db_index=False
    )
    kind = models.CharField(max_length=12)
    on_hand = models.IntegerField(default=0)
    allocated = models.IntegerField(default=0)
    reserved = models.IntegerField(default=0)
    held = models.IntegerField(default=0, db_default=0)
    location = models.ForeignKey(
        StockLocation,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,  # checked by the audit; every order writes here
    )
    reference = models.CharField(max_length=60, blank=True, default="")
    at = models.DateTimeField()

    class Meta:
        db_table = "catalog_stockmovement"
        indexes = [models.Index(fields=["stock", "-id"], name="movement_stock")]


class PriceChange(models.Model):
    """From ``at`` on a variant cost ``amount`` (minor units); the lowest of a week is its measure.

    Written by every action that changes a price. What a list for everybody asked is noted when it
    is taken off it, at that moment or the list's end, and the variant's own price behind it.
    """

    id = IdField(primary_key=True)
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="prices")
    amount = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "catalog_pricechange"
        indexes = [models.Index(fields=["variant", "-at"], name="price_change_time")]


class ProductWords(models.Model):
    """The search words of a product (``kernel.search``): its texts in every language.

    ``boost``: by how many days it stands above what is as new, for having been bought.
    """

    product = models.OneToOneField(
        Product, primary_key=True, on_delete=models.CASCADE, related_name="words"
    )
    words = SearchVectorField()
    boost = models.SmallIntegerField(default=0, db_default=0)

    class Meta:
        db_table = "catalog_productwords"
        indexes = [GinIndex(fields=["words"], name="product_words")]


class ShopWords(models.Model):
    """The search words of a shop: name, address, what it says of itself."""

    shop = models.OneToOneField(
        Shop, primary_key=True, on_delete=models.CASCADE, related_name="words"
    )
    words = SearchVectorField()
    boost = models.SmallIntegerField(default=0, db_default=0)

    class Meta:
        db_table = "catalog_shopwords"
        indexes = [GinIndex(fields=["words"], name="shop_words")]


class EmptySearch(models.Model):
    """What was searched for on a day and not found, how often; nothing about who searched."""

    id = IdField(primary_key=True)
    day = models.DateField()
    words = models.CharField(max_length=40)
    times = models.IntegerField(default=1)

    class Meta:
        db_table = "catalog_emptysearch"
        constraints = [models.UniqueConstraint(fields=["day", "words"], name="empty_search_once")]


class ProductImport(models.Model):
    """A product file on its way in: looked at first, then taken in once.

    ``content`` is the file until it is taken in or swept; ``result`` then says what was done.
    """

    id = IdField(primary_key=True)
    token = models.CharField(max_length=40, unique=True)
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="imports")
    account = models.ForeignKey(Account, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=120)
    language = models.CharField(max_length=8, default="en")
    content = models.BinaryField()
    result = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "catalog_productimport"
        indexes = [models.Index(fields=["shop", "-id"], name="import_shop")]


class WantedPicture(models.Model):
    """A picture that a product file names and that is not here (yet).

    ``source`` is an address or a file name, ``digest`` its SHA-256. ``state``: waiting, taken
    (``image``), failed (``reason``: a stable code). ``position`` is its place, from 0; ``line``
    that of the file, 0 where it is not known. ``next_try_at``: when the address is fetched (again);
    empty when nobody fetches it. ``tries`` counts the attempts begun.
    """

    id = IdField(primary_key=True)
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="wanted_pictures")
    file = models.ForeignKey(
        ProductImport, null=True, on_delete=models.SET_NULL, related_name="pictures"
    )
    source = models.TextField()
    digest = models.CharField(max_length=64)
    position = models.IntegerField(default=0)
    alt = models.CharField(max_length=300, blank=True, default="")
    state = models.CharField(max_length=8, default="waiting")
    reason = models.CharField(max_length=40, blank=True, default="")
    image = models.ForeignKey(Image, null=True, on_delete=models.SET_NULL, related_name="+")
    line = models.IntegerField(default=0, db_default=0)
    tries = models.IntegerField(default=0, db_default=0)
    next_try_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "catalog_wantedpicture"
        ordering = ["position", "id"]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                name="wanted_picture_due",
                condition=Q(state="waiting", next_try_at__isnull=False),
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["product", "digest"], name="wanted_picture_once"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "taken", "failed"]), name="wanted_picture_state"
            ),
        ]
