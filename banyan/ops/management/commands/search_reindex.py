"""``search_reindex``: write all search words anew."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from banyan.catalog import actions as catalog
from banyan.community import actions as community
from banyan.people import actions as people


class Command(BaseCommand):
    """Write the search words of goods, shops, posts and members anew; safe while people search."""

    help = "Write the search words of goods, shops, posts and members anew."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        for what, reindex in (
            ("products", catalog.reindex_products),
            ("shops", catalog.reindex_shops),
            ("posts", community.reindex_posts),
            ("members", people.reindex_accounts),
        ):
            self.stdout.write(f"{reindex()} {what}")
        catalog.lift_sold()
        for count in (catalog.count_words, community.count_words, people.count_words):
            count()
