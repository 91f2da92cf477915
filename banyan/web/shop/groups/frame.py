"""What every page of a group shows: its head, its tabs, and where the reader stands in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from banyan.groups.access import (
    MEMBER,
    MODERATORS,
    get_group_by_slug,
    reads_inside,
    standing_of,
)
from banyan.groups.models import Group, Membership
from banyan.kernel.problems import Problem
from banyan.media.queries import pictures
from banyan.web.ui import addresses
from banyan.web.ui.shapes import Tab

from ...http import actor


@dataclass(slots=True)
class Place:
    """A group as the reader meets it."""

    group: Group
    standing: Membership | None
    inside: bool
    context: dict[str, Any] = field(default_factory=dict)

    @property
    def mine(self) -> Membership | None:
        """The reader's membership, if they have one."""
        return self.standing if self.standing and self.standing.state == MEMBER else None

    @property
    def leads(self) -> bool:
        """Whether the reader is a moderator or owner."""
        return self.mine is not None and self.mine.role in MODERATORS

    @property
    def owns(self) -> bool:
        """Whether the reader is an owner."""
        return self.mine is not None and self.mine.role == "owner"


def place_of(request: HttpRequest, slug: str, tab: str = "") -> Place:
    """Return the group of an address with what its pages draw; NotFound like an unknown one."""
    who = actor(request)
    group = get_group_by_slug(who, slug)
    place = Place(group, standing_of(who, group.pk), reads_inside(who, group))
    place.context = {
        "nav": "groups",
        "group": group,
        "place": place,
        "cover": pictures([group.cover_id]).get(group.cover_id or 0),
        "tabs": _tabs(place, tab),
        "kind": kind_of(group),
    }
    return place


def kind_of(group: Group) -> str:
    """Return in words what a group is and who gets in."""
    policies = {
        "open": _("Anybody may join"),
        "request": _("Joining is asked for"),
        "invitation": _("By invitation"),
    }
    seen = {0: _("Public"), 1: _("Private"), 2: _("Secret")}
    return f"{seen[group.visibility]} · {policies[group.policy]}"


def _tabs(place: Place, current: str) -> list[Tab]:
    slug = place.group.slug
    names = [
        ("group", _("Posts"), None),
        ("group_shop", _("Shop"), None),
        ("group_members", _("Members"), place.group.members),
        ("group_rules", _("About"), None),
    ]
    if place.leads:
        names.append(("group_settings", _("Settings"), None))
    return [
        Tab(text=text, url=addresses.url(name, slug), current=name == current, count=count)
        for name, text, count in names
    ]


def role_words(role: str) -> str:
    """Return a role in words; owners of shops and members of the place have words of their own."""
    words = {
        "owner": _("Owner of the group"),
        "moderator": _("Moderator"),
        "member": _("Member of the group"),
    }
    return words[role]


def refused(problem: Problem) -> Problem:
    """Return a problem that a page can show; raise any other again."""
    if problem.status not in {403, 409, 422, 429}:
        raise problem
    return problem
