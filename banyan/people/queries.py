"""Reads of people for pages and the API."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Right
from django.db.models.lookups import EndsWith, Exact

from banyan.kernel.actors import Actor

from .access import get_account_for, visible_accounts
from .models import Account, ApiToken, Block, Consent, Follow, GuestMerge, StaffRole
from .rules.profiles import PURPOSES

TAIL = 4


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
    is_following: bool
    follows_me: bool

    @property
    def is_friend(self) -> bool:
        """Both follow each other."""
        return self.is_following and self.follows_me


def profile_card(viewer: Actor, handle: str) -> ProfileCard:
    """Return the profile of a handle for ``viewer``; NotFound when absent, closed or blocked.

    Four queries at most.
    """
    account = get_account_for(viewer, handle)
    relations = _relations(viewer, account.pk)
    is_self = viewer.id == account.pk
    shown = account.profile.birthday_audience
    open_birthday = (
        is_self or shown == "everybody" or (shown == "friends" and relations == (True, True))
    )
    return ProfileCard(
        account=account,
        bio=account.profile.bio,
        region=account.profile.region,
        birthday=account.profile.birthday if open_birthday else None,
        followers=Follow.objects.filter(followee=account, state=1).count(),
        following=Follow.objects.filter(follower=account, state=1).count(),
        is_self=is_self,
        is_following=relations[0],
        follows_me=relations[1],
    )


def _relations(viewer: Actor, account_id: int) -> tuple[bool, bool]:
    if viewer.id is None or viewer.id == account_id:
        return False, False
    pair = Follow.objects.filter(
        follower_id__in=[viewer.id, account_id], followee_id__in=[viewer.id, account_id]
    ).values_list("follower_id", flat=True)
    found = set(pair)
    return viewer.id in found, account_id in found


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Somebody in a list of followers or followed, and what the viewer has to do with them."""

    account: Account
    follow_id: int
    is_following: bool
    is_friend: bool


def followers(
    viewer: Actor, account: Account, *, before: int = 0, limit: int = 30
) -> list[Neighbour]:
    """Return who follows ``account``, latest first. One query."""
    return _neighbours(viewer, account, "followee", "follower", before, limit)


def following(
    viewer: Actor, account: Account, *, before: int = 0, limit: int = 30
) -> list[Neighbour]:
    """Return whom ``account`` follows, latest first. One query."""
    return _neighbours(viewer, account, "follower", "followee", before, limit)


def _neighbours(
    viewer: Actor, account: Account, side: str, other: str, before: int, limit: int
) -> list[Neighbour]:
    rows = (
        Follow.objects.filter(**{side: account, "state": 1})
        .filter(**{f"{other}__in": visible_accounts(viewer)})
        .select_related(other, f"{other}__avatar")
        .annotate(
            mine=Exists(
                Follow.objects.filter(follower_id=viewer.id or 0, followee_id=OuterRef(other))
            ),
            theirs=Exists(
                Follow.objects.filter(follower_id=OuterRef(other), followee_id=viewer.id or 0)
            ),
        )
        .order_by("-id")
    )
    if before:
        rows = rows.filter(id__lt=before)
    return [
        Neighbour(getattr(row, other), row.pk, row.mine, row.mine and row.theirs)
        for row in rows[:limit]
    ]


def friend_ids(account_id: int) -> QuerySet[Follow, int]:
    """Return the ids of an account's friends, as a subquery or a list."""
    return Follow.objects.filter(follower_id=account_id, is_mutual=True).values_list(
        "followee_id", flat=True
    )


def staff_with(*roles: str) -> list[int]:
    """Return the open staff accounts with one of ``roles``; owners have every role. One query."""
    found = StaffRole.objects.filter(role__in={*roles, "owner"}, account__is_active=True)
    return sorted(set(found.values_list("account_id", flat=True)))


def blocked_accounts(viewer: Actor) -> QuerySet[Account]:
    """Return whom the viewer blocks, latest first."""
    return (
        Account.objects.filter(blocked_by__actor_id=viewer.id or 0)
        .annotate(block_id=F("blocked_by__id"))
        .order_by("-block_id")
    )


def blocks_made(viewer: Actor, account_id: int) -> bool:
    """Tell whether the viewer blocks an account."""
    return Block.objects.filter(actor_id=viewer.id or 0, target_id=account_id).exists()


def consents(account_id: int) -> dict[str, bool]:
    """Return every purpose with the latest answer; no answer is a no. One query."""
    latest = (
        Consent.objects.filter(account_id=account_id, purpose__in=PURPOSES)
        .order_by("purpose", "-id")
        .distinct("purpose")
        .values_list("purpose", "granted")
    )
    return dict.fromkeys(PURPOSES, False) | dict(latest)


def consented(account_id: int, purpose: str) -> bool:
    """Tell whether an account agreed to a purpose."""
    return consents(account_id)[purpose]


def open_offers(account_id: int) -> list[GuestMerge]:
    """Return merges that are offered and not decided yet."""
    return list(GuestMerge.objects.filter(account_id=account_id, state="offered").order_by("id"))


def account_by_contact(who: str) -> Account | None:
    """Return the open account of a handle, an e-mail address or a phone number (E.164).

    For the command line, where whoever asks may see everything.
    """
    who = who.strip()
    return (
        Account.objects.filter(is_active=True)
        .filter(Q(handle__iexact=who.removeprefix("@")) | Q(email__iexact=who) | Q(phone=who))
        .first()
    )


def staff_members() -> list[tuple[Account, list[str]]]:
    """Return everybody with a staff role, by handle, with their roles. Two queries."""
    members = (
        Account.objects.filter(staff_roles__isnull=False)
        .distinct()
        .order_by("handle")
        .prefetch_related("staff_roles")
    )
    return [(each, sorted(row.role for row in each.staff_roles.all())) for each in members]


def has_second_factor(account_id: int) -> bool:
    """Tell whether an account signs in with a second factor. One query."""
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    return bool(Authenticator.objects.filter(user_id=account_id, type__in=kinds).exists())


def token_actor(token: ApiToken) -> Actor:
    """Return who a token acts for; no query for members, at most two for staff.

    Staff have their roles only where the desk would let them in: with a second factor, if the
    platform asks for one.
    """
    account = token.account
    label = f"@{account.handle}"
    trusted = account.is_staff and (
        not settings.STAFF_TOTP_REQUIRED or has_second_factor(account.pk)
    )
    if not trusted:
        return Actor(kind="member", id=account.pk, label=label)
    roles = frozenset(account.staff_roles.values_list("role", flat=True))
    return Actor(kind="staff", id=account.pk, roles=roles, label=label)


def phone_ends_with(digits: str, phone: Any = F("phone")) -> Q:  # noqa: B008 - a name, no state
    """Return the condition that ``phone`` (an expression) ends with at least four ``digits``.

    The last four are compared as the indexes hold them; what is longer is looked at afterwards.
    """
    return Q(Exact(Right(phone, TAIL), digits[-TAIL:]), EndsWith(phone, digits))
