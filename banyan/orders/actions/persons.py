"""Who buys, as far as per-person limits know: every key under which a person may be known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.expressions import RawSQL

from banyan.kernel.actors import Actor
from banyan.payments.models import Intent
from banyan.people.models import Account
from banyan.trust.queries import ACCOUNTS, CONTACTS, known

from ..models import Checkout, Order


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
    contacts they have proven, also for what they bought as a guest; both by every other account of
    theirs that ``trust`` knows, and its contacts. What a member types is no proof: it may be whom
    the parcel is for. Neither signing in nor out brings a used coupon back, nor does a second
    account. One statement.
    """
    if actor.id is not None:
        member = known(actor.id)
        accounts, contacts = set(member.accounts), set(member.contacts)
    else:
        accounts, contacts = set(), {contact.email, contact.phone}
        proven = Q(email__iexact=contact.email or "-") | Q(phone=contact.phone or "-")
        rows = Account.objects.filter(proven).annotate(
            persons=RawSQL(ACCOUNTS, []),  # noqa: S611 - our own text
            theirs=RawSQL(CONTACTS, []),  # noqa: S611 - our own text
        )
        for account in rows:
            accounts |= {account.pk, *account.persons}
            contacts |= {account.email or "", account.phone or "", *account.theirs}
    keys = {f"contact:{one.lower()}" for one in contacts if one}
    return keys | {f"account:{one}" for one in accounts}


def is_newcomer(person_keys: Collection[str], *, at: dt.datetime | None = None) -> bool:
    """Tell whether nothing was bought under any of a person's keys, or nothing before ``at``.

    See :func:`bought`. One statement.
    """
    kinds: dict[str, list[str]] = {"account": [], "contact": []}
    for key in person_keys:
        kind, _colon, value = key.partition(":")
        kinds[kind].append(value)
    mine = Q(buyer__in=kinds["account"]) | Q(contact_phone__in=kinds["contact"])
    for contact in kinds["contact"]:
        if "@" in contact:
            mine |= Q(contact_email__iexact=contact)
    before = Q() if at is None else Q(paid_at__lt=at)
    return not Checkout.objects.filter(mine, bought(), before).exists()


def bought() -> Q:
    """Return the condition of purchases: paid, and not all undone before any of it was sent.

    What is undone so gives its coupons back, those for a first order, too.
    """
    orders = Order.objects.filter(checkout=OuterRef("pk"))
    stand = orders.filter(~Q(state="closed") | Q(lines__shipped_quantity__gt=0))
    return Q(Exists(stand), paid_at__isnull=False)


def has_paid_a_provider(account_ids: Collection[int]) -> bool:
    """Tell whether one of a person's accounts has paid through a payment provider.

    Credit is none, nor is what went back in full. One statement.
    """
    paid = Intent.objects.filter(
        subject_kind="checkout",
        subject_id=OuterRef("pk"),
        captured_amount__gt=F("refunded_amount"),
    ).exclude(provider="wallet")
    return Checkout.objects.filter(
        Exists(paid), buyer__in=account_ids, paid_at__isnull=False
    ).exists()
