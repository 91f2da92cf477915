"""Who belongs to a group."""

from __future__ import annotations

from django.db.models import OuterRef, QuerySet

from .models import Membership

ASKED, MEMBER, BANNED = 0, 1, 2


def memberships_of(account_id: int, group: str) -> QuerySet[Membership]:
    """Return the membership of an account in the group that the outer field ``group`` names.

    Empty in a group that is closed. For ``Exists``.
    """
    return Membership.objects.filter(
        group_id=OuterRef(group), account_id=account_id, state=MEMBER, group__closed_at=None
    )
