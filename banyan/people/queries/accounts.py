"""Reads of accounts: what they agreed to, staff, contacts, tokens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import F, Q
from django.db.models.functions import Lower, Right
from django.db.models.lookups import EndsWith, Exact

from banyan.kernel.actors import Actor

from ..models import Account, ApiToken, Consent, GuestMerge, StaffRole
from ..rules.handles import clean_handle
from ..rules.profiles import PURPOSES

TAIL = 4


def staff_with(*roles: str) -> list[int]:
    """Return the open staff accounts with one of ``roles``; owners have every role. One query."""
    found = StaffRole.objects.filter(role__in={*roles, "owner"}, account__is_active=True)
    return sorted(set(found.values_list("account_id", flat=True)))


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody said to a purpose: ``at`` is None where they never said anything (a no)."""

    purpose: str
    text: Any
    granted: bool
    at: dt.datetime | None


def consents_of(account_id: int) -> list[Answer]:
    """Return every purpose in plain words with the latest answer. One query."""
    latest = {
        row.purpose: row
        for row in Consent.objects.filter(account_id=account_id, purpose__in=PURPOSES)
        .order_by("purpose", "-id")
        .distinct("purpose")
    }
    return [
        Answer(purpose, text, row is not None and row.granted, row.at if row else None)
        for purpose, text in PURPOSES.items()
        for row in [latest.get(purpose)]
    ]


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


def accounts_called(handles: Iterable[str]) -> dict[str, int | None]:
    """Return the account of each handle somebody typed, by handle in small letters; None of nobody.

    A leading "@" and case do not matter; blanks are left out. One query.
    """
    wanted = {clean_handle(handle).lower() for handle in handles} - {""}
    rows = Account.objects.annotate(low=Lower("handle")).filter(low__in=wanted)
    known = dict(rows.values_list("low", "id"))
    return {handle: known.get(handle) for handle in sorted(wanted)}


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
