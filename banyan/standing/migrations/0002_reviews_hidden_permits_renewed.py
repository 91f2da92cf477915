from django.db import migrations, models

from banyan.kernel.migrations._together import at_once

MAKE = """
CREATE UNIQUE INDEX CONCURRENTLY permit_once_each
ON standing_permit (shop_id, category_id, state) NULLS NOT DISTINCT
WHERE state IN ('asked', 'granted')
"""
MAKE_OLD = """
CREATE UNIQUE INDEX CONCURRENTLY permit_once
ON standing_permit (shop_id, category_id) NULLS NOT DISTINCT
WHERE state IN ('asked', 'granted')
"""


class Migration(migrations.Migration):
    atomic = False  # the tables are in use

    dependencies = [("standing", "0001_initial")]

    operations = at_once(
        migrations.AddField(
            model_name="review",
            name="hidden_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="permit",
            name="state",
            field=models.CharField(
                choices=[
                    ("asked", "asked"),
                    ("granted", "granted"),
                    ("refused", "refused"),
                    ("withdrawn", "withdrawn"),
                    ("ended", "ended"),
                ],
                default="asked",
                max_length=10,
            ),
        ),
        # Django makes and drops the index of a constraint under a lock; these take none for long.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(MAKE, "DROP INDEX CONCURRENTLY permit_once_each"),
                migrations.RunSQL("DROP INDEX CONCURRENTLY permit_once", MAKE_OLD),
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name="permit",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("state__in", ["asked", "granted"])),
                        fields=("shop", "category", "state"),
                        name="permit_once_each",
                        nulls_distinct=False,
                    ),
                ),
                migrations.RemoveConstraint(model_name="permit", name="permit_once"),
            ],
        ),
    )
