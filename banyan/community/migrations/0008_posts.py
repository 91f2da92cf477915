import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import banyan.kernel.ids
from banyan.kernel.migrations._constraints import add_check
from banyan.kernel.migrations._references import add_reference


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("community", "0007_groups"),
        ("groups", "0001_initial"),
        ("market", "0001_initial"),
        ("media", "0001_initial"),
        ("people", "0006_member_sounds"),
        ("sharing", "0001_initial"),
        ("standing", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BoardMember",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("state", models.SmallIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "community_boardmember",
            },
        ),
        migrations.CreateModel(
            name="CommentLike",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "community_commentlike",
            },
        ),
        migrations.CreateModel(
            name="FeedChoice",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("paid", models.CharField(default="usual", max_length=6)),
            ],
            options={
                "db_table": "community_feedchoice",
            },
        ),
        migrations.CreateModel(
            name="LinkPreview",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("url", models.CharField(max_length=500, unique=True)),
                ("state", models.SmallIntegerField(default=0)),
                ("title", models.CharField(blank=True, default="", max_length=200)),
                ("description", models.CharField(blank=True, default="", max_length=300)),
                ("site", models.CharField(blank=True, default="", max_length=253)),
                ("tries", models.SmallIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("fetched_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "community_linkpreview",
            },
        ),
        migrations.CreateModel(
            name="Mention",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("handle", models.CharField(max_length=30)),
                ("told_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "community_mention",
            },
        ),
        migrations.CreateModel(
            name="Poll",
            fields=[
                (
                    "post",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="poll",
                        serialize=False,
                        to="community.post",
                    ),
                ),
                ("closes_at", models.DateTimeField()),
            ],
            options={
                "db_table": "community_poll",
            },
        ),
        migrations.CreateModel(
            name="PollOption",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("position", models.SmallIntegerField()),
                ("text", models.CharField(max_length=60)),
                ("votes", models.IntegerField(default=0)),
            ],
            options={
                "db_table": "community_polloption",
            },
        ),
        migrations.CreateModel(
            name="PollVote",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "community_pollvote",
            },
        ),
        migrations.CreateModel(
            name="PostDraft",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("form", models.JSONField()),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "db_table": "community_postdraft",
            },
        ),
        migrations.CreateModel(
            name="PostEdit",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("title", models.CharField(blank=True, default="", max_length=120)),
                ("body", models.TextField(blank=True, default="")),
                ("visibility", models.SmallIntegerField()),
                ("until", models.DateTimeField()),
            ],
            options={
                "db_table": "community_postedit",
            },
        ),
        migrations.CreateModel(
            name="PostTopic",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
            ],
            options={
                "db_table": "community_posttopic",
            },
        ),
        migrations.CreateModel(
            name="Topic",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("slug", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=40)),
                ("is_usable", models.BooleanField(default=True)),
                ("is_listable", models.BooleanField(default=True)),
                ("is_trendable", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "community_topic",
            },
        ),
        migrations.CreateModel(
            name="TopicFollow",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "community_topicfollow",
            },
        ),
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
        migrations.AddField(
            model_name="boardmember",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="shared_boards",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="boardmember",
            name="board",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="members",
                to="community.board",
            ),
        ),
        migrations.AddField(
            model_name="commentlike",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="commentlike",
            name="comment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="liked",
                to="community.comment",
            ),
        ),
        migrations.AddIndex(
            model_name="linkpreview",
            index=models.Index(
                condition=models.Q(("state", 0)), fields=["id"], name="preview_waiting"
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
        migrations.AddField(
            model_name="mention",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="mention",
            name="comment",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="mentions",
                to="community.comment",
            ),
        ),
        migrations.AddField(
            model_name="mention",
            name="post",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="mentions",
                to="community.post",
            ),
        ),
        migrations.AddField(
            model_name="polloption",
            name="poll",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="options",
                to="community.poll",
            ),
        ),
        migrations.AddField(
            model_name="pollvote",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="pollvote",
            name="option",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="community.polloption",
            ),
        ),
        migrations.AddField(
            model_name="pollvote",
            name="poll",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="votes",
                to="community.poll",
            ),
        ),
        migrations.AddField(
            model_name="postdraft",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="drafts",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="postedit",
            name="post",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="edits",
                to="community.post",
            ),
        ),
        migrations.AddField(
            model_name="posttopic",
            name="post",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="topics",
                to="community.post",
            ),
        ),
        migrations.CreateModel(
            name="TopicHeat",
            fields=[
                (
                    "topic",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="heat",
                        serialize=False,
                        to="community.topic",
                    ),
                ),
                ("people", models.IntegerField()),
                ("new", models.IntegerField()),
                ("posts", models.IntegerField()),
                ("score", models.IntegerField()),
                ("counted_at", models.DateTimeField()),
            ],
            options={
                "db_table": "community_topicheat",
            },
        ),
        migrations.AddField(
            model_name="posttopic",
            name="topic",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="entries",
                to="community.topic",
            ),
        ),
        migrations.AddField(
            model_name="topicfollow",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="topicfollow",
            name="topic",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="follows",
                to="community.topic",
            ),
        ),
        migrations.AddConstraint(
            model_name="boardmember",
            constraint=models.UniqueConstraint(
                fields=("board", "account"), name="board_member_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="commentlike",
            constraint=models.UniqueConstraint(
                fields=("comment", "account"), name="comment_like_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="mention",
            constraint=models.UniqueConstraint(
                fields=("post", "comment", "account"), name="mention_once", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="polloption",
            constraint=models.UniqueConstraint(
                fields=("poll", "position"), name="poll_option_position"
            ),
        ),
        migrations.AddConstraint(
            model_name="pollvote",
            constraint=models.UniqueConstraint(fields=("poll", "account"), name="poll_vote_once"),
        ),
        migrations.AddIndex(
            model_name="topicheat",
            index=models.Index(fields=["-score", "topic"], name="topic_hottest"),
        ),
        migrations.AddIndex(
            model_name="posttopic",
            index=models.Index(fields=["topic", "-post"], name="topic_newest"),
        ),
        migrations.AddConstraint(
            model_name="posttopic",
            constraint=models.UniqueConstraint(fields=("post", "topic"), name="post_topic_once"),
        ),
        migrations.AddConstraint(
            model_name="topicfollow",
            constraint=models.UniqueConstraint(
                fields=("account", "topic"), name="topic_follow_once"
            ),
        ),
    ]
