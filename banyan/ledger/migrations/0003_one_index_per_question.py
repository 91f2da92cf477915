"""Drop indexes that begin like another one, or serve searches that nobody makes."""

import django.db.models.deletion
from django.db import migrations, models

from banyan.kernel.migrations._indexes import drop_index


class Migration(migrations.Migration):
    """Every row that is written had to be entered there too."""

    atomic = False  # the tables are in use

    dependencies = [
        ("ledger", "0002_append_only"),
        ("kernel", "0001_initial"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                drop_index("ledger_posting_account_id_964f801d", "ledger_posting (account_id)"),
                drop_index(
                    "ledger_journal_key_4456eae4_like", "ledger_journal (key varchar_pattern_ops)"
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="posting",
                    name="account",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="ledger.account",
                    ),
                ),
            ],
        )
    ]
