"""What storefronts ask of the floors above: who keeps the page of a group."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import ImproperlyConfigured

from banyan.kernel.actors import Actor

Keeps = Callable[[Actor, int], bool]
"""Takes actor and group id: may they choose what is on the group's page?"""

_keeps: list[Keeps] = []


def register_keepers(keeps: Keeps) -> None:
    """Say who keeps a group's page. Called in ``AppConfig.ready()``; the last one counts."""
    _keeps[:] = [keeps]


def keeps(actor: Actor, group_id: int) -> bool:
    """Tell whether the actor may choose what is on the page of a group."""
    if not _keeps:
        raise ImproperlyConfigured("nobody says who keeps the page of a group")
    return _keeps[0](actor, group_id)
