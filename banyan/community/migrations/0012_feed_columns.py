"""Where posts are from, and what is liked now; the feed's index tells of groups too."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

from banyan.kernel.migrations._together import at_once

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

    dependencies = [("community", "0011_feeds")]

    operations = at_once(
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
    )
