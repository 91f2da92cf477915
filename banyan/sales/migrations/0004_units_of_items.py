from django.db import migrations, models

from banyan.kernel.migrations._together import at_once

# What was kept when a sale was published: a settled one has less in its buckets. Drafts keep none.
KEPT = """
UPDATE sales_item AS i SET units = coalesce(
  (SELECT sum(m.held) FROM catalog_stockmovement m JOIN catalog_stock s ON s.id = m.stock_id
   WHERE s.variant_id = i.variant_id AND m.kind = 'hold' AND m.reference = 'sale:' || i.sale_id), 0)
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('sales', '0003_sales_of_campaigns'),
    ]

    operations = at_once(
        migrations.AddField(
            model_name='saleitem',
            name='units',
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.RunSQL(KEPT, migrations.RunSQL.noop),
    )
