"""The only way to accounts that people see. Absent, closed and blocked look alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import NoReturn

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import LoginRequired, Moved, NotFound
from banyan.kernel.remembered import remembered

from .models import (
    Account,
    AccountList,
    Address,
    ApiToken,
    Block,
    Consent,
    FormerHandle,
    GuestMerge,
    Mute,
)
from .rules.handles import KEPT
from .rules.relations import HIDE, LESS, TOPIC, WORD


def member_id(actor: Actor) -> int:
    """Return the account of whoever acts; LoginRequired for a visitor."""
    if actor.id is None:
        raise LoginRequired()
    return actor.id


def not_blocked(viewer: Actor, field: str = "pk") -> Q:
    """Return the one condition that keeps a blocked pair apart: nothing of either meets the other.

    ``field`` names the column that holds the other person's id, from the rows that are asked for
    ("author_id", "member__account_id"). Every set that shows or reaches people is filtered by it,
    on every floor, and for staff too where they act as members. Guests meet everybody.
    """
    if viewer.id is None:
        return Q()
    # Two conditions, not one with OR: each is an anti-join with the few rows of the viewer.
    mine = Block.objects.filter(actor_id=viewer.id, target_id=OuterRef(field))
    theirs = Block.objects.filter(actor_id=OuterRef(field), target_id=viewer.id)
    return Q(~Exists(mine), ~Exists(theirs))


def meets(viewer: Actor, person: str = "") -> Q:
    """Return the condition that ``viewer`` meets a person: an open account, and no block.

    ``person`` names the relation that leads to the account ("author"); none for the account itself.
    """
    active, pk = (f"{person}__is_active", f"{person}_id") if person else ("is_active", "pk")
    return Q((active, True)) & not_blocked(viewer, pk)


def visible_accounts(viewer: Actor) -> QuerySet[Account]:
    """Return the accounts that ``viewer`` may see: open, and with no block either way.

    Support and moderation see everybody who is open.
    """
    if viewer.has_role("support", "moderation"):
        return Account.objects.filter(is_active=True)
    return Account.objects.filter(meets(viewer))


def hidden_from(viewer: Actor, account_ids: Collection[int]) -> set[int]:
    """Return which of these accounts are not shown to ``viewer``. One query.

    For people who are part of what is shown (a path, a credit) and stay part of it unnamed.
    """
    wanted = set(account_ids)
    if not wanted:
        return set()
    return wanted - set(visible_accounts(viewer).filter(pk__in=wanted).values_list("id", flat=True))


def get_account_for(viewer: Actor, handle: str) -> Account:
    """Return the account of a handle (case does not matter) for ``viewer``.

    Raises Moved for one that was given up in the last 90 days, NotFound for any other.
    """
    found = visible_accounts(viewer).select_related("profile", "avatar")
    # PostgreSQL stores no NUL, and refuses to look for one.
    account = None if "\0" in handle else found.filter(handle__iexact=handle).first()
    if account is None:
        lead_on(viewer, handle)
    return account


def lead_on(viewer: Actor, handle: str) -> NoReturn:
    """Raise Moved if a handle that is nobody's was that of somebody whom ``viewer`` may see.

    NotFound otherwise. One query.
    """
    found = former_handles([handle]).filter(account__in=visible_accounts(viewer))
    now = None if "\0" in handle else found.values_list("account__handle", flat=True).first()
    if now is None:
        raise NotFound()
    raise Moved(was=handle, now=now)


def former_handles(handles: Collection[str]) -> QuerySet[FormerHandle]:
    """Return which of these handles were given up in the last 90 days and are nobody's now."""
    today = Account.objects.annotate(low=Lower("handle")).filter(low=OuterRef("handle"))
    return FormerHandle.objects.filter(
        ~Exists(today),
        handle__in=[handle.lower() for handle in handles],
        left_at__gte=clock.now() - KEPT,
    )


def get_own_account(actor: Actor) -> Account:
    """Return the actor's own account; LoginRequired for guests."""
    if actor.id is None:
        raise LoginRequired()
    account = (
        Account.objects.select_related("profile", "avatar")
        .filter(pk=actor.id, is_active=True)
        .first()
    )
    if account is None:
        raise LoginRequired()
    return account


def blocked_between(one: int, other: int) -> bool:
    """Tell whether either of two accounts blocks the other."""
    return bool(_between(one, other))


@remembered
def _between(one: int, other: int) -> QuerySet[Block]:
    return Block.objects.filter(Q(actor_id=one, target_id=other) | Q(actor_id=other, target_id=one))


@dataclass(frozen=True, slots=True)
class Mutes:
    """What somebody does not want to be shown now, and what they want less of.

    People by id, words folded (``rules.relations.says_any`` looks for them), topics by slug.
    """

    people: frozenset[int]
    words: frozenset[str]
    topics: frozenset[str]
    less_people: frozenset[int]
    less_topics: frozenset[str]


