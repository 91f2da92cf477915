"""Accounts: made when a contact is proven, named by a handle."""

from __future__ import annotations

import random

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import audit, clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Invalid, NotFound

from ..access import get_own_account
from ..events import AccountCreated, ContactVerified
from ..models import Account, ApiToken, Profile
from ..ports import check_names, is_kept_closed
from ..rules import Contact, clean_handle, handle_problem, suggest_handle
from ..rules.contacts import EMAIL
from .contacts import follow_contact, forget_contacts
from .handles import handle_taken, keep_former, require_free
from .holds import hold_choices
from .words import index_accounts

_chance = random.SystemRandom()
_GUESSES = 12


class ContactTaken(Conflict):
    """The proven contact is another account's already."""

    code = "contact_taken"
    message = _("This contact belongs to another account. Sign in with it to use that account.")


def create_account(
    *,
    actor: Actor,
    contact: Contact | None,
    language: str = "en",
    handle: str = "",
    display_name: str = "",
    channel: str = "",
    is_demo: bool = False,
) -> Account:
    """Make an account for a contact that was proven (or none, for accounts signed in elsewhere).

    Without ``handle`` a readable one is found. Raises Invalid on a handle that cannot be or is
    taken, ContactTaken when another account has the contact. Emits ``account.created``.
    """
    if handle:
        handle = clean_handle(handle)
        if problem := handle_problem(handle):
            raise Invalid(fields={"handle": problem})
    check_names(actor=actor, handle=handle, display_name=display_name)
    with transaction.atomic():
        account = _insert(handle, display_name, language, is_demo)
        Profile.objects.create(account=account)
        index_accounts([account])
        event = AccountCreated(
            account_id=account.pk,
            handle=account.handle,
            channel=channel or (contact.channel if contact else "social"),
        )
        events.emit(event, actor=actor)
        if contact is not None:
            attach_contact(actor=actor, account=account, contact=contact)
    return account


def _insert(handle: str, display_name: str, language: str, is_demo: bool) -> Account:
    for guess in range(_GUESSES):
        name = handle or suggest_handle(_chance, digits=4 + guess // 3)
        account = Account(
            handle=name,
            display_name=display_name.strip()[:60] or name,
            language=language,
            is_demo=is_demo,
            created_at=clock.now(),
        )
        account.set_unusable_password()
        try:
            with transaction.atomic():
                account.save(force_insert=True)
                require_free(account)
        except (IntegrityError, Invalid) as error:
            if handle:
                raise handle_taken() from error
            continue
        return account
    raise Conflict(detail=f"no free handle in {_GUESSES} guesses")


def attach_contact(*, actor: Actor, account: Account, contact: Contact) -> None:
    """Make a proven contact the account's e-mail or phone, in place of the one before.

    Call it only after the contact was verified. Raises ContactTaken; repeatable. Emits
    ``account.contact_verified``.
    """
    column = "email" if contact.channel == EMAIL else "phone"
    before = getattr(account, column)
    if before == contact.value:
        return
    try:
        with transaction.atomic():
            # Before the row: a consent holds them, and its key to the account waits for the row.
            hold_choices(account.pk)
            Account.objects.filter(pk=account.pk).update(**{column: contact.value})
            if contact.channel == EMAIL:
                _keep_email(account, contact.value)
            follow_contact(account)
            events.emit(
                ContactVerified(account_id=account.pk, channel=contact.channel), actor=actor
            )
            if before:
                audit.record(
                    actor=actor,
                    action="account.change_contact",
                    subject_kind="account",
                    subject_id=account.pk,
                    subject_label=str(account),
                    detail={"channel": contact.channel},
                )
    except IntegrityError as error:
        raise ContactTaken() from error
    setattr(account, column, contact.value)


def _keep_email(account: Account, email: str) -> None:
    """Tell the sign-in library, which knows addresses by its own table."""
    EmailAddress.objects.filter(user=account).delete()
    # An unproven claim of somebody else gives way to the proof.
    EmailAddress.objects.filter(email__iexact=email, verified=False).delete()
    EmailAddress.objects.create(user=account, email=email, verified=True, primary=True)


def change_handle(*, actor: Actor, handle: str) -> Account:
    """Give the actor's account another handle; the one before leads on for 90 days.

    Nobody else can take that one for as long; the account may take it back. Raises Invalid when the
    new one cannot be, is taken or kept for another account (``handle_taken``), or when ten are kept
    for this one (``handles_full``); Conflict when it changed meanwhile.
    """
    account = get_own_account(actor)
    handle = clean_handle(handle)
    if handle == account.handle:
        return account
    if problem := handle_problem(handle):
        raise Invalid(fields={"handle": problem})
    check_names(actor=actor, handle=handle)
    before = account.handle
    try:
        with transaction.atomic():
            mine = Account.objects.filter(pk=account.pk, handle=before)
            # Two changes at once: the later one would not know what it gives up.
            if not mine.update(handle=handle):
                raise Conflict()
            account.handle = handle
            require_free(account)
            keep_former(account, before=before)
            index_accounts([account])
            audit.record(
                actor=actor,
                action="account.change_handle",
                subject_kind="account",
                subject_id=account.pk,
                subject_label=f"@{handle}",
                detail={"before": before},
            )
    except IntegrityError as error:
        raise handle_taken() from error
    return account


def close_account(*, actor: Actor, account_id: int, reason: str) -> None:
    """Close an account: nobody sees it, nothing signs in to it, its tokens end. Repeatable."""
    by_right = actor.kind == "system" or actor.has_role("support", "moderation")
    if actor.id != account_id and not by_right:
        raise NotFound()
    with transaction.atomic():
        hold_choices(account_id)
        if not Account.objects.filter(pk=account_id, is_active=True).update(is_active=False):
            return
        now = clock.now()
        ApiToken.objects.filter(account_id=account_id, revoked_at=None).update(revoked_at=now)
        forget_contacts(account_id)
        audit.record(
            actor=actor,
            action="account.close",
            subject_kind="account",
            subject_id=account_id,
            reason=reason,
        )


def nobody() -> Account:
    """Return the account that stands where members were who are gone. Nobody signs in to it."""
    handle = "deleted-member"
    found = Account.objects.filter(handle=handle).first()
    if found is None:
        found = _insert(handle, "Deleted member", "en", False)
        Profile.objects.create(account=found)
    return found


def reopen_account(*, actor: Actor, account_id: int, reason: str) -> bool:
    """Open a closed account unless something else keeps it closed; tells whether it is open.

    Its tokens stay ended. In the caller's transaction; audited; repeatable.
    """
    if not is_kept_closed(account_id):
        if Account.objects.filter(pk=account_id, is_active=False).update(is_active=True):
            audit.record(
                actor=actor,
                action="account.reopen",
                subject_kind="account",
                subject_id=account_id,
                reason=reason,
            )
        return True
    return False
