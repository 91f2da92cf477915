"""Leaving: closed at once, thirty days to come back, then everything personal is erased."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import audit, clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.personal import Person, erase_rows, in_erasing_order
from banyan.kernel.problems import Conflict, Invalid, NotFound
from banyan.kernel.states import transition
from banyan.kernel.sweeps import MOST, PIECE, sweep
from banyan.people import actions as people
from banyan.people.access import get_own_account
from banyan.people.models import Account

from .. import ports
from ..events import AccountErased, ErasureAsked, ErasureCancelled
from ..models import Erasure
from ..states import ERASURE

GRACE = dt.timedelta(days=30)


class NotSettled(Conflict):
    """Something is open; ``extra["obstacles"]`` says what, in words and with the way there."""

    code = "not_settled"
    message = _("Something has to be settled first.")


def person_of(account: Account) -> Person:
    """Return an account as what the declarations of personal data ask for."""
    contacts = frozenset(contact for contact in (account.email, account.phone) if contact)
    return Person(account_id=account.pk, contacts=contacts, handle=account.handle)


def ask_erasure(*, actor: Actor, handle: str) -> Erasure:
    """Leave: the account is closed at once, and erased in thirty days unless its owner signs in
    and says to stay.

    ``handle`` is typed by hand, so that nobody leaves by mistake. Raises Invalid for another one,
    NotSettled while orders, disputes or money are open. Repeatable. Emits account.leaving.
    """
    account = get_own_account(actor)
    if handle.strip().removeprefix("@").casefold() != account.handle.casefold():
        raise Invalid(fields={"handle": _("Type your own name here to leave.")})
    _require_settled(person_of(account))
    now = clock.now()
    try:
        with transaction.atomic():
            made = Erasure.objects.create(account=account, asked_at=now, due_at=now + GRACE)
            people.close_account(actor=actor, account_id=account.pk, reason="leaving")
            told = ErasureAsked(account_id=account.pk, erasure_id=made.pk)
            events.emit(told, actor=actor)
    except IntegrityError as error:
        if "legal_erasure_one" not in str(error):
            raise
        return Erasure.objects.get(account=account, state="waiting")
    return made


def _require_settled(person: Person) -> None:
    found = ports.obstacles(person)
    if found:
        raise NotSettled(
            extra={
                "obstacles": [
                    {"code": one.code, "text": str(one.text), "url": one.url} for one in found
                ]
            }
        )


def stay(*, actor: Actor) -> bool:
    """Stay after all: the actor, who has just signed in, says so; nothing else cancels an erasure.

    The account opens unless moderation keeps it closed; tells whether it did. Raises NotFound when
    nothing waits, Conflict when it was erased a moment ago. Emits account.stayed.
    """
    with transaction.atomic():
        waiting = Erasure.objects.select_for_update().filter(state="waiting")
        found = waiting.filter(account_id=actor.id or 0).first()
        if found is None or found.account_id is None:
            raise NotFound()
        transition(ERASURE, found, "cancelled", actor=actor, ended_at=clock.now())
        told = ErasureCancelled(account_id=found.account_id, erasure_id=found.pk)
        events.emit(told, actor=actor)
        return people.reopen_account(
            actor=actor, account_id=found.account_id, reason="chose to stay"
        )


def erase_due(*, actor: Actor, piece: int = PIECE, most: int = MOST) -> int:
    """Erase whose thirty days are over; what is open again waits for the next run.

    One transaction per person; one that fails is logged, and holds up nobody else. Returns how many
    were erased; repeatable.
    """
    due = Erasure.objects.filter(state="waiting", due_at__lte=clock.now())

    def erase(erasure_id: int) -> int:
        account = Erasure.objects.select_related("account").get(pk=erasure_id).account
        if account is None or ports.obstacles(person_of(account)):
            return 0
        return _erase_account(actor, erasure_id)

    return sweep("legal.erase", due, erase, by="due_at", piece=piece, most=most)


def _erase_account(actor: Actor, erasure_id: int) -> bool:
    with transaction.atomic():
        # Locked against an owner who says to stay at this moment.
        erasure = Erasure.objects.select_for_update().get(pk=erasure_id)
        if erasure.state != "waiting" or erasure.account_id is None:
            return False
        account = Account.objects.select_for_update().get(pk=erasure.account_id)
        _erase(person_of(account))
        transition(ERASURE, erasure, "done", actor=actor, ended_at=clock.now())
        events.emit(AccountErased(account_id=account.pk), actor=actor)
        audit.record(
            actor=actor,
            action="account.erase",
            subject_kind="account",
            subject_id=account.pk,
            reason="asked by its owner",
        )
    return True


def erase_purchase(*, actor: Actor, checkout_id: int) -> Erasure:
    """Erase what a guest left with one purchase, at once: contacts, addresses, words, messages.

    Whoever calls has looked whether the actor may (``orders.access``). Raises NotSettled. Sums and
    goods stay, and invoices as they were issued. Repeatable; audited.
    """
    person = Person(guest_id=checkout_id)
    _require_settled(person)
    now = clock.now()
    with transaction.atomic():
        _erase(person)
        made = Erasure.objects.create(
            checkout_id=checkout_id, state="done", asked_at=now, due_at=now, ended_at=now
        )
        audit.record(
            actor=actor,
            action="purchase.erase",
            subject_kind="checkout",
            subject_id=checkout_id,
            reason="asked by its buyer",
        )
    return made


def _erase(person: Person) -> None:
    for holding in in_erasing_order():
        erase_rows(holding, person)
