import banyan.kernel.ids
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("media", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Video",
            fields=[
                ("id", banyan.kernel.ids.IdField(primary_key=True, serialize=False)),
                ("owner_id", models.BigIntegerField()),
                ("fmt", models.CharField(max_length=4)),
                ("file", models.CharField(max_length=200)),
                ("name", models.CharField(blank=True, default="", max_length=120)),
                ("bytes", models.BigIntegerField()),
                ("created_at", models.DateTimeField()),
                ("kept_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "media_video",
                "indexes": [
                    models.Index(
                        condition=models.Q(("kept_at", None)), fields=["id"], name="video_unkept"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("fmt__in", ["mp4", "webm"])), name="video_format"
                    )
                ],
            },
        ),
    ]
