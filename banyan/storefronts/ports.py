"""What storefronts ask of the floors above: who keeps the page of a group, and who may earn."""

from __future__ import annotations

from typing import Protocol

from django.core.exceptions import ImproperlyConfigured

from banyan.kernel.actors import Actor


class GroupPages(Protocol):
    """What is known of the groups whose pages there are."""

    def keeps(self, actor: Actor, group_id: int) -> bool:
        """Tell whether the actor may choose what is on the group's page."""

    def owns(self, actor: Actor, group_id: int) -> bool:
        """Tell whether the actor may choose who earns from it."""

    def belongs(self, account_id: int, group_id: int) -> bool:
        """Tell whether an account is a member, and so may be chosen."""


_groups: list[GroupPages] = []


def register_groups(groups: GroupPages) -> None:
    """Say who knows of groups. Called in ``AppConfig.ready()``; the last one counts."""
    _groups[:] = [groups]


def groups() -> GroupPages:
    """Return who knows of groups; ImproperlyConfigured when nobody does."""
    if not _groups:
        raise ImproperlyConfigured("nobody says who keeps the page of a group")
    return _groups[0]
