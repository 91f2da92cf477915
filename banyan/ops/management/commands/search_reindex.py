"""``search_reindex``: write all search words anew."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from banyan.catalog.actions import reindex_products
from banyan.community.actions import reindex_posts
from banyan.people.actions import reindex_accounts


class Command(BaseCommand):
    """Write the search words of goods, posts and members anew; safe while people search."""

    help = "Write the search words of goods, posts and members anew."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        for what, reindex in (
            ("products", reindex_products),
            ("posts", reindex_posts),
            ("members", reindex_accounts),
        ):
            self.stdout.write(f"{reindex()} {what}")
