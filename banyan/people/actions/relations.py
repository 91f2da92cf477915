"""Follows, requests, friendships and blocks.

Both rows of a friendship say so (``is_mutual``), even when two people follow each other at the
same instant: every change of a pair holds the pair until its commit (``holds``). A follow that
only asks is in the same table and is no follow: it opens nothing and makes nobody a friend.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Invalid, LoginRequired, NotFound
from banyan.kernel.remembered import insert, remembered

from ..access import blocked_between
from ..events import (
    BlockStarted,
    FollowEnded,
    FollowRequested,
    FollowRequestEnded,
    FollowStarted,
)
from ..models import Account, Block, Follow, ListEntry
from ..rules.relations import ASKS, FOLLOWS, LEVELS
from .holds import hold_pair


def follow(*, actor: Actor, account_id: int) -> Follow:
    """Follow an account, or ask to where its owner approves followers. Repeatable.

    Following back makes both rows mutual. NotFound when the account is absent, closed or blocked
    either way. Emits ``follow.started`` or ``follow.requested``.
    """
    me = _member(actor, account_id)
    with transaction.atomic():
        hold_pair(me, account_id)
        account = _open.first(account_id)
        if account is None or blocked_between(me, account_id):
            raise NotFound()
        mine = _follow_of.first(me, account_id)
        if mine is not None and (mine.state == FOLLOWS or account.approves_followers):
            return mine
        if mine is not None:
            return _admit(mine, actor, was_asked=False)
        # The pair is held, so nobody else writes the same row.
        state = ASKS if account.approves_followers else FOLLOWS
        new = Follow(follower_id=me, followee_id=account_id, state=state, created_at=clock.now())
        (mine,) = insert(new)
        if state == ASKS:
            events.emit(FollowRequested(follower_id=me, followee_id=account_id), actor=actor)
            return mine
        return _begin(mine, actor, was_asked=False)


def accept_follower(*, actor: Actor, account_id: int) -> Follow:
    """Say yes to somebody who asks to follow the actor. Repeatable.

    NotFound when they do not ask (any more), or are closed. Emits ``follow.started``.
    """
    me = _member(actor, account_id)
    with transaction.atomic():
        hold_pair(me, account_id)
        theirs = _follow_of.first(account_id, me)
        if theirs is None or _open.first(account_id) is None:
            raise NotFound()
        if theirs.state == FOLLOWS:
            return theirs
        return _admit(theirs, actor, was_asked=True)


def decline_follower(*, actor: Actor, account_id: int) -> None:
    """Say no to somebody who asks; who follows already stays. Repeatable; they are not told.

    Emits ``follow.request_ended``.
    """
    me = _member(actor, account_id)
    with transaction.atomic():
        hold_pair(me, account_id)
        theirs = _follow_of.first(account_id, me)
        if theirs is not None and theirs.state == ASKS:
            _end(theirs, actor)


def remove_follower(*, actor: Actor, account_id: int) -> None:
    """Let somebody follow or ask no longer; a friendship ends with it. Repeatable; not told.

    Emits ``follow.ended`` or ``follow.request_ended``.
    """
    me = _member(actor, account_id)
    _part(account_id, me, actor)


def unfollow(*, actor: Actor, account_id: int) -> None:
    """Stop following, or stop asking; a friendship ends with it. Repeatable.

    Emits ``follow.ended`` or ``follow.request_ended``.
    """
    me = _member(actor, account_id)
    _part(me, account_id, actor)


def set_follow_level(*, actor: Actor, account_id: int, level: int) -> None:
    """Choose how much of somebody comes into the feed (``rules.relations.LEVELS``).

    Invalid for a level that there is not; NotFound when the actor neither follows nor asks.
    """
    if level not in LEVELS:
        raise Invalid(fields={"level": _("Choose one of these.")})
    me = _member(actor, account_id)
    if not Follow.objects.filter(follower_id=me, followee_id=account_id).update(level=level):
        raise NotFound()


def block(*, actor: Actor, account_id: int) -> Block:
    """Block an account: neither sees the other any more. Repeatable.

    Follows and requests both ways end, and each leaves the other's lists, all in one transaction.
    Emits ``block.started`` and what ended.
    """
    me = _member(actor, account_id)
    with transaction.atomic():
        hold_pair(me, account_id)
        if not Account.objects.filter(pk=account_id).exists():
            raise NotFound()
        found, created = Block.objects.get_or_create(
            actor_id=me, target_id=account_id, defaults={"created_at": clock.now()}
        )
        if created:
            for row in _pair(me, account_id):
                _end(row, actor)
            ListEntry.objects.filter(
                Q(on__owner_id=me, account_id=account_id)
                | Q(on__owner_id=account_id, account_id=me)
            ).delete()
            events.emit(BlockStarted(actor_id=me, target_id=account_id), actor=actor)
    return found


def unblock(*, actor: Actor, account_id: int) -> None:
    """Take one's own block back; what it ended stays ended. Repeatable."""
    me = _member(actor, account_id)
    Block.objects.filter(actor_id=me, target_id=account_id).delete()


def _member(actor: Actor, other: int) -> int:
    if actor.id is None:
        raise LoginRequired()
    if actor.id == other:
        raise Conflict(code="oneself")
    return actor.id


@remembered
def _open(account_id: int) -> QuerySet[Account]:
    return Account.objects.only("id", "approves_followers").filter(pk=account_id, is_active=True)


def _follows(follower: int, followee: int) -> bool:
    row = _follow_of.first(follower, followee)
    return row is not None and row.state == FOLLOWS


@remembered
def _follow_of(follower: int, followee: int) -> QuerySet[Follow]:
    return Follow.objects.filter(follower_id=follower, followee_id=followee)


def _pair(one: int, other: int) -> QuerySet[Follow]:
    return Follow.objects.filter(
        Q(follower_id=one, followee_id=other) | Q(follower_id=other, followee_id=one)
    )


def _admit(asking: Follow, actor: Actor, *, was_asked: bool) -> Follow:
    Follow.objects.filter(pk=asking.pk).update(state=FOLLOWS)
    asking.state = FOLLOWS
    return _begin(asking, actor, was_asked=was_asked)


def _begin(row: Follow, actor: Actor, *, was_asked: bool) -> Follow:
    """Make a follow that has just come about mutual, if it meets another, and tell of it."""
    row.is_mutual = _follows(row.followee_id, row.follower_id)
    if row.is_mutual:
        _pair(row.follower_id, row.followee_id).update(is_mutual=True)
    event = FollowStarted(
        follower_id=row.follower_id,
        followee_id=row.followee_id,
        is_mutual=row.is_mutual,
        was_asked=was_asked,
    )
    events.emit(event, actor=actor)
    return row


def _part(follower: int, followee: int, actor: Actor) -> None:
    with transaction.atomic():
        hold_pair(follower, followee)
        row = _follow_of.first(follower, followee)
        if row is None:
            return
        _end(row, actor)
        if row.is_mutual:
            _pair(follower, followee).update(is_mutual=False)


def _end(row: Follow, actor: Actor) -> None:
    Follow.objects.filter(pk=row.pk).delete()
    ended = FollowEnded if row.state == FOLLOWS else FollowRequestEnded
    events.emit(ended(follower_id=row.follower_id, followee_id=row.followee_id), actor=actor)
