"""Drop indexes that begin like another one, or serve searches that nobody makes."""

import django.db.models.deletion
from django.db import migrations, models

from banyan.kernel.migrations._indexes import drop_index


class Migration(migrations.Migration):
    """Every row that is written had to be entered there too."""

    atomic = False  # the tables are in use

    dependencies = [
        ("payments", "0002_count_repeated_messages"),
        ("kernel", "0001_initial"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                drop_index("payments_attempt_intent_id_af8dd2f2", "payments_attempt (intent_id)"),
                drop_index(
                    "payments_providermessage_intent_id_d2ecf0b6",
                    "payments_providermessage (intent_id)",
                ),
                drop_index(
                    "payments_intent_token_fe480e93_like",
                    "payments_intent (token varchar_pattern_ops)",
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="attempt",
                    name="intent",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attempts",
                        to="payments.intent",
                    ),
                ),
                migrations.AlterField(
                    model_name="providermessage",
                    name="intent",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="payments.intent",
                    ),
                ),
            ],
        )
    ]
