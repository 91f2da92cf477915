"""Give shops their search words, and goods their sounds and the marks of shop and category."""

from django.db import migrations

from banyan.kernel import search
from banyan.kernel.migrations._search import alone, index_standing
from banyan.kernel.migrations._together import at_once

PIECE = 500


def index_shops(apps, schema_editor):
    Shop = apps.get_model("catalog", "Shop")
    words = apps.get_model("catalog", "ShopWords")
    after = 0
    while piece := list(Shop.objects.filter(pk__gt=after).order_by("pk")[:PIECE]):
        after = piece[-1].pk
        search.write(
            words,
            "shop_id",
            {s.pk: [("A", s.name), ("B", s.slug), ("C", s.about)] for s in piece},
        )


def index_products(apps, schema_editor):
    Product = apps.get_model("catalog", "Product")
    words = apps.get_model("catalog", "ProductWords")
    after = 0
    while piece := list(Product.objects.filter(pk__gt=after).order_by("pk")[:PIECE]):
        after = piece[-1].pk
        texts = {}
        for product in piece:
            pairs = [
                ("A", product.title),
                ("B", " ".join([product.vendor, *map(str, product.tags)])),
                ("C", product.description),
                ("=", f"店{product.shop_id}"),
            ]
            if product.category_id is not None:
                pairs.append(("=", f"类{product.category_id}"))
            for other in product.texts.values():
                pairs += [("A", other.get("title", "")), ("C", other.get("description", ""))]
            texts[product.pk] = pairs
        search.write(words, "product_id", texts)


class Migration(migrations.Migration):
    atomic = False  # piece by piece, and the indexes beside the tables in use

    dependencies = [("catalog", "0013_search")]

    operations = at_once(
        alone("catalog_productwords"),
        alone("catalog_shopwords"),
        index_standing("product_words_standing", "catalog_productwords", "product_id"),
        index_standing("shop_words_standing", "catalog_shopwords", "shop_id"),
        migrations.RunPython(index_shops, migrations.RunPython.noop),
        migrations.RunPython(index_products, migrations.RunPython.noop),
    )
