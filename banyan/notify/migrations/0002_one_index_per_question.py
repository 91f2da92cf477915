"""Drop indexes that begin like another one, or serve searches that nobody makes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from banyan.kernel.migrations._indexes import drop_index


class Migration(migrations.Migration):
    """Every row that is written had to be entered there too."""

    atomic = False  # the tables are in use

    dependencies = [
        ("notify", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("kernel", "0001_initial"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                drop_index(
                    "notify_notification_recipient_id_07222ca5",
                    "notify_notification (recipient_id)",
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="notification",
                    name="recipient",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        )
    ]
