"""Reads of relations: profiles, followers, friends, requests, and what one keeps away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Window

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.remembered import remembered

from ..access import get_account_for, visible_accounts
from ..models import Account, AccountList, Block, Follow, ListEntry, Mute
from ..rules.relations import ALL, ASKS, FOLLOWS, PERSON

PAGE = 30


@dataclass(frozen=True, slots=True)
class Standing:
    """How a viewer and an account stand to each other; ``mute`` is the viewer's, or None."""

    is_following: bool = False
    is_asking: bool = False
    follows_me: bool = False
    asks_me: bool = False
    level: int = ALL
    mute: Mute | None = None

    @property
    def is_friend(self) -> bool:
        """Both follow each other."""
        return self.is_following and self.follows_me


@dataclass(frozen=True, slots=True)
class ProfileCard:
    """A profile as one viewer may see it. ``birthday`` is None where its owner keeps it."""

    account: Account
    bio: str
    region: str
    birthday: dt.date | None
    followers: int
    following: int
    is_self: bool
    standing: Standing

    @property
    def is_following(self) -> bool:
        """The viewer follows the account, and is not just asking to."""
        return self.standing.is_following

    @property
    def follows_me(self) -> bool:
        """The account follows the viewer."""
        return self.standing.follows_me

    @property
    def is_friend(self) -> bool:
        """Both follow each other."""
        return self.standing.is_friend


def profile_card(viewer: Actor, handle: str) -> ProfileCard:
    """Return the profile of a handle for ``viewer``; NotFound when absent, closed or blocked.

    Five queries at most.
    """
    account = get_account_for(viewer, handle)
    standing = standing_of(viewer, account.pk)
    is_self = viewer.id == account.pk
    shown = account.profile.birthday_audience
    open_birthday = is_self or shown == "everybody" or (shown == "friends" and standing.is_friend)
    return ProfileCard(
        account=account,
        bio=account.profile.bio,
        region=account.profile.region,
        birthday=account.profile.birthday if open_birthday else None,
        followers=Follow.objects.filter(followee=account, state=FOLLOWS).count(),
        following=Follow.objects.filter(follower=account, state=FOLLOWS).count(),
        is_self=is_self,
        standing=standing,
    )


def standing_of(viewer: Actor, account_id: int) -> Standing:
    """Return how the viewer stands to an account. Two queries; none for guests and oneself."""
    if viewer.id is None or viewer.id == account_id:
        return Standing()
    by = {row.follower_id: row for row in _pair(viewer.id, account_id)}
    mine, theirs = by.get(viewer.id), by.get(account_id)
    return Standing(
        is_following=mine is not None and mine.state == FOLLOWS,
        is_asking=mine is not None and mine.state == ASKS,
        follows_me=theirs is not None and theirs.state == FOLLOWS,
        asks_me=theirs is not None and theirs.state == ASKS,
        level=mine.level if mine is not None else ALL,
        mute=_mute_of.first(viewer.id, account_id, clock.now()),
    )


@remembered
def _pair(one: int, other: int) -> QuerySet[Follow]:
    return Follow.objects.filter(
        Q(follower_id=one, followee_id=other) | Q(follower_id=other, followee_id=one)
    )


@remembered
def _mute_of(viewer_id: int, account_id: int, now: dt.datetime) -> QuerySet[Mute]:
    return Mute.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now),
        actor_id=viewer_id,
        kind=PERSON,
        target_id=account_id,
    )


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Somebody in a list of people, and what the viewer has to do with them."""

    account: Account
    follow_id: int
    is_following: bool
    is_asking: bool
    is_friend: bool


def followers(
    viewer: Actor, account: Account, *, before: int = 0, limit: int = PAGE
) -> list[Neighbour]:
    """Return who follows ``account``, latest first. One query."""
    rows = Follow.objects.filter(followee=account, state=FOLLOWS)
    return _neighbours(viewer, rows, "follower", before, limit)


def following(
    viewer: Actor, account: Account, *, before: int = 0, limit: int = PAGE
) -> list[Neighbour]:
    """Return whom ``account`` follows, latest first. One query."""
    rows = Follow.objects.filter(follower=account, state=FOLLOWS)
    return _neighbours(viewer, rows, "followee", before, limit)


def friends(
    viewer: Actor, account: Account, *, before: int = 0, limit: int = PAGE
) -> list[Neighbour]:
    """Return the friends of ``account`` that the viewer may see, latest first. One query."""
    rows = Follow.objects.filter(follower=account, is_mutual=True)
    return _neighbours(viewer, rows, "followee", before, limit)


def requests_to(
    viewer: Actor, account: Account, *, before: int = 0, limit: int = PAGE
) -> list[Neighbour]:
    """Return who asks to follow ``account``, latest first. One query."""
    rows = Follow.objects.filter(followee=account, state=ASKS)
    return _neighbours(viewer, rows, "follower", before, limit)


def requests_of(
    viewer: Actor, account: Account, *, before: int = 0, limit: int = PAGE
) -> list[Neighbour]:
    """Return whom ``account`` asks to follow, latest first. One query."""
    rows = Follow.objects.filter(follower=account, state=ASKS)
    return _neighbours(viewer, rows, "followee", before, limit)


def requests_waiting(account_id: int) -> int:
    """Return how many people wait for an answer of an account. One query."""
    asking = Follow.objects.filter(followee_id=account_id, state=ASKS)
    return asking.filter(follower__is_active=True).count()


def _neighbours(
    viewer: Actor, rows: QuerySet[Follow], other: str, before: int, limit: int
) -> list[Neighbour]:
    mine = Follow.objects.filter(follower_id=viewer.id or 0, followee_id=OuterRef(other))
    theirs = Follow.objects.filter(follower_id=OuterRef(other), followee_id=viewer.id or 0)
    found = (
        rows.filter(**{f"{other}__in": visible_accounts(viewer)})
        .select_related(other, f"{other}__avatar")
        .annotate(
            follows=Exists(mine.filter(state=FOLLOWS)),
            asks=Exists(mine.filter(state=ASKS)),
            followed=Exists(theirs.filter(state=FOLLOWS)),
        )
        .order_by("-id")
    )
    if before:
        found = found.filter(id__lt=before)
    return [
        Neighbour(
            account=getattr(row, other),
            follow_id=row.pk,
            is_following=row.follows,
            is_asking=row.asks,
            is_friend=row.follows and row.followed,
        )
        for row in found[:limit]
    ]


def friend_ids(account_id: int) -> QuerySet[Follow, int]:
    """Return the ids of an account's friends, as a subquery or a list."""
    return Follow.objects.filter(follower_id=account_id, is_mutual=True).values_list(
        "followee_id", flat=True
    )


