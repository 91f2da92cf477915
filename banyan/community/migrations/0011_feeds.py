"""What feeds keep: how far somebody has read, and ranked feeds for two hours."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import banyan.kernel.ids

from banyan.kernel.migrations._together import at_once

# A ranked feed is worth two hours: it need not survive a crash, so it is not written twice.
UNLOGGED = "ALTER TABLE community_feedsession SET UNLOGGED"


class Migration(migrations.Migration):
    dependencies = [
        ("community", "0010_post_video"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = at_once(
        migrations.CreateModel(
            name="FeedMarker",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("feed", models.CharField(max_length=12)),
                ("seen_id", models.BigIntegerField()),
                ("moved_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "community_feedmarker",
                "constraints": [
                    models.UniqueConstraint(fields=("account", "feed"), name="marker_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="FeedSession",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                (
                    "post_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
                (
                    "reasons",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=12), size=None
                    ),
                ),
                ("made_at", models.DateTimeField()),
                (
                    "viewer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "community_feedsession",
                "indexes": [models.Index(fields=["made_at"], name="feed_session_age")],
            },
        ),
        migrations.RunSQL(UNLOGGED, migrations.RunSQL.noop),
    )
