import django.db.models.deletion
from django.db import migrations, models

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    atomic = False  # the tables are in use

    dependencies = [("orders", "0008_free_to_leave")]

    operations = at_once(
        migrations.AddField(
            model_name="legalentity",
            name="counts_with",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                db_index=False,
                db_constraint=False,
                to="orders.legalentity",
            ),
        ),
        migrations.AlterField(
            model_name="orderrefund",
            name="state",
            field=models.CharField(
                choices=[
                    ("requested", "requested"),
                    ("processing", "processing"),
                    ("failed", "failed"),
                    ("refused", "refused"),
                    ("succeeded", "succeeded"),
                    ("withdrawn", "withdrawn"),
                ],
                default="requested",
                max_length=10,
            ),
        ),
    )
