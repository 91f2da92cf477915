"""What notify does when people say something."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from banyan.kernel import events
from banyan.kernel.events import Meta
from banyan.people.events import (
    BlockStarted,
    FollowEnded,
    FollowRequested,
    FollowRequestEnded,
    FollowStarted,
)
from banyan.people.models import Account

from . import kinds
from .actions import notify, withdraw
from .kinds import Happening


@events.subscribe(FollowStarted, consumer="notify")
def tell_the_followed(event: FollowStarted, meta: Meta) -> None:
    """Tell somebody that they are followed, or that a friendship came of it.

    A yes that was waited for is told to the one who waited, not to the one who said it.
    """
    if event.was_asked:
        _forget_the_request(event)
        _tell_a_yes(event)
        return
    handle = _handle(event.follower_id)
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


@events.subscribe(FollowRequested, consumer="notify")
def tell_the_asked(event: FollowRequested, meta: Meta) -> None:
    """Tell somebody that people wait for their yes."""
    notify(
        recipient_id=event.followee_id,
        kind="follow.request",
        group_key="follow.request",
        url="/me/requests",
        actor_id=event.follower_id,
    )


@events.subscribe(FollowRequestEnded, consumer="notify")
def forget_the_asker(event: FollowRequestEnded, meta: Meta) -> None:
    """Take back that somebody waits: they do no longer."""
    _forget_the_request(event)


def _forget_the_request(event: FollowRequestEnded | FollowStarted) -> None:
    withdraw(recipient_id=event.followee_id, actor_id=event.follower_id, about=["follow.request"])


@events.subscribe(FollowEnded, consumer="notify")
def forget_the_follower(event: FollowEnded, meta: Meta) -> None:
    """Take back that somebody follows, that both are friends, and that a yes was said."""
    for reader, other in (
        (event.followee_id, event.follower_id),
        (event.follower_id, event.followee_id),
    ):
        about = [f"friend:{other}", f"follow.accepted:{other}"]
        if reader == event.followee_id:
            about.append("follow:%")
        withdraw(recipient_id=reader, actor_id=other, about=about)


def _tell_a_yes(event: FollowStarted) -> None:
    handle = _handle(event.followee_id)
    if handle is None:
        return
    kind = "friend" if event.is_mutual else "follow.accepted"
    notify(
        recipient_id=event.follower_id,
        kind=kind,
        group_key=f"{kind}:{event.followee_id}",
        url=f"/@{handle}",
        actor_id=event.followee_id,
    )


def _handle(account_id: int) -> str | None:
    return Account.objects.filter(pk=account_id).values_list("handle", flat=True).first()


@events.subscribe(BlockStarted, consumer="notify")
def forget_the_blocked(event: BlockStarted, meta: Meta) -> None:
    """Let neither read on of what the other did."""
    for reader, other in ((event.actor_id, event.target_id), (event.target_id, event.actor_id)):
        withdraw(recipient_id=reader, actor_id=other)


def _tell_follow(happening: Happening) -> str:
    text = ngettext("%(who)s follows you.", "%(who)s follow you.", happening.n)
    return text % {"who": happening.who}


def _tell_friend(happening: Happening) -> str:
    return _("You and %(who)s follow each other: you are friends now.") % {"who": happening.who}


def _tell_request(happening: Happening) -> str:
    text = ngettext("%(who)s asks to follow you.", "%(who)s ask to follow you.", happening.n)
    return text % {"who": happening.who}


def _tell_accepted(happening: Happening) -> str:
    return _("%(who)s said yes: you follow them now.") % {"who": happening.who}


kinds.register("follow.request", _tell_request, icon="me", family="people")
kinds.register("follow.accepted", _tell_accepted, icon="check", family="people")
kinds.register("follow", _tell_follow, icon="me", family="people")
kinds.register("friend", _tell_friend, icon="heart", family="people")
