"""What sharing holds of people: the path of money stays, by number; visits go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet

from banyan.kernel.personal import Erase, Kept, holds, names_nobody

from .models import Link
from .spool.store import PENDING_LIFE

PATH = "As long as the orders that came through it: who earned, and why."


def links_near(account_id: int) -> QuerySet[Link]:
    """Return every link of the trees in which an account owns one: their paths may name it."""
    own = Link.objects.filter(owner_id=account_id)
    roots = {root or pk for pk, root in own.values_list("pk", "root_id")}
    return Link.objects.filter(Q(pk__in=roots) | Q(root_id__in=roots))


def unnamed(path: Sequence[dict[str, Any]], account_id: int) -> list[dict[str, Any]]:
    """Return a frozen path with an account's steps as a number only."""
    return [
        {**step, "handle": "", "name": ""} if step.get("owner") == str(account_id) else step
        for step in path
    ]


holds("sharing.Link", Erase.PSEUDONYM, PATH, owner=("owner_id",))
holds("sharing.Touch", Erase.BLANK, PATH, owner=("account_id",), fields=("visitor", "account_id"))
holds(
    "sharing.VisitorAccount", Erase.DELETE, "As long as the account.", owner=("account_id",),
    fields=("visitor",),
)  # fmt: skip
holds(
    "sharing.PendingConfirmation", Erase.DELETE, "An hour.", owner=("account_id",),
    fields=("visitor",), kept=Kept(PENDING_LIFE, ("at",)),
)  # fmt: skip
holds("sharing.Exposure", Erase.KEEP, "A browser's random name, of no account.",
      fields=("visitor",))  # fmt: skip
names_nobody("sharing.SpoolFile")
