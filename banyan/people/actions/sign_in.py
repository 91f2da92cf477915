"""Signing in by a typed code: asked for in one browser, finished in whichever one.

Known and unknown contacts are treated alike to the last byte: the account is looked for (or made)
only after the code proved the contact.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from banyan.kernel import clock, events, keyrings, ratelimits
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import Forbidden, Invalid, LoginRequired, NotFound, TooMany

from .. import ports
from ..events import BrowserJoined
from ..models import Account, SignInCode, VisitorLink
from ..rules import Contact, read_contact
from .accounts import ContactTaken, attach_contact, create_account

log = structlog.get_logger("banyan.people")
LIFE = dt.timedelta(minutes=10)
ATTEMPTS = 5
SENDS = 4
KEEP = dt.timedelta(days=7)
TOKEN_BITS = 57

SIGN_IN = "sign_in"
ADD_CONTACT = "add_contact"


@dataclass(frozen=True, slots=True)
class Begun:
    """Where a sign-in began: joined to the account when it finishes, wherever that is."""

    visitor: str = ""
    cart_token: str = ""
    intent: str = ""
    next_url: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """The proven account; ``created`` when the contact was new.

    An account that is not active is being left: nothing opens before its owner says to stay.
    """

    account: Account
    created: bool
    attempt: SignInCode


class CodeSpent(Invalid):
    """The code was used, is too old, or was guessed at too often; a new one is needed."""

    code = "code_spent"

    def __init__(self) -> None:
        super().__init__(fields={"code": _("This code no longer works. Please ask for a new one.")})


def request_code(
    *,
    actor: Actor,
    contact: str,
    region: str = "CN",
    language: str = "en",
    purpose: str = SIGN_IN,
    begun: Begun | None = None,
    source: str = "",
) -> SignInCode:
    """Send a six-digit code to an e-mail address or phone number; 10 minutes, 5 attempts.

    ``purpose`` add_contact proves a further contact of the actor's own account. ``source`` is the
    address that asks, for its rate limit. Raises Invalid for what is no contact or has no channel
    here, TooMany. Nothing tells whether an account exists. The code leaves after the commit.
    """
    reached = read_contact(contact, region)
    if reached is None:
        raise Invalid(fields={"contact": _bad_contact(contact)})
    if reached.channel not in settings.SIGN_IN_CHANNELS:
        raise Invalid(fields={"contact": _("Codes by text message are not set up here.")})
    if purpose == ADD_CONTACT and actor.id is None:
        raise LoginRequired()
    _limit(reached, source)
    begun = begun or Begun()
    now = clock.now()
    with transaction.atomic():
        attempt = SignInCode.objects.create(
            token=new_code(TOKEN_BITS),
            purpose=purpose,
            channel=reached.channel,
            contact=reached.value,
            salt=secrets.token_urlsafe(12),
            account_id=actor.id if purpose == ADD_CONTACT else None,
            intent=begun.intent[:40],
            next_url=begun.next_url if len(begun.next_url) <= 500 else "",
            visitor=begun.visitor,
            cart_token=begun.cart_token,
            language=language,
            created_at=now,
            expires_at=now + LIFE,
        )
        _carry(attempt)
    return attempt


def _bad_contact(text: str) -> object:
    if "@" in text:
        return _("This is not an e-mail address.")
    return _("Enter an e-mail address, or a phone number with its country code, such as +49.")


def _limit(contact: Contact, source: str) -> None:
    if source:
        # Generous, because a whole conference may share one address.
        ratelimits.hit(f"code:from:{source}", 100, 3600)
    # Tight for who asks, wider for all together: a stranger must not use up its owner's.
    whose = f"{contact.value}:{source}"
    ratelimits.hit(f"code:to:{whose}", 6, 900)
    ratelimits.hit(f"code:to-day:{whose}", 20, 86_400)
    ratelimits.hit(f"code:to-all:{contact.value}", 20, 900)
    ratelimits.hit(f"code:to-all-day:{contact.value}", 80, 86_400)


def _carry(attempt: SignInCode) -> None:
    ports.code_sender()(
        channel=attempt.channel,
        destination=attempt.contact,
        code=_code_of(attempt),
        language=attempt.language,
        key=f"people.code:{attempt.pk}:{attempt.sends}",
        minutes=LIFE // dt.timedelta(minutes=1),
    )


def _code_of(attempt: SignInCode, key: bytes | None = None) -> str:
    """Derive the six digits, so that the database alone never knows a code."""
    key = key or keyrings.keys(keyrings.Ring.COOKIES)[0]
    told = f"sign-in:{attempt.token}:{attempt.salt}"
    digest = hmac.new(key, told.encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06d}"


def demo_code(attempt: SignInCode) -> str:
    """Return the code for the page of a demo, where nobody waits for a message; else nothing."""
    return _code_of(attempt) if settings.DEMO and attempt.used_at is None else ""


def attempt_of(token: str) -> SignInCode:
    """Return a sign-in that is under way, by its unguessable token; NotFound otherwise."""
    attempt = SignInCode.objects.filter(token=token).first()
    if attempt is None:
        raise NotFound()
    return attempt


def resend_code(*, actor: Actor, token: str, source: str = "") -> SignInCode:
    """Send a new code for the same sign-in (three times at most); the one before stops working."""
    attempt = attempt_of(token)
    if attempt.used_at is not None:
        raise CodeSpent()
    if attempt.sends >= SENDS:
        raise TooMany(_("This was sent often enough. Please begin again."), code="sent_enough")
    _limit(Contact(attempt.channel, attempt.contact), source)
    with transaction.atomic():
        changed = SignInCode.objects.filter(
            pk=attempt.pk, sends=attempt.sends, used_at=None
        ).update(
            sends=F("sends") + 1,
            salt=secrets.token_urlsafe(12),
            attempts=0,
            expires_at=clock.now() + LIFE,
        )
        attempt.refresh_from_db()
        if changed:
            _carry(attempt)
    return attempt


def verify_code(*, actor: Actor, token: str, code: str, source: str = "") -> Finished:
    """Take a typed code. Six right digits prove the contact, once.

    A sign-in returns the contact's account, or a new one; add_contact gives the contact to the
    account that asked. Raises Invalid (``code``) for wrong digits and says how many tries are
    left, TooMany after many from one ``source``, CodeSpent, ContactTaken, Forbidden for a closed
    account that its owner is not leaving: that one is returned as it is, closed. At once from two
    browsers: one finishes, the other is told that the code is spent. Emits ``account.created`` and
    ``account.contact_verified`` where they apply.
    """
    attempt = attempt_of(token)
    typed = "".join(digit for digit in code if digit.isdecimal())
    ratelimits.hit(f"code:try:{attempt.contact}:{source}", 20, 3600)
    # Counted before it is looked at, and in a transaction of its own, so that no refusal undoes it.
    counted = SignInCode.objects.filter(
        pk=attempt.pk, used_at=None, expires_at__gt=clock.now(), attempts__lt=ATTEMPTS
    ).update(attempts=F("attempts") + 1)
    if not counted:
        raise CodeSpent()
    if not _matches(attempt, typed):
        left = ATTEMPTS - attempt.attempts - 1
        raise Invalid(code="code_wrong", fields={"code": _wrong(left)}, extra={"left": left})
    with transaction.atomic():
        used = SignInCode.objects.filter(pk=attempt.pk, used_at=None, salt=attempt.salt)
        if not used.update(used_at=clock.now()):
            raise CodeSpent()
        account, created = _proven(actor, attempt)
        SignInCode.objects.filter(pk=attempt.pk).update(account=account)
    attempt.refresh_from_db()
    return Finished(account, created, attempt)


def _matches(attempt: SignInCode, typed: str) -> bool:
    keys = keyrings.keys(keyrings.Ring.COOKIES)
    return any(constant_time_compare(typed, _code_of(attempt, key)) for key in keys)


def _wrong(left: int) -> str:
    if left <= 0:
        return str(_("That was not the code, and it was the last try. Please ask for a new one."))
    text = ngettext(
        "That is not the code. You have %(left)d more try.",
        "That is not the code. You have %(left)d more tries.",
        left,
    )
    return text % {"left": left}


def _proven(actor: Actor, attempt: SignInCode) -> tuple[Account, bool]:
    contact = Contact(attempt.channel, attempt.contact)
    if attempt.purpose == ADD_CONTACT:
        if attempt.account is None or actor.id != attempt.account_id:
            raise NotFound()
        attach_contact(actor=actor, account=attempt.account, contact=contact)
        return attempt.account, False
    account = account_with(contact)
    if account is None:
        try:
            with transaction.atomic():
                made = create_account(actor=actor, contact=contact, language=attempt.language)
            return made, True
        except ContactTaken:
            # Somebody proved the same new contact at the same moment: it is their account, too.
            account = account_with(contact)
    if account is None or not (account.is_active or ports.leaving_on(account.pk)):
        raise Forbidden(_("This account is closed."), code="account_closed")
    return account, False


def account_with(contact: Contact) -> Account | None:
    """Return the account of a proven contact. Never let a page tell strangers what it returns."""
    if contact.channel == "email":
        return Account.objects.filter(email__iexact=contact.value).first()
    return Account.objects.filter(phone=contact.value).first()


def join_browser(*, account: Account, visitor: str | None, cart_token: str) -> None:
    """Join what a browser did before: its visitor id, touches and cart. Repeatable.

    A hook that fails is logged and does not keep anybody out. Emits account.browser_joined.
    """
    if visitor:
        with transaction.atomic():
            link, _new = VisitorLink.objects.get_or_create(
                visitor=visitor, account=account, defaults={"first_seen": clock.now()}
            )
            told = BrowserJoined(account_id=account.pk, visitor_link_id=link.pk)
            events.emit(told, actor=Actor(kind="member", id=account.pk, label=str(account)))
    for hook in ports.on_sign_in:
        try:
            with transaction.atomic():
                hook(account=account, visitor=visitor, request_token=cart_token)
        except Exception:
            log.exception("sign_in_hook_failed", hook=str(hook), account=account.pk)


def forget_old_codes() -> int:
    """Delete sign-ins that ended a week ago; returns how many."""
    deleted, _rows = SignInCode.objects.filter(expires_at__lt=clock.now() - KEEP).delete()
    return deleted
