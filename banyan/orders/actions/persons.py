"""Who buys, as far as per-person limits know: every key under which a person may be known."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from banyan.kernel.actors import Actor
from banyan.kernel.remembered import remembered
from banyan.people.models import Account
from banyan.trust.queries import mates_of

from ..models import Checkout


@dataclass(frozen=True, slots=True)
class Contact:
    """How the buyer is reached: an e-mail address, a phone number, or both."""

    email: str = ""
    phone: str = ""


def person_key(actor: Actor, contact: Contact) -> str:
    """Return what counts as one person for per-person limits: the account, else the contact."""
    if actor.id is not None:
        return f"account:{actor.id}"
    return f"contact:{(contact.email or contact.phone).lower()}"


def same_person(actor: Actor, contact: Contact) -> set[str]:
    """Return every key under which this person may have bought before, ``person_key`` among them.

    A guest is known by either contact and by the account that has proven it; a member by the
    contacts they have proven, also for what they bought as a guest. What a member types is no
    proof: it may be whom the parcel is for. Neither signing in nor out brings a used coupon back.
    """
    known = set()
    if actor.id is None:
        known = {contact.email, contact.phone}
        found = list(
            Account.objects.filter(
                Q(email__iexact=contact.email or "-") | Q(phone=contact.phone or "-")
            )
        )
    else:
        found = _member(actor.id)
    keys = set()
    for account in found:
        keys.add(f"account:{account.pk}")
        known |= {account.email or "", account.phone or ""}
    return keys | {f"contact:{one.lower()}" for one in known if one}


@remembered
def _member(account_id: int) -> QuerySet[Account]:
    return Account.objects.filter(pk=account_id)


def is_newcomer(person_keys: Collection[str]) -> bool:
    """Tell whether nothing was ever paid under any of a person's keys. One statement.

    Accounts that are one person with these count, as ``trust`` knows it.
    """
    kinds: dict[str, list[str]] = {"account": [], "contact": []}
    for key in person_keys:
        kind, _colon, value = key.partition(":")
        kinds[kind].append(value)
    accounts = [int(account) for account in kinds["account"]]
    mine = Q(buyer__in=accounts) | Q(contact_phone__in=kinds["contact"])
    if accounts:
        mine |= Q(buyer__in=mates_of(accounts).values("account_id"))
    for contact in kinds["contact"]:
        if "@" in contact:
            mine |= Q(contact_email__iexact=contact)
    return not Checkout.objects.filter(mine, paid_at__isnull=False).exists()
