import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Lower

import banyan.kernel.ids

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    dependencies = [("people", "0009_own_sides")]

    operations = at_once(
        migrations.CreateModel(
            name="FormerHandle",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("handle", models.CharField(max_length=30, unique=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="former_handles",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("left_at", models.DateTimeField()),
            ],
            options={
                "db_table": "people_formerhandle",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(handle=Lower("handle")), name="former_handle_low"
                    )
                ],
            },
        ),
    )
