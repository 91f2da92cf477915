"""Drop indexes that begin like another one, or serve searches that nobody makes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from banyan.kernel.migrations._indexes import drop_index


class Migration(migrations.Migration):
    """Every row that is written had to be entered there too."""

    atomic = False  # the tables are in use

    dependencies = [
        ("earnings", "0001_initial"),
        ("orders", "0002_phone_tails"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("kernel", "0001_initial"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                drop_index("earnings_commission_line_id_e9d2bea3", "earnings_commission (line_id)"),
                drop_index(
                    "earnings_commission_payee_id_73fdcc53", "earnings_commission (payee_id)"
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="commission",
                    name="line",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commissions",
                        to="orders.orderline",
                    ),
                ),
                migrations.AlterField(
                    model_name="commission",
                    name="payee",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commissions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        )
    ]
