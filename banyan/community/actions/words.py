"""The search words of posts."""

from __future__ import annotations

from collections.abc import Sequence

from banyan.kernel import search
from banyan.kernel.actors import Actor

from ..access import visible_posts
from ..models import Post, PostWords

REINDEXED_AT_ONCE = 500


def index_posts(posts: Sequence[Post]) -> None:
    """Write the search words of ``posts``, inside the caller's transaction. Repeatable."""
    own = [post for post in posts if post.repin_of_id is None]
    search.write(
        PostWords, "post_id", {post.pk: [("A", post.title), ("C", post.body)] for post in own}
    )


def reindex_posts() -> int:
    """Write the search words of every post anew, piece by piece. Returns how many."""
    count, after = 0, 0
    while piece := list(Post.objects.filter(pk__gt=after).order_by("pk")[:REINDEXED_AT_ONCE]):
        index_posts(piece)
        count, after = count + len(piece), piece[-1].pk
    return count


def count_words() -> int:
    """Count the words of posts that everybody may see (``search.count``). Repeatable."""
    return search.count(visible_posts(Actor.guest()), "words")
