from django.db import migrations, models

from banyan.kernel.migrations._constraints import add_check

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    atomic = False  # the table is in use

    dependencies = [("orders", "0006_units_in_parcels")]

    operations = at_once(
        migrations.AddField(
            model_name="orderline",
            name="right_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="orderline",
            name="lowered_amount",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        *add_check(
            "orderline",
            models.CheckConstraint(
                condition=models.Q(
                    ("lowered_amount__gte", 0),
                    ("lowered_amount__lte", models.F("refunded_amount")),
                ),
                name="order_line_lowered",
            ),
        ),
    )
