"""Ready-made groups, made by the public actions."""

from __future__ import annotations

import itertools
from typing import Any

from banyan.groups import actions as groups
from banyan.groups.models import Group, Membership
from banyan.kernel.actors import Actor
from banyan.people.models import Account
from tests.support import factories as make

_count = itertools.count(1)


def group(owner: Account | None = None, **values: Any) -> Group:
    """Return a new group; ``values`` are those of ``GroupInput``, and ``slug``."""
    number = next(_count)
    slug = values.pop("slug", f"circle-{number}")
    data = groups.GroupInput(**({"name": f"Circle {number}"} | values))
    return groups.make_group(actor=make.actor(owner or make.member()), slug=slug, data=data)


def founder(circle: Group) -> Account:
    """Return its first owner."""
    mine = Membership.objects.select_related("account").filter(group=circle, role="owner")
    return mine.order_by("id")[0].account


def owner_of(circle: Group) -> Actor:
    """Return its first owner as an actor."""
    return make.actor(founder(circle))


def joined(circle: Group, who: Account | None = None, *, wants_offers: bool = False) -> Account:
    """Let somebody join an open group."""
    who = who or make.member()
    groups.join(actor=make.actor(who), group_id=circle.pk, wants_offers=wants_offers)
    return who


def counted(circle: Group) -> tuple[int, int]:
    """Return the group's counters as they stand: members and owners."""
    circle.refresh_from_db()
    return circle.members, circle.owners


def recounted(circle: Group) -> tuple[int, int]:
    """Return what the counters should say, by the rows."""
    rows = Membership.objects.filter(group=circle, state=1)
    return rows.count(), rows.filter(role="owner").count()
