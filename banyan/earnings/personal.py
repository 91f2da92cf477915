"""What earnings hold of people: numbers of accounts."""

from __future__ import annotations

from banyan.kernel.personal import Erase, Person, holds, names_nobody
from banyan.sharing.personal import links_near, unnamed

from .actions.destinations import told
from .models import Commission

BOOKS = "At least ten years: who earned what, and why."


def _unname_paths(person: Person) -> None:
    """Leave a number where a sharer stood in the explanation of what others earned."""
    if person.account_id is None:
        return
    near = Commission.objects.filter(link__in=links_near(person.account_id)).order_by("id")
    for row in near.only("pk", "explanation"):
        path = row.explanation.get("path", [])
        plain = unnamed(path, person.account_id)
        if plain != path:
            told = {**row.explanation, "path": plain}
            Commission.objects.filter(pk=row.pk).update(explanation=told)


holds(
    "earnings.Commission", Erase.BLANK, BOOKS, owner=("payee_id",), fields=("explanation",),
    act=_unname_paths,
)  # fmt: skip
holds(
    "earnings.PayoutItem", Erase.PSEUDONYM, f"{BOOKS} Of an account by hand its last four signs.",
    owner=("payee_id",), fields=("place",),
)  # fmt: skip
holds(
    "earnings.Destination", Erase.DELETE,
    "As long as the account, until it is taken away, or its shop is somebody else's.",
    owner=("account_id", "said_by_id"), fields=("sealed",), opens={"sealed": told},
)  # fmt: skip
names_nobody("earnings.Plan", "earnings.PlanVersion", "earnings.PayoutBatch")
