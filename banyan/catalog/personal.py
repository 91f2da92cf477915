"""What shops hold of their people."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from banyan.kernel.actors import Actor
from banyan.kernel.personal import Erase, Kept, Person, holds, names_nobody
from banyan.kernel.states import transition

from .actions.imports import KEPT as FILES_KEPT
from .actions.words import EMPTY_KEPT_DAYS
from .models import ProductImage, ProductWords, Shop, ShopWords
from .states import PRODUCT, SHOP


def _close_shops(person: Person) -> None:
    """Close the shops, take their goods off sale, and leave a number as the seller of orders."""
    actor = Actor(kind="member", id=person.account_id)
    for shop in Shop.objects.filter(owner_id=person.account_id or 0).order_by("id"):
        for product in shop.products.filter(state__in=["draft", "active"]).order_by("id"):
            transition(PRODUCT, product, "archived", actor=actor)
        if SHOP.allows(shop.state, "closed"):
            transition(SHOP, shop, "closed", actor=actor)
        shop.products.update(description="", texts={})
        shop.name, shop.slug, shop.about = "–", f"closed-{shop.pk}", ""
        shop.cover = shop.logo = None
        shop.save(update_fields=["name", "slug", "about", "cover", "logo"])
        ProductImage.objects.filter(product__shop=shop).delete()
        ShopWords.objects.filter(shop=shop).delete()
        ProductWords.objects.filter(product__shop=shop).delete()


holds(
    "catalog.Shop", Erase.BLANK, "As long as its orders are kept: it is their seller.",
    owner=("owner_id",), fields=("name", "slug", "about", "cover", "logo"), act=_close_shops,
)  # fmt: skip
holds("catalog.ShopStaff", Erase.DELETE, "As long as somebody works there.", owner=("account_id",))
holds("catalog.PriceListAccount", Erase.DELETE, "As long as the price list.", owner=("account_id",))
holds(
    "catalog.ProductImport", Erase.BLANK,
    "Two days if nobody takes it in, else until newer files of the shop push it out.",
    owner=("account_id",), fields=("account", "name", "result"),
    kept=Kept(FILES_KEPT, ("created_at",), Q(done_at=None), by="catalog.sweep_files"),
)  # fmt: skip
holds(
    "catalog.EmptySearch", Erase.KEEP, "Words that found nothing, without who looked; 90 days.",
    kept=Kept(dt.timedelta(days=EMPTY_KEPT_DAYS), ("day",), by="catalog.count_words"),
)  # fmt: skip
names_nobody(
    "catalog.Category", "catalog.Product", "catalog.ProductImage", "catalog.Variant",
    "catalog.Stock", "catalog.StockLocation", "catalog.StockAt", "catalog.StockMovement",
    "catalog.PriceChange", "catalog.ProductWords", "catalog.ShopWords", "catalog.WantedPicture",
    "catalog.Attribute", "catalog.Collection", "catalog.CollectionItem", "catalog.ShippingZone",
    "catalog.ShippingMethod", "catalog.TaxZone", "catalog.PriceList", "catalog.ListPrice",
)  # fmt: skip
