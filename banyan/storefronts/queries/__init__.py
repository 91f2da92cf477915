"""Reads for pages, API and the floors above, each with a fixed number of statements."""

from .pages import Shown, listed_ids, mine, offers_of, pool_items, sellable, supplied_by
from .prices import Taken, owners_of, taken_offers

__all__ = [
    "Shown",
    "Taken",
    "listed_ids",
    "mine",
    "offers_of",
    "owners_of",
    "pool_items",
    "sellable",
    "supplied_by",
    "taken_offers",
]
