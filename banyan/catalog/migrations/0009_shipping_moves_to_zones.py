"""The one amount that a shop asked for shipping becomes a zone for everywhere with one way."""

from django.db import migrations, models

from banyan.kernel.migrations._constraints import add_check
from banyan.kernel.migrations._together import at_once

PIECE = 500


def keep_shipping(apps, schema_editor):
    """Make a zone of each shop's one rule. May run twice."""
    Shop = apps.get_model("catalog", "Shop")
    Zone = apps.get_model("catalog", "ShippingZone")
    Method = apps.get_model("catalog", "ShippingMethod")
    after = 0
    while piece := list(Shop.objects.filter(pk__gt=after).order_by("pk")[:PIECE]):
        after = piece[-1].pk
        done = set(Zone.objects.filter(shop__in=piece).values_list("shop_id", flat=True))
        missing = [shop for shop in piece if shop.pk not in done]
        zones = Zone.objects.bulk_create(
            Zone(shop=shop, name="Everywhere", places=["*"]) for shop in missing
        )
        Method.objects.bulk_create(
            Method(
                zone=zone,
                name="Standard",
                currency=shop.currency,
                bands=[[0, shop.shipping_amount]],
                free_from=shop.free_shipping_from,
            )
            for shop, zone in zip(missing, zones, strict=True)
        )


class Migration(migrations.Migration):
    atomic = False  # the tables are in use

    dependencies = [('catalog', '0008_prices_tax_and_delivery')]

    operations = at_once(
        migrations.AddField(
            model_name='product',
            name='tax_class',
            field=models.CharField(db_default='standard', default='standard', max_length=10),
        ),
        *add_check('product', models.CheckConstraint(condition=models.Q(('tax_class__in', ['standard', 'reduced', 'zero'])), name='product_tax_class')),
        migrations.RunPython(keep_shipping, migrations.RunPython.noop),
        # Programs of the release before still read the columns: they go with the next one.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.AlterField(
                    model_name='shop',
                    name='shipping_amount',
                    field=models.BigIntegerField(db_default=0, default=0),
                ),
            ],
            state_operations=[
                migrations.RemoveField(model_name='shop', name='free_shipping_from'),
                migrations.RemoveField(model_name='shop', name='shipping_amount'),
            ],
        ),
    )
