"""The feed's index carries what the feed asks, so that it reads no post's row."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("community", "0001_initial")]

    operations = [
        migrations.RemoveIndex(model_name="post", name="post_author_live"),
        migrations.AddIndex(
            model_name="post",
            index=models.Index(
                fields=["author", "-id"],
                name="post_author_live",
                condition=models.Q(("deleted_at", None), ("state", 1)),
                include=["visibility", "repin_of"],
            ),
        ),
    ]
