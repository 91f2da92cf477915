"""Drop indexes that begin like another one, or serve searches that nobody makes."""

import django.db.models.deletion
from django.db import migrations, models

from banyan.kernel.migrations._indexes import drop_index


class Migration(migrations.Migration):
    """Every row that is written had to be entered there too."""

    atomic = False  # the tables are in use

    dependencies = [
        ("catalog", "0004_pictures_by_address"),
        ("kernel", "0001_initial"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                drop_index(
                    "catalog_stockmovement_stock_id_ca72cbdf", "catalog_stockmovement (stock_id)"
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="stockmovement",
                    name="stock",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="movements",
                        to="catalog.stock",
                    ),
                ),
            ],
        )
    ]
