"""What groups ask of the floors above: which posts stand in a group."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import ImproperlyConfigured

from banyan.kernel.actors import Actor

StandsIn = Callable[[Actor, int, int], bool]
"""Takes viewer, post id and group id: does the viewer see this post, and is it in the group?"""

_stands_in: list[StandsIn] = []


def register_posts(stands_in: StandsIn) -> None:
    """Say which posts stand in a group. Called in ``AppConfig.ready()``; the last one counts."""
    _stands_in[:] = [stands_in]


def stands_in(viewer: Actor, post_id: int, group_id: int) -> bool:
    """Tell whether ``viewer`` sees the post and it stands in the group."""
    if not _stands_in:
        raise ImproperlyConfigured("nobody says which posts stand in a group")
    return _stands_in[0](viewer, post_id, group_id)
