"""Who belongs to a group."""

from __future__ import annotations

from django.db.models import F
from django.db.models.functions import Greatest

from banyan.kernel.personal import Erase, Person, holds, names_nobody

from .models import Group, Membership

MEMBER = 1


def _leave(person: Person) -> None:
    """Take somebody out of every group; nobody who owns a living one alone comes so far."""
    mine = Membership.objects.filter(account_id=person.account_id or 0).order_by("group_id")
    for row in mine:
        if row.state == MEMBER:
            owners = 1 if row.role == "owner" else 0
            Group.objects.filter(pk=row.group_id).update(
                members=F("members") - 1,
                # A group that is closed keeps the number of its last owner.
                owners=Greatest(F("owners") - owners, 1),
            )
        row.delete()


holds(
    "groups.Membership", Erase.DELETE, "As long as somebody belongs to it.",
    owner=("account_id",), act=_leave,
)  # fmt: skip
holds("groups.Invitation", Erase.DELETE, "Until it runs out.", owner=("by_id",))
holds("groups.Pick", Erase.PSEUDONYM, "As long as the group shows it.", owner=("by_id",))
holds("groups.Offer", Erase.BLANK, "As long as the group.", owner=("by_id",), fields=("note",))
holds("groups.Notice", Erase.DELETE, "As long as the account.", owner=("account_id",))
names_nobody("groups.Group")
