"""Give the products that are there already their search words."""

from django.db import migrations

from banyan.kernel import search

PIECE = 500


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
            ]
            for other in product.texts.values():
                pairs += [("A", other.get("title", "")), ("C", other.get("description", ""))]
            texts[product.pk] = pairs
        search.write(words, "product_id", texts)


class Migration(migrations.Migration):
    dependencies = [("catalog", "0002_product_files_and_words")]
    operations = [migrations.RunPython(index_products, migrations.RunPython.noop)]
