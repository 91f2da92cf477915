"""Contacts by consent: digests of an address book, and the digests by which members are found.

Neither the book nor who was found in it is kept: only digests (``rules.digests``), and only while
their owner agrees. Everything here holds the owner's choices (``holds``), so that a yes that is
taken back at the same instant leaves nothing behind.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock, keyrings, ratelimits
from banyan.kernel.actors import Actor
from banyan.kernel.keyrings import Ring
from banyan.kernel.problems import Conflict, Invalid

from ..access import agrees, get_own_account
from ..models import Account, BookDigest, FoundByDigest
from ..rules.contacts import EMAIL, SMS, Contact
from ..rules.digests import LONGEST_BOOK, MOST_AT_ONCE, Book, digest, read_book, tag
from .holds import hold_choices

CONTACTS, FINDABLE = "contacts", "findable_by_contact"
KEPT = dt.timedelta(days=365)
MOST_IN_A_BOOK = 5_000
UPLOADS_A_DAY = 10
PIECE = 500


def keep_book(*, actor: Actor, text: str, region: str) -> Book:
    """Keep the digests of the contacts that ``text`` holds, beside those from before.

    Returns what was read. Conflict when the actor does not agree to ``contacts``
    (``consent_missing``) or has 5,000 (``contacts_full``); Invalid when there is no contact in it,
    or more than 1,000. TooMany beyond 10 uploads a day: an address book is no way to try out
    numbers.
    """
    account = get_own_account(actor)
    if len(text) > LONGEST_BOOK:
        raise Invalid(fields={"book": _("This is too long. Send it in parts.")})
    ratelimits.hit(f"book:{account.pk}", UPLOADS_A_DAY, 86_400)
    book = read_book(text, region)
    if not book.contacts:
        raise Invalid(fields={"book": _("There is no telephone number or e-mail address in it.")})
    if len(book.contacts) + book.unread > MOST_AT_ONCE:
        raise Invalid(fields={"book": _("At most 1,000 contacts at a time.")})
    key, now = keyrings.keys(Ring.CONTACTS)[0], clock.now()
    with transaction.atomic():
        hold_choices(account.pk)
        if not agrees(account.pk, CONTACTS):
            raise Conflict(_("Agree first, then send contacts."), code="consent_missing")
        mine = BookDigest.objects.filter(owner=account)
        if mine.count() + len(book.contacts) > MOST_IN_A_BOOK:
            raise Conflict(
                _("Your address book here is full. Erase it first."), code="contacts_full"
            )
        rows = [
            BookDigest(owner=account, digest=digest(key, contact), created_at=now)
            for contact in book.contacts
        ]
        BookDigest.objects.bulk_create(rows, ignore_conflicts=True)
    return book


def erase_book(*, actor: Actor) -> int:
    """Erase one's address book here at once; returns how many digests there were. Repeatable."""
    with transaction.atomic():
        hold_choices(actor.id or 0)
        return BookDigest.objects.filter(owner_id=actor.id or 0).delete()[0]


def follow_choice(account: Account, purpose: str, *, granted: bool) -> None:
    """Let the digests of an account follow what it has just said; the choices are held."""
    if purpose == CONTACTS and not granted:
        BookDigest.objects.filter(owner=account).delete()
    if purpose == FINDABLE:
        _write_found_by(account, granted=granted)


def follow_contact(account: Account) -> None:
    """Let the digests of an account follow its contacts; the choices are held."""
    _write_found_by(account, granted=agrees(account.pk, FINDABLE))


def forget_contacts(account_id: int) -> None:
    """Erase every digest of an account that closes; the choices are held."""
    BookDigest.objects.filter(owner_id=account_id).delete()
    FoundByDigest.objects.filter(account_id=account_id).delete()


def _write_found_by(account: Account, *, granted: bool) -> None:
    FoundByDigest.objects.filter(account=account).delete()
    if not granted:
        return
    # Read again: the contacts may have changed while the lock was waited for.
    email, phone = Account.objects.values_list("email", "phone").get(pk=account.pk)
    contacts = [Contact(EMAIL, email)] if email else []
    contacts += [Contact(SMS, phone)] if phone else []
    # One for every key that books may have been written with.
    FoundByDigest.objects.bulk_create(
        FoundByDigest(account=account, digest=digest(key, contact), key_tag=tag(key))
        for key in keyrings.keys(Ring.CONTACTS)
        for contact in contacts
    )


def renew_digests() -> int:
    """Write the digests of findable members anew once the secret key was changed. Repeatable.

    Returns how many members that were, 500 at most: the job comes again.
    """
    newest = tag(keyrings.keys(Ring.CONTACTS)[0])
    current = FoundByDigest.objects.filter(key_tag=newest).values("account_id")
    old = FoundByDigest.objects.exclude(account_id__in=current)
    accounts = Account.objects.filter(pk__in=old.values("account_id"))[:PIECE]
    for account in accounts:
        with transaction.atomic():
            hold_choices(account.pk)
            follow_contact(account)
    return len(accounts)


def forget_old_books() -> int:
    """Erase digests of address books that are a year old; returns how many."""
    old = BookDigest.objects.filter(created_at__lt=clock.now() - KEPT)
    return old.delete()[0]
