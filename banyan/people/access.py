"""The only way to accounts that people see. Absent, closed and blocked look alike."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q, QuerySet

from banyan.kernel.actors import Actor
from banyan.kernel.problems import LoginRequired, NotFound
from banyan.kernel.remembered import remembered

from .models import Account, Address, ApiToken, Block, GuestMerge


def visible_accounts(viewer: Actor) -> QuerySet[Account]:
    """Return the accounts that ``viewer`` may see: open, and with no block either way.

    Support and moderation see everybody who is open.
    """
    accounts = Account.objects.filter(is_active=True)
    if viewer.id is None or viewer.has_role("support", "moderation"):
        return accounts
    between = Block.objects.filter(
        Q(actor_id=viewer.id, target_id=OuterRef("pk"))
        | Q(actor_id=OuterRef("pk"), target_id=viewer.id)
    )
    return accounts.filter(~Exists(between))


def hidden_from(viewer: Actor, account_ids: Collection[int]) -> set[int]:
    """Return which of these accounts are not shown to ``viewer``. One query; none for guests.

    For people who are part of what is shown (a path, a credit) and stay part of it unnamed.
    """
    wanted = set(account_ids)
    if viewer.id is None or not wanted:
        return set()
    return wanted - set(visible_accounts(viewer).filter(pk__in=wanted).values_list("id", flat=True))


def get_account_for(viewer: Actor, handle: str) -> Account:
    """Return the account of a handle (case does not matter) for ``viewer``, or raise NotFound."""
    found = visible_accounts(viewer).select_related("profile", "avatar")
    account = found.filter(handle__iexact=handle).first()
    if account is None:
        raise NotFound()
    return account


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
