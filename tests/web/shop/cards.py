"""Posts with a buy card, made by the public actions."""

from __future__ import annotations

from banyan.catalog.models import Product
from banyan.community import actions as community
from banyan.community.models import Post
from banyan.people.models import Account
from tests.community import posts


def tagged_post(author: Account, product: Product) -> Post:
    """Return a post whose one picture shows the product."""
    tag = community.Tag(0, product.pk, 500, 500)
    return posts.post(author, body="look", tags=[tag])
