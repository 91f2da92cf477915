"""Feeds: what they keep, where posts are from, what is liked now; the index tells of groups too."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

import banyan.kernel.ids

# A ranked feed is worth two hours: it need not survive a crash, so it is not written twice.
UNLOGGED = "ALTER TABLE community_feedsession SET UNLOGGED"
PLACE = """
UPDATE community_post p SET region = f.region FROM people_profile f
WHERE f.account_id = p.author_id AND f.region <> '' AND p.visibility = 0 AND p.repin_of_id IS NULL
"""
WARM = """
UPDATE community_poststat
SET heat = log(greatest(1, likes + 2 * comments + 3 * saves + 3 * repins))
  + (post_id >> 22) / 45000000.0
WHERE likes + comments + saves + repins > 0
"""


class Migration(migrations.Migration):
    atomic = False  # indexes of tables in use are built beside the old ones

    dependencies = [
        ("community", "0010_post_video"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
        migrations.AddField(
            model_name="post",
            name="region",
            field=models.CharField(blank=True, db_default="", default="", max_length=12),
        ),
        migrations.AddField(
            model_name="poststat",
            name="heat",
            field=models.FloatField(db_default=0, default=0),
        ),
        migrations.RunSQL(PLACE, migrations.RunSQL.noop),
        migrations.RunSQL(WARM, migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="post",
            index=models.Index(
                fields=["author", "-id"],
                name="post_author_feed",
                condition=models.Q(("deleted_at", None), ("state", 1)),
                include=("visibility", "repin_of", "group"),
            ),
        ),
        RemoveIndexConcurrently(model_name="post", name="post_author_live"),
        AddIndexConcurrently(
            model_name="post",
            index=models.Index(
                fields=["region", "-id"],
                name="post_region_live",
                condition=models.Q(
                    ("deleted_at", None),
                    ("state", 1),
                    ("visibility", 0),
                    models.Q(("region", ""), _negated=True),
                ),
            ),
        ),
        AddIndexConcurrently(
            model_name="poststat", index=models.Index(fields=["-heat"], name="post_heat")
        ),
    ]
