from django.db import migrations, models

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0004_kinds_and_tax'),
    ]

    operations = at_once(
        migrations.AddField(
            model_name='order',
            name='delivery',
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name='orderline',
            name='shipping_tax_amount',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
    )
