"""Reminders: somebody asks to be told once of one thing; a member, or a guest by a contact.

Whoever can type a contact may name it, so: one message for one thing, a way to stop that needs no
account and works for ever, and confirming first where the market wants it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock, ratelimits
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import Conflict, Invalid
from banyan.people.models import Account
from banyan.people.rules.contacts import read_contact

from .. import kinds, ports, wechat
from ..access import place_of, preference_of
from ..contacts import mark
from ..families import PAGE, PUSH
from ..models import Reminder, Stop
from ..queries import switches_of
from . import allowances
from .messages import send
from .preferences import Where, set_switch
from .telling import notify

ASKED_A_DAY = 20  # of one contact: anybody can type it
UNCONFIRMED = dt.timedelta(days=7)
KEPT = dt.timedelta(days=30)
OPEN = Q(told_at=None, stopped_at=None)


def remind(
    *, actor: Actor, kind: str, subject_id: int, contact: str = "", region: str = "CN"
) -> Reminder:
    """Note that somebody wants to be told of a subject. Repeatable.

    A member is told on their page and by what they chose for it; a guest by ``contact``, an e-mail
    address or a phone number (of ``region`` when it has no country code). Raises what the subject
    says (NotFound, Conflict), Invalid, TooMany for a contact that is typed all day, and Conflict
    ``contact_stopped`` for one that does not want to be written to. Where consent is asked for
    first, an e-mail address is written to once, to confirm.
    """
    subject = ports.subject_of(kind, actor=actor, subject_id=subject_id, asking=True)
    if actor.id is not None:
        return _note(
            Reminder(kind=kind, subject_id=subject_id, account_id=actor.id, channel="page")
        )
    found = read_contact(contact, region)
    if found is None:
        raise Invalid(
            fields={"contact": _("This is neither an e-mail address nor a phone number.")}
        )
    reminder = _of_contact(kind, subject_id, found.channel, found.value)
    if reminder.confirmed_at is None and reminder.channel == "email":
        _ask_to_confirm(reminder, subject)
    return reminder


def remind_member(*, account: Account, kind: str, subject_id: int) -> Reminder:
    """Note a reminder that a floor above gives a member by itself, in the member's language."""
    with translation.override(account.language):
        return _note(Reminder(kind=kind, subject_id=subject_id, account=account, channel="page"))


def remind_in_wechat(*, kind: str, subject_id: int, openid: str) -> Reminder:
    """Note the consent that WeChat's own page has brought. Repeatable."""
    ports.subject_of(kind, actor=Actor.guest(), subject_id=subject_id, asking=True)
    scene = wechat.scene_of(subject_id)
    return _of_contact(kind, subject_id, "wechat", f"{scene}:{openid}")


def _of_contact(kind: str, subject_id: int, channel: str, destination: str) -> Reminder:
    contact = mark(channel, destination)
    ratelimits.hit(f"remind:{contact}", ASKED_A_DAY, 86_400)
    if Stop.objects.filter(contact=contact).exists():
        raise Conflict(
            _("This contact asked us not to write. The link in our last message undoes it."),
            code="contact_stopped",
        )
    asks_first = channel == "email" and settings.CONSENT_MODE == "opt_in"
    return _note(
        Reminder(
            kind=kind,
            subject_id=subject_id,
            channel=channel,
            destination=destination,
            contact=contact,
        ),
        confirmed=not asks_first,
    )


def _note(reminder: Reminder, *, confirmed: bool = True) -> Reminder:
    """Write a reminder unless the same is open already; returns the one that counts."""
    same = Reminder.objects.filter(OPEN, kind=reminder.kind, subject_id=reminder.subject_id)
    same = (
        same.filter(account_id=reminder.account_id)
        if reminder.account_id
        else same.filter(contact=reminder.contact)
    )
    reminder.language = get_language() or "en"
    reminder.token = new_code(120)
    reminder.created_at = clock.now()
    reminder.confirmed_at = reminder.created_at if confirmed else None
    known = same.first()
    if known is not None:
        return known
    with transaction.atomic():
        made = Reminder.objects.bulk_create([reminder], ignore_conflicts=True)
    return same.first() or made[0]


def _ask_to_confirm(reminder: Reminder, subject: ports.Subject) -> None:
    path = f"/remind/confirm/{reminder.token}"
    send(
        channel="email",
        destination=reminder.destination,
        kind="remind.confirm",
        context={"title": subject.title, "path": path, "leave": f"/stop/{reminder.token}"},
        language=reminder.language,
        key=f"remind.confirm:{reminder.pk}",
        link=path,
        leave=f"/stop/{reminder.token}",
    )


def confirm(*, token: str) -> bool:
    """Confirm by the link of the e-mail that asked; tells whether the link is one. Repeatable."""
    found = Reminder.objects.filter(token=token)
    found.filter(confirmed_at=None, stopped_at=None).update(confirmed_at=clock.now())
    return found.filter(stopped_at=None).exists()


