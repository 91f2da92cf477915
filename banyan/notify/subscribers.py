"""What notify does when people say something."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from banyan.kernel import events
from banyan.kernel.events import Meta
from banyan.people.events import BlockStarted, FollowStarted
from banyan.people.models import Account

from . import kinds
from .actions import hush, notify
from .kinds import Happening


@events.subscribe(FollowStarted, consumer="notify")
def tell_the_followed(event: FollowStarted, meta: Meta) -> None:
    """Tell somebody that they are followed, or that a friendship came of it."""
    handle = Account.objects.filter(pk=event.follower_id).values_list("handle", flat=True).first()
    if handle is None:
        return
    day = f"{meta.occurred_at:%Y%m%d}"
    kind, group, url = "follow", f"follow:{day}", "/me/followers"
    if event.is_mutual:
        kind, group, url = "friend", f"friend:{event.follower_id}", f"/@{handle}"
    notify(
        recipient_id=event.followee_id,
        kind=kind,
        group_key=group,
        url=url,
        actor_id=event.follower_id,
    )


@events.subscribe(BlockStarted, consumer="notify")
def forget_the_blocked(event: BlockStarted, meta: Meta) -> None:
    """Let neither's badge count what only the other did."""
    for reader, other in ((event.actor_id, event.target_id), (event.target_id, event.actor_id)):
        hush(recipient_id=reader, actor_id=other)


def _tell_follow(happening: Happening) -> str:
    text = ngettext("%(who)s follows you.", "%(who)s follow you.", happening.n)
    return text % {"who": happening.who}


def _tell_friend(happening: Happening) -> str:
    return _("You and %(who)s follow each other: you are friends now.") % {"who": happening.who}


kinds.register("follow", _tell_follow, icon="me", family="people")
kinds.register("friend", _tell_friend, icon="heart", family="people")
