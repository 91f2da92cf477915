"""Price lists: other prices of a shop's goods, for a time, a currency or some buyers."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from banyan.kernel.ids import IdField
from banyan.people.models import Account

from .goods import Shop, Variant


class PriceList(models.Model):
    """Prices of one shop in one currency, in force in [starts_at, ends_at).

    ``audience``: everyone, members (whoever has an account), accounts (those that are named).
    """

    id = IdField(primary_key=True)
    shop = models.ForeignKey(
        Shop, on_delete=models.CASCADE, related_name="price_lists", db_index=False
    )
    name = models.CharField(max_length=80)
    currency = models.CharField(max_length=3)
    audience = models.CharField(max_length=10, default="everyone")
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "catalog_pricelist"
        constraints = [
            models.UniqueConstraint(fields=["shop", "name"], name="price_list_name_once"),
            models.CheckConstraint(
                condition=Q(audience__in=["everyone", "members", "accounts"]),
                name="price_list_audience",
            ),
            models.CheckConstraint(
                condition=Q(starts_at=None) | Q(ends_at=None) | Q(starts_at__lt=F("ends_at")),
                name="price_list_window",
            ),
        ]


class ListPrice(models.Model):
    """What one unit costs on a list from ``min_quantity`` units of the variant on; minor units."""

    id = IdField(primary_key=True)
    price_list = models.ForeignKey(
        PriceList, on_delete=models.CASCADE, related_name="prices", db_index=False
    )
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="list_prices")
    min_quantity = models.IntegerField(default=1)
    amount = models.BigIntegerField()

    class Meta:
        db_table = "catalog_listprice"
        constraints = [
            models.UniqueConstraint(
                fields=["price_list", "variant", "min_quantity"], name="list_price_once"
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0) & Q(min_quantity__gte=1), name="list_price_amount"
            ),
        ]


class PriceListAccount(models.Model):
    """An account that a list of the audience "accounts" is for."""

    id = IdField(primary_key=True)
    price_list = models.ForeignKey(
        PriceList, on_delete=models.CASCADE, related_name="accounts", db_index=False
    )
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")

    class Meta:
        db_table = "catalog_pricelistaccount"
        constraints = [
            models.UniqueConstraint(
                fields=["price_list", "account"], name="price_list_account_once"
            )
        ]
