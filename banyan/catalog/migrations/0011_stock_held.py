"""Stock kept for sales, further locations, low-stock notices, back-in-stock wishes, past prices."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.functions import Lower

import banyan.kernel.ids

from banyan.kernel.migrations._together import at_once

NEVER_OVERSOLD = models.CheckConstraint(
    condition=Q(allocated__gte=0)
    & Q(reserved__gte=0)
    & Q(held__gte=0)
    & Q(on_hand__gte=F("allocated") + F("reserved") + F("held")),
    name="stock_never_oversold",
)
PLACES = models.CheckConstraint(
    condition=Q(elsewhere__gte=0) & Q(elsewhere__lte=F("on_hand")), name="stock_places"
)
# Swapped by one statement, so that there is no moment without; 0012_stock_checked validates both.
SWAP = """
ALTER TABLE catalog_stock
  DROP CONSTRAINT stock_never_oversold,
  ADD CONSTRAINT stock_never_oversold CHECK (allocated >= 0 AND reserved >= 0 AND held >= 0
    AND on_hand >= allocated + reserved + held) NOT VALID,
  ADD CONSTRAINT stock_places CHECK (elsewhere >= 0 AND elsewhere <= on_hand) NOT VALID
"""
SWAP_BACK = """
ALTER TABLE catalog_stock
  DROP CONSTRAINT stock_places,
  DROP CONSTRAINT stock_never_oversold,
  ADD CONSTRAINT stock_never_oversold CHECK (allocated >= 0 AND reserved >= 0
    AND on_hand >= allocated + reserved) NOT VALID
"""
# What it cost before is not known; the product is as old as its price at most.
PAST = """
INSERT INTO catalog_pricechange (variant_id, amount, at)
SELECT v.id, v.price_amount, p.created_at FROM catalog_variant v
JOIN catalog_product p ON p.id = v.product_id
"""



class Migration(migrations.Migration):
    """See the module docstring."""

    dependencies = [
        ("catalog", "0009_shipping_moves_to_zones"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = at_once(
        migrations.AddField("shop", "low_stock_at", models.IntegerField(db_default=3, default=3)),
        migrations.AddField("stock", "held", models.IntegerField(db_default=0, default=0)),
        migrations.AddField("stock", "elsewhere", models.IntegerField(db_default=0, default=0)),
        migrations.AddField("stock", "low_at", models.IntegerField(null=True)),
        migrations.AddField("stock", "low_told_at", models.DateTimeField(null=True)),
        migrations.AddField("stockmovement", "held", models.IntegerField(db_default=0, default=0)),
        migrations.RunSQL(
            SWAP,
            SWAP_BACK,
            state_operations=[
                migrations.RemoveConstraint("stock", "stock_never_oversold"),
                migrations.AddConstraint("stock", NEVER_OVERSOLD),
                migrations.AddConstraint("stock", PLACES),
            ],
        ),
        migrations.CreateModel(
            name="StockLocation",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=60)),
                ("created_at", models.DateTimeField()),
                (
                    "shop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="locations",
                        to="catalog.shop",
                    ),
                ),
            ],
            options={
                "db_table": "catalog_stocklocation",
                "constraints": [
                    models.UniqueConstraint("shop", Lower("name"), name="stock_location_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="StockAt",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("on_hand", models.IntegerField(default=0)),
                (
                    "stock",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="places",
                        to="catalog.stock",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="goods",
                        to="catalog.stocklocation",
                    ),
                ),
            ],
            options={
                "db_table": "catalog_stockat",
                "constraints": [
                    models.UniqueConstraint(fields=["stock", "location"], name="stock_at_once"),
                    models.CheckConstraint(condition=Q(on_hand__gte=0), name="stock_at_least_none"),
                ],
            },
        ),
        migrations.AddField(
            "stockmovement",
            "location",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="catalog.stocklocation",
            ),
        ),
        migrations.CreateModel(
            name="StockWish",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("email", models.EmailField(blank=True, default="", max_length=254)),
                ("language", models.CharField(default="en", max_length=8)),
                ("token", models.CharField(max_length=40, unique=True)),
                ("created_at", models.DateTimeField()),
                ("told_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "variant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="wishes",
                        to="catalog.variant",
                    ),
                ),
            ],
            options={
                "db_table": "catalog_stockwish",
                "indexes": [
                    models.Index(
                        condition=Q(told_at=None), fields=["variant", "id"], name="stock_wish_due"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(told_at=None, account__isnull=False),
                        fields=["variant", "account"],
                        name="stock_wish_of_member",
                    ),
                    models.UniqueConstraint(
                        "variant",
                        Lower("email"),
                        condition=Q(told_at=None) & ~Q(email=""),
                        name="stock_wish_of_email",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceChange",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("amount", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "variant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="prices",
                        to="catalog.variant",
                    ),
                ),
            ],
            options={
                "db_table": "catalog_pricechange",
                "indexes": [models.Index(fields=["variant", "-at"], name="price_change_time")],
            },
        ),
        migrations.RunSQL(PAST, migrations.RunSQL.noop),
    )
