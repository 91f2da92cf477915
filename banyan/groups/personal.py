"""Who belongs to a group, and what members did there."""

from __future__ import annotations

from banyan.kernel.personal import Erase, Person, holds, names_nobody

from .actions import leave_all

HERE = "As long as somebody belongs to it."


def _leave(person: Person) -> None:
    """Let the counters stay exact, and no group without an owner."""
    if person.account_id is not None:
        leave_all(account_id=person.account_id)


holds("groups.Membership", Erase.DELETE, HERE, owner=("account_id",), act=_leave)
holds("groups.Invitation", Erase.DELETE, HERE, owner=("by_id",))
holds("groups.Pick", Erase.DELETE, HERE, owner=("by_id",))
holds(
    "groups.Offer", Erase.BLANK, "As long as it stands in the group; figures of who bought.",
    owner=("by_id",), fields=("note",),
)  # fmt: skip
holds(
    "groups.Notice", Erase.DELETE, "As long as the offer, for its figures.", owner=("account_id",)
)
names_nobody("groups.Group")
