"""The feed's index carries what the feed asks, and posts know the likes they had before."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

from banyan.kernel.migrations._together import at_once

COUNT = """
INSERT INTO community_poststat (post_id, likes, comments, saves, repins)
SELECT p.id,
  (SELECT count(*) FROM community_like l WHERE l.post_id = p.id),
  (SELECT count(*) FROM community_comment c WHERE c.post_id = p.id AND c.deleted_at IS NULL),
  (SELECT count(*) FROM community_boardpost b WHERE b.post_id = p.id),
  (SELECT count(*) FROM community_post r WHERE r.repin_of_id = p.id AND r.deleted_at IS NULL)
FROM community_post p
ON CONFLICT (post_id) DO UPDATE SET likes = excluded.likes, comments = excluded.comments,
  saves = excluded.saves, repins = excluded.repins
"""


class Migration(migrations.Migration):
    atomic = False  # an index of a table in use is built beside the old one

    dependencies = [("community", "0003_existing_words")]

    operations = at_once(
        RemoveIndexConcurrently(model_name="post", name="post_author_live"),
        AddIndexConcurrently(
            model_name="post",
            index=models.Index(
                fields=["author", "-id"],
                name="post_author_live",
                condition=models.Q(("deleted_at", None), ("state", 1)),
                include=["visibility", "repin_of"],
            ),
        ),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
    )
