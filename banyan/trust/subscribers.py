"""Edges that sign-ins and proven contacts make, new ones and those from before."""

from __future__ import annotations

from collections.abc import Sequence

from banyan.kernel import events
from banyan.kernel.events import Meta
from banyan.people.events import AccountCreated, BrowserJoined, ContactVerified
from banyan.people.models import Account, VisitorLink

from . import ports
from .actions import record
from .ports import Before
from .rules import BROWSER, Key, contact_key

CONSUMER = "trust"


@events.subscribe(AccountCreated, consumer=CONSUMER)
def note_first_contact(event: AccountCreated, meta: Meta) -> None:
    """Note the contact that somebody signed up with."""
    _note_contacts(event.account_id)


@events.subscribe(ContactVerified, consumer=CONSUMER)
def note_contact(event: ContactVerified, meta: Meta) -> None:
    """Note a contact that an account has proven."""
    _note_contacts(event.account_id)


def _note_contacts(account_id: int) -> None:
    """Note the contacts as they are now: in the event there are none."""
    for account in Account.objects.filter(pk=account_id):
        record(account_id=account_id, keys=_contacts(account), source="contact")


def _contacts(account: Account) -> list[Key]:
    return [contact_key(contact) for contact in (account.email, account.phone) if contact]


def contacts_before(below: int, most: int) -> Sequence[Before]:
    """Return accounts with their contacts; who signs in has them still. See ``ports.before``."""
    rows = Account.objects.filter(pk__lt=below).order_by("-pk")[:most]
    return [
        Before(
            one.pk, one.pk, _contacts(one), max(one.created_at, one.last_login or one.created_at)
        )
        for one in rows
    ]


ports.before("contacts", "contact", contacts_before)


@events.subscribe(BrowserJoined, consumer=CONSUMER)
def note_browser(event: BrowserJoined, meta: Meta) -> None:
    """Note the browser that somebody signed in with, unless that was forgotten meanwhile."""
    link = VisitorLink.objects.filter(pk=event.visitor_link_id).first()
    if link is not None:
        keys = [Key(BROWSER, link.visitor)]
        record(account_id=event.account_id, keys=keys, source="sign_in")


def browsers_before(below: int, most: int) -> Sequence[Before]:
    """Return browsers that somebody signed in with. See ``ports.before``."""
    rows = VisitorLink.objects.filter(pk__lt=below).order_by("-pk")[:most]
    return [
        Before(one.pk, one.account_id, [Key(BROWSER, one.visitor)], one.first_seen) for one in rows
    ]


ports.before("browsers", "sign_in", browsers_before)
