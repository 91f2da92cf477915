import django.contrib.postgres.operations
import django.db.models.deletion
from django.db import migrations, models

from banyan.kernel.migrations._constraints import add_check
from banyan.kernel.migrations._references import add_reference
from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("community", "0006_post_sounds"),
        ("groups", "0001_initial"),
    ]

    operations = at_once(
        add_reference(
            "post",
            "group",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="posts",
                to="groups.group",
            ),
            table="community_post",
            to="groups_group",
        ),
        migrations.AddField(
            model_name="post",
            name="kind",
            field=models.CharField(db_default="note", default="note", max_length=8),
        ),
        django.contrib.postgres.operations.AddIndexConcurrently(
            model_name="post",
            index=models.Index(
                condition=models.Q(deleted_at=None, state=1, group__isnull=False),
                fields=["group", "-id"],
                name="post_group_live",
            ),
        ),
        *add_check(
            "post",
            models.CheckConstraint(
                condition=~models.Q(visibility=4) | models.Q(group__isnull=False),
                name="post_group_audience",
            ),
        ),
        *add_check(
            "post",
            models.CheckConstraint(
                condition=models.Q(kind__in=["note", "review", "question", "listing", "moment"]),
                name="post_kind_known",
            ),
        ),
    )
