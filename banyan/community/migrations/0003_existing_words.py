"""Give the posts that are there already their search words."""

from django.db import migrations

from banyan.kernel import search

PIECE = 500


def index_posts(apps, schema_editor):
    Post = apps.get_model("community", "Post")
    words = apps.get_model("community", "PostWords")
    after = 0
    while piece := list(
        Post.objects.filter(pk__gt=after, repin_of=None).order_by("pk")[:PIECE]
    ):
        after = piece[-1].pk
        texts = {post.pk: [("A", post.title), ("C", post.body)] for post in piece}
        search.write(words, "post_id", texts)


class Migration(migrations.Migration):
    dependencies = [("community", "0002_post_words")]
    operations = [migrations.RunPython(index_posts, migrations.RunPython.noop)]
