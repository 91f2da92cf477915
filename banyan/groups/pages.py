"""What storefronts ask of groups: who keeps their page, and who may earn from it."""

from __future__ import annotations

from banyan.kernel.actors import Actor

from .access import is_member, leads, membership_of


class Pages:
    """``storefronts.ports.GroupPages``, by the members of this moment."""

    def keeps(self, actor: Actor, group_id: int) -> bool:
        """Owners and moderators do."""
        return leads(actor, group_id)

    def owns(self, actor: Actor, group_id: int) -> bool:
        """Owners do."""
        mine = membership_of(actor, group_id)
        return mine is not None and mine.role == "owner"

    def belongs(self, account_id: int, group_id: int) -> bool:
        """Members do."""
        return is_member(Actor(kind="member", id=account_id), group_id)
