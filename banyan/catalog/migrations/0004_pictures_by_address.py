"""Pictures of a product file are fetched by their addresses: when, how often, and of which line."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    atomic = False  # an index of a table in use is built beside it

    dependencies = [("catalog", "0003_existing_words")]

    operations = at_once(
        migrations.AddField(
            model_name="wantedpicture",
            name="line",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="wantedpicture",
            name="tries",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="wantedpicture",
            name="next_try_at",
            field=models.DateTimeField(null=True),
        ),
        AddIndexConcurrently(
            model_name="wantedpicture",
            index=models.Index(
                condition=models.Q(("next_try_at__isnull", False), ("state", "waiting")),
                fields=["next_try_at"],
                name="wanted_picture_due",
            ),
        ),
    )
