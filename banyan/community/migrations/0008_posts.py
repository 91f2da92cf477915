import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import banyan.kernel.ids

from banyan.kernel.migrations._together import at_once


class Migration(migrations.Migration):
    dependencies = [
        ("community", "0007_groups"),
        ("groups", "0001_initial"),
        ("market", "0001_initial"),
        ("media", "0001_initial"),
        ("people", "0006_member_sounds"),
        ("people", "__first__"),
        ("sharing", "0001_initial"),
        ("standing", "0001_initial"),
    ]

    operations = at_once(
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
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", 0)), fields=["id"], name="preview_waiting"
                    )
                ],
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
            name="BoardMember",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("state", models.SmallIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shared_boards",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "board",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="community.board",
                    ),
                ),
            ],
            options={
                "db_table": "community_boardmember",
                "constraints": [
                    models.UniqueConstraint(fields=("board", "account"), name="board_member_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="CommentLike",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "comment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="liked",
                        to="community.comment",
                    ),
                ),
            ],
            options={
                "db_table": "community_commentlike",
                "constraints": [
                    models.UniqueConstraint(fields=("comment", "account"), name="comment_like_once")
                ],
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
            name="Mention",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("handle", models.CharField(max_length=30)),
                ("told_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "comment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mentions",
                        to="community.comment",
                    ),
                ),
                (
                    "post",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mentions",
                        to="community.post",
                    ),
                ),
            ],
            options={
                "db_table": "community_mention",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("post", "comment", "account"),
                        name="mention_once",
                        nulls_distinct=False,
                    )
                ],
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
                (
                    "poll",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="options",
                        to="community.poll",
                    ),
                ),
            ],
            options={
                "db_table": "community_polloption",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("poll", "position"), name="poll_option_position"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PollVote",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "option",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="community.polloption",
                    ),
                ),
                (
                    "poll",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="votes",
                        to="community.poll",
                    ),
                ),
            ],
            options={
                "db_table": "community_pollvote",
                "constraints": [
                    models.UniqueConstraint(fields=("poll", "account"), name="poll_vote_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="PostDraft",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("form", models.JSONField()),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="drafts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
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
                (
                    "post",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="edits",
                        to="community.post",
                    ),
                ),
            ],
            options={
                "db_table": "community_postedit",
            },
        ),
        migrations.CreateModel(
            name="PostTopic",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                (
                    "post",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="topics",
                        to="community.post",
                    ),
                ),
                (
                    "topic",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="community.topic",
                    ),
                ),
            ],
            options={
                "db_table": "community_posttopic",
                "indexes": [models.Index(fields=["topic", "-post"], name="topic_newest")],
                "constraints": [
                    models.UniqueConstraint(fields=("post", "topic"), name="post_topic_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="TopicFollow",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "topic",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="follows",
                        to="community.topic",
                    ),
                ),
            ],
            options={
                "db_table": "community_topicfollow",
                "constraints": [
                    models.UniqueConstraint(fields=("account", "topic"), name="topic_follow_once")
                ],
            },
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
                "indexes": [models.Index(fields=["-score", "topic"], name="topic_hottest")],
            },
        ),
    )
