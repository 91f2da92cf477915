"""A link can be made for one room: each room has a link of its own, beside the one for everywhere."""

from django.db import migrations, models
from django.db.models import Q

from banyan.kernel.migrations._together import at_once

OLD = "owner_id, target_kind, target_id, parent_id"
CONDITION = "NULLS NOT DISTINCT WHERE revoked_at IS NULL"


class Migration(migrations.Migration):
    """Outside a transaction: the new index is there before the old one goes."""

    atomic = False

    dependencies = [("sharing", "0001_initial")]

    operations = at_once(
        migrations.AddField(
            model_name="link",
            name="place",
            field=models.CharField(blank=True, db_default="", default="", max_length=24),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "link_once_a_place"'
                    f" ON sharing_link ({OLD}, place) {CONDITION}",
                    'DROP INDEX CONCURRENTLY IF EXISTS "link_once_a_place"',
                ),
                migrations.RunSQL(
                    'DROP INDEX CONCURRENTLY IF EXISTS "link_once"',
                    'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "link_once"'
                    f" ON sharing_link ({OLD}) {CONDITION}",
                ),
            ],
            state_operations=[
                migrations.RemoveConstraint(model_name="link", name="link_once"),
                migrations.AddConstraint(
                    model_name="link",
                    constraint=models.UniqueConstraint(
                        fields=["owner", "target_kind", "target_id", "parent", "place"],
                        condition=Q(revoked_at=None),
                        name="link_once_a_place",
                        nulls_distinct=False,
                    ),
                ),
            ],
        ),
    )
