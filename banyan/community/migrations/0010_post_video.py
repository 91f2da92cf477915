import django.db.models.deletion
from django.db import migrations, models

from banyan.kernel.migrations._references import add_reference


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("community", "0009_post_columns"),
        ("media", "0002_video"),
    ]

    operations = [
        add_reference(
            "post",
            "video",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="media.video",
            ),
            table="community_post",
            to="media_video",
        ),
    ]