@dataclass(frozen=True, slots=True)
class InCommon:
    """Friends that two people share: some of them, and how many there are."""

    people: Sequence[Account] = ()
    n: int = 0


def friends_in_common(viewer: Actor, account_id: int, *, limit: int = 3) -> InCommon:
    """Return the friends that the viewer shares with an account, as far as both may be seen.

    One query; none for guests and oneself.
    """
    if viewer.id is None or viewer.id == account_id:
        return InCommon()
    shared = (
        visible_accounts(viewer)
        .filter(pk__in=friend_ids(viewer.id))
        .filter(pk__in=friend_ids(account_id))
        .annotate(shared=Window(Count("*")))
        .order_by("-id")
    )
    people = list(shared[:limit])
    return InCommon(people=people, n=people[0].shared if people else 0)


def blocked_accounts(viewer: Actor) -> QuerySet[Account]:
    """Return whom the viewer blocks, latest first."""
    return (
        Account.objects.filter(blocked_by__actor_id=viewer.id or 0)
        .annotate(block_id=F("blocked_by__id"))
        .order_by("-block_id")
    )


def blocked_account(viewer: Actor, handle: str) -> Account | None:
    """Return the account of a handle if the viewer blocks it; nobody else finds it. One query."""
    if "\0" in handle:
        return None
    return blocked_accounts(viewer).filter(handle__iexact=handle).first()


def blocks_made(viewer: Actor, account_id: int) -> bool:
    """Tell whether the viewer blocks an account."""
    return Block.objects.filter(actor_id=viewer.id or 0, target_id=account_id).exists()


def mutes_made(viewer: Actor) -> list[Mute]:
    """Return what the viewer mutes or sees less of now, latest first, people included. One query.

    Of people, those whom the viewer may see.
    """
    return list(
        Mute.objects.filter(Q(expires_at=None) | Q(expires_at__gt=clock.now()))
        .filter(Q(target=None) | Q(target__in=visible_accounts(viewer)), actor_id=viewer.id or 0)
        .select_related("target")
        .order_by("-created_at", "-id")
    )


def list_sizes(viewer: Actor) -> list[tuple[AccountList, int]]:
    """Return the viewer's lists by name, each with how many people it has to show. One query."""
    shown = Q(entries__account__in=visible_accounts(viewer))
    rows = AccountList.objects.filter(owner_id=viewer.id or 0).annotate(
        n=Count("entries", filter=shown)
    )
    return [(row, row.n) for row in rows.order_by("name", "id")]


def lists_with(viewer: Actor, account_id: int) -> list[tuple[AccountList, bool]]:
    """Return the viewer's lists by name, each with whether an account is on it. One query."""
    on = ListEntry.objects.filter(on=OuterRef("pk"), account_id=account_id)
    rows = AccountList.objects.filter(owner_id=viewer.id or 0).annotate(has=Exists(on))
    return [(row, row.has) for row in rows.order_by("name", "id")]


def people_on(viewer: Actor, found: AccountList) -> list[Account]:
    """Return who is on a list, as far as the viewer may see them, the latest first. One query.

    The list is the viewer's own (``access.get_list_for``).
    """
    entries = found.entries.filter(account__in=visible_accounts(viewer))
    return [row.account for row in entries.select_related("account").order_by("-id")]
