"""Edges that sign-ins and proven contacts make."""

from __future__ import annotations

from banyan.kernel import events
from banyan.kernel.events import Meta
from banyan.people.events import AccountCreated, BrowserJoined, ContactVerified
from banyan.people.models import Account, VisitorLink

from .actions import record
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
    rows = Account.objects.filter(pk=account_id).values_list("email", "phone")
    contacts = [contact for row in rows for contact in row if contact]
    if contacts:
        keys = [contact_key(contact) for contact in contacts]
        record(account_id=account_id, keys=keys, source="contact")


@events.subscribe(BrowserJoined, consumer=CONSUMER)
def note_browser(event: BrowserJoined, meta: Meta) -> None:
    """Note the browser that somebody signed in with, unless that was forgotten meanwhile."""
    link = VisitorLink.objects.filter(pk=event.visitor_link_id).first()
    if link is not None:
        keys = [Key(BROWSER, link.visitor)]
        record(account_id=event.account_id, keys=keys, source="sign_in")