NOTHING = Mutes(*[frozenset()] * 5)
"""What somebody mutes who goes to a place of their own accord."""


def mutes_of(viewer: Actor) -> Mutes:
    """Return what the viewer mutes at this moment, at most 500 things. One query; none for guests.

    For everything that comes unasked: feeds, suggestions, notifications. Who is muted stays to be
    seen on their own page, in search by name, and in a thread that one opens.
    """
    rows = _mutes(viewer.id, clock.now()) if viewer.id is not None else []
    return Mutes(
        people=frozenset(m.target_id for m in rows if m.target_id and m.degree == HIDE),
        words=frozenset(m.words for m in rows if m.kind == WORD),
        topics=frozenset(m.words for m in rows if m.kind == TOPIC and m.degree == HIDE),
        less_people=frozenset(m.target_id for m in rows if m.target_id and m.degree == LESS),
        less_topics=frozenset(m.words for m in rows if m.kind == TOPIC and m.degree == LESS),
    )


def muting(account_ids: Collection[int], target_id: int) -> set[int]:
    """Return which of these accounts mute ``target_id`` at this moment. One query."""
    return {row.actor_id for row in _muting(list(account_ids), target_id, clock.now())}


@remembered
def _muting(account_ids: list[int], target_id: int, now: dt.datetime) -> QuerySet[Mute]:
    return Mute.objects.filter(
        _live(now), actor_id__in=account_ids, target_id=target_id, degree=HIDE
    )


def not_muted(viewer: Actor, field: str = "pk") -> Q:
    """Return the condition that leaves out whom the viewer mutes now; ``field`` as above."""
    if viewer.id is None:
        return Q()
    muted = Mute.objects.filter(_live(clock.now()), actor_id=viewer.id, degree=HIDE)
    return Q(~Exists(muted.filter(target_id=OuterRef(field))))


def _live(now: dt.datetime) -> Q:
    return Q(expires_at=None) | Q(expires_at__gt=now)


@remembered
def _mutes(viewer_id: int, now: dt.datetime) -> QuerySet[Mute]:
    return Mute.objects.filter(_live(now), actor_id=viewer_id)


def get_mute_for(actor: Actor, mute_id: int) -> Mute:
    """Return one of the actor's own mutes, or raise NotFound."""
    mute = Mute.objects.filter(pk=mute_id, actor_id=actor.id or 0).first()
    if mute is None:
        raise NotFound()
    return mute


def agrees(account_id: int, purpose: str) -> bool:
    """Tell whether an account agrees to a purpose at this moment; no answer is a no. One query."""
    latest = _answers.first(account_id, purpose)
    return latest is not None and latest.granted


def agreeing(account_ids: Collection[int], purpose: str) -> set[int]:
    """Return those of some accounts that agree to a purpose at this moment. One query."""
    rows = Consent.objects.filter(account_id__in=account_ids, purpose=purpose)
    latest = rows.order_by("account_id", "-id").distinct("account_id")
    return {one.account_id for one in latest if one.granted}


@remembered
def _answers(account_id: int, purpose: str) -> QuerySet[Consent]:
    return Consent.objects.filter(account_id=account_id, purpose=purpose).order_by("-id")[:1]


def visible_lists(actor: Actor) -> QuerySet[AccountList]:
    """Return the actor's own lists of people, by name."""
    return AccountList.objects.filter(owner_id=actor.id or 0).order_by(Lower("name"))


def get_list_for(actor: Actor, list_id: int) -> AccountList:
    """Return one of the actor's own lists, or raise NotFound."""
    found = visible_lists(actor).filter(pk=list_id).first()
    if found is None:
        raise NotFound()
    return found


def visible_addresses(actor: Actor) -> QuerySet[Address]:
    """Return the actor's own address book, the default first."""
    return Address.objects.filter(account_id=actor.id or 0).order_by("-is_default", "-id")


def get_address_for(actor: Actor, address_id: int) -> Address:
    """Return one address of the actor's own book, or raise NotFound."""
    address = visible_addresses(actor).filter(pk=address_id).first()
    if address is None:
        raise NotFound()
    return address


def visible_tokens(actor: Actor) -> QuerySet[ApiToken]:
    """Return the actor's own API tokens, newest first, the revoked ones too."""
    return ApiToken.objects.filter(account_id=actor.id or 0).order_by("-id")


def get_merge_for(actor: Actor, merge_id: int) -> GuestMerge:
    """Return a merge of the actor's own account, or raise NotFound."""
    merge = GuestMerge.objects.filter(pk=merge_id, account_id=actor.id or 0).first()
    if merge is None:
        raise NotFound()
    return merge
