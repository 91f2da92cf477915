"""Who is told of what happens in a group."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from banyan.kernel import events
from banyan.kernel.events import Meta
from banyan.notify import kinds
from banyan.notify.actions import notify
from banyan.notify.kinds import Happening

from .access import MEMBER, MODERATORS
from .events import GroupAsked, GroupJoined, GroupRoleChanged
from .models import Group, Membership

CONSUMER = "groups.tell"


@events.subscribe(GroupAsked, consumer=CONSUMER)
def tell_moderators(event: GroupAsked, meta: Meta) -> None:
    """Tell who may let them in that somebody asks."""
    group = Group.objects.get(pk=event.group_id)
    rows = Membership.objects.filter(group=group, state=MEMBER, role__in=MODERATORS)
    for account_id in rows.values_list("account_id", flat=True):
        notify(
            recipient_id=account_id,
            kind="group.asked",
            group_key=f"group.asked:{group.pk}",
            url=f"/g/{group.slug}/requests",
            actor_id=event.account_id,
            data={"group": group.name},
        )


@events.subscribe(GroupJoined, consumer=CONSUMER)
def tell_who_was_let_in(event: GroupJoined, meta: Meta) -> None:
    """Tell who asked that they are in."""
    if event.by_id is None:
        return
    group = Group.objects.get(pk=event.group_id)
    notify(
        recipient_id=event.account_id,
        kind="group.joined",
        group_key=f"group.joined:{group.pk}",
        url=f"/g/{group.slug}",
        data={"group": group.name},
    )


@events.subscribe(GroupRoleChanged, consumer=CONSUMER)
def tell_of_a_role(event: GroupRoleChanged, meta: Meta) -> None:
    """Tell a member of the role that somebody gave them."""
    if event.account_id == meta.actor_id:
        return
    group = Group.objects.get(pk=event.group_id)
    notify(
        recipient_id=event.account_id,
        kind="group.role",
        group_key=f"group.role:{group.pk}",
        url=f"/g/{group.slug}",
        data={"group": group.name, "role": event.role},
    )


def _tell_asked(happening: Happening) -> str:
    text = ngettext(
        "%(who)s asks to join %(group)s.", "%(who)s ask to join %(group)s.", happening.n
    )
    return text % {"who": happening.who, **happening.data}


def _tell_joined(happening: Happening) -> str:
    return _("You are a member of %(group)s now.") % happening.data


def _tell_role(happening: Happening) -> str:
    texts = {
        "owner": _("You are an owner of %(group)s now."),
        "moderator": _("You are a moderator of %(group)s now."),
        "member": _("You are a member of %(group)s now."),
    }
    return texts[happening.data["role"]] % happening.data


def _tell_offer(happening: Happening) -> str:
    told = _("%(who)s offers %(title)s to %(group)s.")
    return told % {"who": happening.who, **happening.data}


kinds.register("group.asked", _tell_asked, icon="people", family="groups")
kinds.register("group.joined", _tell_joined, icon="people", family="groups")
kinds.register("group.role", _tell_role, icon="people", family="groups")
kinds.register("group.offer", _tell_offer, icon="tag", family="groups")
