import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("storefronts", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = at_once(
        migrations.AddField(
            model_name="storefront",
            name="group_id",
            field=models.BigIntegerField(null=True),
        ),
        # The new rule stands before the old one goes, and neither holds the table.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS storefront_once"
                    " ON storefronts_storefront (owner_id) WHERE group_id IS NULL",
                    "DROP INDEX CONCURRENTLY IF EXISTS storefront_once",
                ),
                migrations.RunSQL(
                    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS storefront_group_once"
                    " ON storefronts_storefront (group_id)",
                    migrations.RunSQL.noop,
                ),
                migrations.RunSQL(
                    "ALTER TABLE storefronts_storefront ADD CONSTRAINT storefront_group_once"
                    " UNIQUE USING INDEX storefront_group_once",
                    "ALTER TABLE storefronts_storefront DROP CONSTRAINT storefront_group_once",
                ),
                migrations.RunSQL(
                    "ALTER TABLE storefronts_storefront"
                    " DROP CONSTRAINT IF EXISTS storefronts_storefront_owner_id_key",
                    "ALTER TABLE storefronts_storefront"
                    " ADD CONSTRAINT storefronts_storefront_owner_id_key UNIQUE (owner_id)",
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="storefront",
                    name="owner",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="storefronts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                migrations.AddConstraint(
                    model_name="storefront",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("group_id", None)),
                        fields=("owner",),
                        name="storefront_once",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="storefront",
                    constraint=models.UniqueConstraint(
                        fields=("group_id",), name="storefront_group_once"
                    ),
                ),
            ],
        ),
    )
