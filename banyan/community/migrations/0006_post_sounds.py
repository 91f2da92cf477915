"""Let posts with Chinese titles be found by their sound, and frequent words from the top."""

from django.db import migrations

from banyan.kernel import search
from banyan.kernel.migrations._search import alone, index_standing
from banyan.kernel.migrations._together import at_once

PIECE = 500
CHINESE = "[\u3400-\u4dbf\u4e00-\u9fff]"


def index_posts(apps, schema_editor):
    Post = apps.get_model("community", "Post")
    words = apps.get_model("community", "PostWords")
    rows = Post.objects.filter(repin_of=None, title__regex=CHINESE)
    after = 0
    while piece := list(rows.filter(pk__gt=after).order_by("pk")[:PIECE]):
        after = piece[-1].pk
        search.write(words, "post_id", {p.pk: [("A", p.title), ("C", p.body)] for p in piece})


class Migration(migrations.Migration):
    atomic = False  # piece by piece, and the index beside the table in use

    dependencies = [("community", "0005_post_boost"), ("kernel", "0003_search_words")]

    operations = at_once(
        alone("community_postwords"),
        index_standing("post_words_standing", "community_postwords", "post_id"),
        migrations.RunPython(index_posts, migrations.RunPython.noop),
    )