def stop(*, token: str) -> str:
    """End what a letter's link is of; returns "contact", "member", or "" for no link. Repeatable.

    A guest's contact is never written to again. That works for ever, also when the contact itself
    was forgotten: its mark is enough, and whoever has the link may. A member's own reminder ends,
    and so do e-mails of its family.
    """
    found = Reminder.objects.filter(token=token).first()
    if found is None:
        return ""
    now = clock.now()
    with transaction.atomic():
        if found.account_id is not None:
            Reminder.objects.filter(OPEN, pk=found.pk).update(stopped_at=now)
            _mail_no_more(found.account_id, kinds.require(found.kind).family.name)
            return "member"
        Stop.objects.bulk_create([Stop(contact=found.contact, at=now)], ignore_conflicts=True)
        theirs = Reminder.objects.filter(contact=found.contact)
        theirs.filter(OPEN).update(stopped_at=now)
        theirs.update(destination="")
    return "contact"


def _mail_no_more(account_id: int, family: str) -> None:
    on = switches_of(account_id)[family]
    set_switch(
        actor=Actor(kind="member", id=account_id),
        family=family,
        where=Where(on[PAGE], on[PUSH], False),
    )


def undo_stop(*, token: str) -> bool:
    """Let a contact be written to again, by the same link; what was stopped stays so."""
    found = Reminder.objects.filter(token=token).first()
    return found is not None and bool(Stop.objects.filter(contact=found.contact).delete()[0])


def stop_own(*, actor: Actor, kind: str, subject_id: int) -> None:
    """End a member's own reminder of a subject; repeatable."""
    if actor.id is not None:
        mine = Reminder.objects.filter(OPEN, kind=kind, account_id=actor.id, subject_id=subject_id)
        mine.update(stopped_at=clock.now())


@dataclass(frozen=True, slots=True)
class Word:
    """What is told: a page's path, what the kind's sentence needs, what the letter's text needs."""

    url: str
    data: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)


def tell(*, reminder: Reminder, word: Word) -> bool:
    """Tell one who waited, once; False when the day's allowance is used up: it waits on.

    ``reminder.kind`` is the kind of the notification and of the letter. A member without a browser
    for it gets an e-mail, too, where their switch says so. Joins the caller's transaction.
    """
    mine = Reminder.objects.filter(OPEN, pk=reminder.pk, confirmed_at__isnull=False)
    if mine.update(told_at=clock.now()) != 1:
        return False
    if reminder.account_id is None:
        if not allowances.take(who=reminder.contact):
            Reminder.objects.filter(pk=reminder.pk).update(told_at=None)
            return False
        _write(reminder, word, reminder.channel, reminder.destination, reminder.language, "")
        return True
    notify(
        recipient_id=reminder.account_id,
        kind=reminder.kind,
        group_key=f"{reminder.kind}:{reminder.subject_id}",
        url=word.url,
        data=word.data,
    )
    _write_to_member(reminder, word)
    return True


def _write_to_member(reminder: Reminder, word: Word) -> None:
    account = reminder.account
    if account is None or not account.email or not account.is_active:
        return
    place = place_of(account.pk, kinds.require(reminder.kind).family.name)
    if place.push or not place.email:
        return
    zone = preference_of(account.pk).time_zone
    if allowances.take(who=allowances.member(account.pk), zone=zone):
        _write(reminder, word, "email", account.email, account.language, zone)


def _write(
    reminder: Reminder, word: Word, channel: str, destination: str, language: str, zone: str
) -> None:
    leave = f"/stop/{reminder.token}"
    send(
        channel=channel,
        destination=destination,
        kind=reminder.kind,
        context={**word.context, "path": word.url, "leave": leave},
        language=language,
        zone=zone,
        key=f"{reminder.kind}:{reminder.pk}",
        link=word.url,
        leave=leave,
    )


def forget_reminders() -> int:
    """Forget contacts that are no longer needed, and what was never confirmed; how many.

    The tokens and marks stay, so that every link works for ever.
    """
    now = clock.now()
    never = Reminder.objects.filter(confirmed_at=None, created_at__lt=now - UNCONFIRMED)
    emptied = never.exclude(destination="").update(destination="", stopped_at=now)
    over = Q(told_at__lt=now - KEPT) | Q(stopped_at__lt=now - KEPT)
    return emptied + Reminder.objects.filter(over).exclude(destination="").update(destination="")


def forget_contact(*, channel: str, destination: str) -> int:
    """Erase a contact everywhere in reminders (a guest's right); returns how many rows. Repeatable.

    Open ones end. The mark stays only where it keeps a stop.
    """
    theirs = Reminder.objects.filter(contact=mark(channel, destination))
    theirs.filter(OPEN).update(stopped_at=clock.now())
    return theirs.exclude(destination="").update(destination="")
