"""What an order bears of what its payer's bank takes back."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

import banyan.kernel.ids

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    """A new table."""

    dependencies = [
        ("orders", "0009_answers_and_entities"),
    ]

    operations = at_once(
        migrations.CreateModel(
            name="OrderChargeback",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("chargeback_id", models.BigIntegerField()),
                ("amount", models.BigIntegerField()),
                ("account_id", models.BigIntegerField()),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="chargebacks",
                        to="orders.order",
                    ),
                ),
                (
                    "refund",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="orders.orderrefund",
                    ),
                ),
            ],
            options={
                "db_table": "orders_chargeback",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("chargeback_id", "order"), name="order_chargeback_once"
                    ),
                    models.CheckConstraint(
                        condition=Q(("amount__gte", 0)), name="order_chargeback_amount"
                    ),
                ],
            },
        ),
    )
