import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from banyan.kernel.migrations._constraints import add_check
from banyan.kernel.migrations._references import add_reference
from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("community", "0008_posts"),
        ("market", "0001_initial"),
        ("people", "0006_member_sounds"),
        ("standing", "0001_initial"),
    ]

    operations = at_once(
        add_reference(
            "board",
            "cover",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="community.post",
            ),
            table="community_board",
            to="community_post",
        ),
        add_reference(
            "boardpost",
            "added_by",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
            table="community_boardpost",
            to="people_account",
        ),
        migrations.AddField(
            model_name="boardpost",
            name="place",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="comment",
            name="likes",
            field=models.IntegerField(db_default=0, default=0),
        ),
        add_reference(
            "post",
            "accepted",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="community.comment",
            ),
            table="community_post",
            to="community_comment",
        ),
        migrations.AddField(
            model_name="post",
            name="declared",
            field=models.CharField(blank=True, db_default="", default="", max_length=5),
        ),
        add_reference(
            "post",
            "listing",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="posts",
                to="market.listing",
            ),
            table="community_post",
            to="market_listing",
        ),
        add_reference(
            "post",
            "pinned",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="community.comment",
            ),
            table="community_post",
            to="community_comment",
        ),
        add_reference(
            "post",
            "review",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="posts",
                to="standing.review",
            ),
            table="community_post",
            to="standing_review",
        ),
        migrations.AddField(
            model_name="postimage",
            name="focus_x",
            field=models.SmallIntegerField(db_default=500, default=500),
        ),
        migrations.AddField(
            model_name="postimage",
            name="focus_y",
            field=models.SmallIntegerField(db_default=500, default=500),
        ),
        *add_check(
            "postimage",
            models.CheckConstraint(
                condition=models.Q(
                    ("focus_x__gte", 0),
                    ("focus_x__lte", 1000),
                    ("focus_y__gte", 0),
                    ("focus_y__lte", 1000),
                ),
                name="post_image_focus",
            ),
        ),
        add_reference(
            "post",
            "preview",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="community.linkpreview",
            ),
            table="community_post",
            to="community_linkpreview",
        ),
        *add_check(
            "post",
            models.CheckConstraint(
                condition=models.Q(("declared__in", ["", "paid", "gift"])),
                name="post_declared_known",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "post_review_once"'
                    ' ON "community_post" ("review_id")'
                    ' WHERE "deleted_at" IS NULL AND "review_id" IS NOT NULL',
                    'DROP INDEX CONCURRENTLY IF EXISTS "post_review_once"',
                )
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name="post",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("deleted_at", None), ("review__isnull", False)),
                        fields=("review",),
                        name="post_review_once",
                    ),
                ),
            ],
        ),
    )
