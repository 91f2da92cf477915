"""A post is shown on once by the same person; a comment says why it is not there."""

from django.db import migrations, models

from banyan.kernel.migrations._together import at_once

# Of what somebody showed on twice at once, the first stays, and is counted.
FIRST = """
WITH gone AS (
  UPDATE community_post p SET deleted_at = now()
  WHERE p.repin_of_id IS NOT NULL AND p.deleted_at IS NULL AND EXISTS (
    SELECT 1 FROM community_post o WHERE o.author_id = p.author_id
      AND o.repin_of_id = p.repin_of_id AND o.deleted_at IS NULL AND o.id < p.id)
  RETURNING p.repin_of_id)
UPDATE community_poststat s SET repins = greatest(0, s.repins - g.n)
FROM (SELECT repin_of_id, count(*) AS n FROM gone GROUP BY repin_of_id) g
WHERE s.post_id = g.repin_of_id
"""
HELD = """
UPDATE community_comment c SET state = 4
WHERE c.deleted_at IS NOT NULL AND EXISTS (
  SELECT 1 FROM moderation_case k WHERE k.subject_kind = 'comment' AND k.subject_id = c.id
    AND k.source = 'filter' AND k.state = 'open')
"""
HIDDEN = """
UPDATE community_comment c SET state = 2
WHERE c.deleted_at IS NOT NULL AND (EXISTS (
    SELECT 1 FROM moderation_case k JOIN moderation_decision d ON d.case_id = k.id
    WHERE k.subject_kind = 'comment' AND k.subject_id = c.id AND d.hidden)
  OR EXISTS (
    SELECT 1 FROM moderation_rightsnotice n WHERE n.subject_kind = 'comment'
      AND n.subject_id = c.id AND n.state IN ('taken_down', 'countered')))
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("community", "0012_feed_columns"),
        ("moderation", "0001_initial"),
    ]

    operations = at_once(
        migrations.AddField(
            model_name="comment",
            name="state",
            field=models.SmallIntegerField(default=1, db_default=1),
        ),
        migrations.RunSQL(HELD, migrations.RunSQL.noop),
        migrations.RunSQL(HIDDEN, migrations.RunSQL.noop),
        migrations.RunSQL(FIRST, migrations.RunSQL.noop),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "post_repin_once"'
                    ' ON "community_post" ("author_id", "repin_of_id")'
                    ' WHERE "deleted_at" IS NULL AND "repin_of_id" IS NOT NULL',
                    'DROP INDEX CONCURRENTLY IF EXISTS "post_repin_once"',
                )
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name="post",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("deleted_at", None), ("repin_of__isnull", False)),
                        fields=("author", "repin_of"),
                        name="post_repin_once",
                    ),
                ),
            ],
        ),
    )
