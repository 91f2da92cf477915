"""Follows, friendships and blocks.

Both rows of a friendship say so (``is_mutual``), even when two people follow each other at the
same instant: every change of a pair holds the pair's advisory lock until its commit. The pair is
locked rather than the accounts, so that a thousand people can follow one at once.
"""

from __future__ import annotations

from django.db import OperationalError, connection, transaction
from django.db.models import Q, QuerySet

from banyan.kernel import clock, events, locks
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, LoginRequired, NotFound
from banyan.kernel.remembered import insert, remembered

from ..access import blocked_between
from ..events import BlockStarted, FollowEnded, FollowStarted
from ..models import Account, Block, Follow


def follow(*, actor: Actor, account_id: int) -> Follow:
    """Follow an account; following back makes both rows mutual. Repeatable.

    NotFound when the account is absent, closed or blocked either way. Emits ``follow.started``.
    """
    me = _member(actor, account_id)
    with transaction.atomic():
        _lock_pair(me, account_id)
        if blocked_between(me, account_id) or not _is_open(account_id):
            raise NotFound()
        before = _follow_of.first(me, account_id)
        if before is not None:
            return before
        # The pair is held, so nobody else writes the same row.
        (mine,) = insert(Follow(follower_id=me, followee_id=account_id, created_at=clock.now()))
        mutual = _follows(account_id, me)
        if mutual:
            _pair(me, account_id).update(is_mutual=True)
            mine.is_mutual = True
        event = FollowStarted(follower_id=me, followee_id=account_id, is_mutual=mutual)
        events.emit(event, actor=actor)
    return mine


def unfollow(*, actor: Actor, account_id: int) -> None:
    """Stop following; a friendship ends with it. Repeatable. Emits ``follow.ended``."""
    me = _member(actor, account_id)
    with transaction.atomic():
        _lock_pair(me, account_id)
        _end(me, account_id, actor)
        _pair(me, account_id).update(is_mutual=False)


def block(*, actor: Actor, account_id: int) -> Block:
    """Block an account: both follows end, and neither sees the other. Repeatable.

    Emits ``block.started`` and a ``follow.ended`` for each follow that ended.
    """
    me = _member(actor, account_id)
    with transaction.atomic():
        _lock_pair(me, account_id)
        if not Account.objects.filter(pk=account_id).exists():
            raise NotFound()
        found, created = Block.objects.get_or_create(
            actor_id=me, target_id=account_id, defaults={"created_at": clock.now()}
        )
        if created:
            _end(me, account_id, actor)
            _end(account_id, me, actor)
            events.emit(BlockStarted(actor_id=me, target_id=account_id), actor=actor)
    return found


def unblock(*, actor: Actor, account_id: int) -> None:
    """Take one's own block back; follows stay ended. Repeatable."""
    me = _member(actor, account_id)
    Block.objects.filter(actor_id=me, target_id=account_id).delete()


def _member(actor: Actor, other: int) -> int:
    if actor.id is None:
        raise LoginRequired()
    if actor.id == other:
        raise Conflict(code="oneself")
    return actor.id


def _is_open(account_id: int) -> bool:
    return bool(_open(account_id))


@remembered
def _open(account_id: int) -> QuerySet[Account]:
    return Account.objects.only("id").filter(pk=account_id, is_active=True)


def _follows(follower: int, followee: int) -> bool:
    return _follow_of.first(follower, followee) is not None


@remembered
def _follow_of(follower: int, followee: int) -> QuerySet[Follow]:
    return Follow.objects.filter(follower_id=follower, followee_id=followee)


def _pair(one: int, other: int) -> QuerySet[Follow]:
    return Follow.objects.filter(
        Q(follower_id=one, followee_id=other) | Q(follower_id=other, followee_id=one)
    )


def _end(follower: int, followee: int, actor: Actor) -> None:
    deleted, _rows = Follow.objects.filter(follower_id=follower, followee_id=followee).delete()
    if deleted:
        events.emit(FollowEnded(follower_id=follower, followee_id=followee), actor=actor)


def _lock_pair(one: int, other: int) -> None:
    """Hold the pair until the transaction ends; Busy when somebody else holds it too long."""
    name = f"people.pair:{min(one, other)}:{max(one, other)}"
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {int(locks.TIMEOUT_MS)}")
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
            cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
    except OperationalError as error:
        problem = locks.busy(error)
        if problem is None:
            raise
        raise problem from error
