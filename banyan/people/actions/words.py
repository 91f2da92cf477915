"""The search words of members; written wherever a handle or a name is."""

from __future__ import annotations

from collections.abc import Sequence

from banyan.kernel import search
from banyan.kernel.actors import Actor

from ..access import visible_accounts
from ..models import Account, AccountWords

PIECE = 500


def index_accounts(accounts: Sequence[Account]) -> None:
    """Write the search words of ``accounts``: handle and name. Repeatable."""
    search.write(
        AccountWords,
        "account_id",
        {one.pk: [("A", f"{one.handle} {one.display_name}")] for one in accounts},
    )


def reindex_accounts() -> int:
    """Write the search words of every member anew, piece by piece. Returns how many."""
    count, after = 0, 0
    while piece := list(Account.objects.filter(pk__gt=after).order_by("pk")[:PIECE]):
        index_accounts(piece)
        count, after = count + len(piece), piece[-1].pk
    return count


def count_words() -> int:
    """Count the words of members whom everybody may see (``search.count``). Repeatable."""
    return search.count(visible_accounts(Actor.guest()), "words")
