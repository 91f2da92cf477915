import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Lower

import banyan.kernel.ids

from banyan.kernel.migrations._together import at_once

PERSON = {"on_delete": django.db.models.deletion.CASCADE, "to": settings.AUTH_USER_MODEL}


def key():
    return ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False))


class Migration(migrations.Migration):
    dependencies = [("people", "0006_member_sounds")]

    operations = at_once(
        migrations.AddField(
            model_name="account",
            name="approves_followers",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="account",
            name="is_suggested",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.CreateModel(
            name="Mute",
            fields=[
                key(),
                ("actor", models.ForeignKey(related_name="mutes", **PERSON)),
                ("kind", models.CharField(max_length=6)),
                ("target", models.ForeignKey(null=True, related_name="+", **PERSON)),
                ("words", models.CharField(blank=True, default="", max_length=60)),
                ("degree", models.SmallIntegerField(default=0)),
                ("expires_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "people_mute",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("actor", "kind", "target", "words"),
                        name="mute_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(kind="person", target__isnull=False, words="")
                        | (
                            models.Q(kind__in=["word", "topic"], target=None) & ~models.Q(words="")
                        ),
                        name="mute_of_one_thing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(degree__in=[0, 1]), name="mute_degree_known"
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(actor=models.F("target")), name="mute_not_self"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AccountList",
            fields=[
                key(),
                ("owner", models.ForeignKey(related_name="lists", **PERSON)),
                ("name", models.CharField(max_length=40)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "people_accountlist",
                "constraints": [
                    models.UniqueConstraint("owner", Lower("name"), name="list_name_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ListEntry",
            fields=[
                key(),
                (
                    "on",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="people.accountlist",
                    ),
                ),
                ("account", models.ForeignKey(related_name="+", **PERSON)),
                ("added_at", models.DateTimeField()),
            ],
            options={
                "db_table": "people_listentry",
                "constraints": [
                    models.UniqueConstraint(fields=("on", "account"), name="list_entry_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="BookDigest",
            fields=[
                key(),
                ("owner", models.ForeignKey(related_name="+", **PERSON)),
                ("digest", models.BinaryField(max_length=16)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "people_bookdigest",
                "constraints": [
                    models.UniqueConstraint(fields=("owner", "digest"), name="book_digest_once")
                ],
                "indexes": [models.Index(fields=["created_at"], name="book_digest_age")],
            },
        ),
        migrations.CreateModel(
            name="FoundByDigest",
            fields=[
                key(),
                ("account", models.ForeignKey(related_name="+", **PERSON)),
                ("digest", models.BinaryField(max_length=16)),
                ("key_tag", models.CharField(max_length=8)),
            ],
            options={
                "db_table": "people_foundbydigest",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("digest", "account"), name="found_by_digest_once"
                    )
                ],
            },
        ),
    )
