"""Opening, starting and giving up a payment."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from banyan.kernel import clock, locks
from banyan.kernel.actors import Actor, caused_by, current_cause
from banyan.kernel.ids import new_code
from banyan.kernel.locks import LockKey
from banyan.kernel.money import Money
from banyan.kernel.problems import Forbidden, IllegalTransition
from banyan.kernel.remembered import Change, change, get, insert
from banyan.kernel.states import transition, transition_beside

from .. import payers, providers
from ..models import Attempt, Intent
from ..problems import (
    LinkNotOffered,
    PaymentClosed,
    PaymentInReview,
    ProviderRefused,
    ProviderUnknown,
)
from ..providers.base import Action, Charge, Provider, Started
from ..reading import attempts_of
from ..rules import CLOSED, OPEN, REQUEST, SETTLED, Reference, check_delay, lane_of
from ..states import INTENT

_TOKEN_BITS = 128


@dataclass(slots=True)
class Opening:
    """A payment whose first attempt is opened with it, for a payer who goes on to pay at once.

    ``return_url`` makes the address to come back to from the payment's token, ``context`` that of
    ``Provider.start`` from the provider's name. ``intent`` and ``attempt`` are there once both are
    written; they stay empty where nothing new was opened.
    """

    return_url: Callable[[str], str]
    locale: str
    context: Callable[[str], Mapping[str, str]]
    intent: Intent | None = None
    attempt: Attempt | None = None


def new_intent(
    *,
    subject_kind: str,
    subject_id: int,
    provider: str,
    amount: Money,
    description: str,
    payer_id: int | None,
    expires_at: dt.datetime,
) -> Intent:
    """Return a payment of ``amount`` for something of a higher floor, until ``expires_at``.

    The caller writes it, in its own transaction, and never talks to the provider there. Raises
    ProviderUnknown when the provider is not enabled, takes no payments or not the currency. Emits
    nothing: the caller's own event says what was ordered. The current cause is kept for all that
    follows.
    """
    adapter = providers.get(provider)
    if not adapter.capabilities.collects:
        raise ProviderUnknown(detail=f"{provider} takes no payments")
    if not adapter.capabilities.takes(amount.currency):
        raise ProviderUnknown(detail=f"{provider} does not take {amount.currency}")
    if adapter.capabilities.needs_account and payer_id is None:
        raise ProviderUnknown(detail=f"{provider} needs an account")
    return Intent(
        subject_kind=subject_kind,
        subject_id=subject_id,
        provider=provider,
        payer_id=payer_id,
        amount=amount.amount,
        currency=amount.currency,
        token=new_code(_TOKEN_BITS),
        description=description[:200],
        created_at=clock.now(),
        expires_at=expires_at,
        next_check_at=expires_at,
        cause_id=current_cause(),
    )


def first_attempt(intent: Intent, opening: Opening) -> Attempt:
    """Return the first attempt of a payment that has an id, for whoever writes both together."""
    context = opening.context(intent.provider)
    asked = _asked(intent, opening.return_url(intent.token), opening.locale, context)
    return _new_attempt(intent, 1, asked)


def start_opened(*, actor: Actor, opening: Opening) -> str:
    """Do what :func:`start` does, for a payment that was opened with its first attempt just now.

    Nothing is read again before the provider is asked: under its key it gives two clicks one
    payment.
    """
    intent, attempt = opening.intent, opening.attempt
    if intent is None or attempt is None:
        raise ValueError("nothing was opened")
    adapter = _adapter_for(actor, intent)
    with caused_by(intent.cause_id):
        return _go_on(actor, adapter, intent, attempt)


def start(
    *,
    actor: Actor,
    intent_id: int,
    return_url: str,
    locale: str,
    context: Mapping[str, str] | None = None,
) -> str:
    """Open the payment at its provider and return the address the payer's browser goes to next.

    Not to be called inside a transaction. Repeatable: while an attempt is open the same address
    comes back, and after one was cancelled or refused a new one is opened. A paid intent gives
    ``return_url``. A payment that needs no page is captured right here (see :func:`capture`).
    Raises PaymentClosed, PaymentInReview, Forbidden, ProviderUnreachable, ProviderRefused.
    """
    return start_known(
        actor=actor,
        intent=get(Intent, intent_id),
        return_url=return_url,
        locale=locale,
        context=context,
    )


def start_known(
    *,
    actor: Actor,
    intent: Intent,
    return_url: str,
    locale: str,
    context: Mapping[str, str] | None = None,
    wait_url: str = "",
) -> str:
    """Do what :func:`start` does, for an intent that was read already; it is read again here.

    ``wait_url`` is the page that shows a code or runs a script; empty means the payer's own.
    """
    adapter = _adapter_for(actor, intent)
    if intent.state in SETTLED:
        return return_url
    with caused_by(intent.cause_id):
        asked = _asked(intent, return_url, locale, context or {}, wait_url)
        attempt = _open_attempt(actor, intent, asked)
        return return_url if attempt is None else _go_on(actor, adapter, intent, attempt)


def _adapter_for(actor: Actor, intent: Intent) -> Provider:
    adapter = providers.get(intent.provider)
    if adapter.capabilities.needs_account and (actor.id is None or actor.id != intent.payer_id):
        raise Forbidden(detail="only the payer may spend their own credit")
    return adapter


def _asked(
    intent: Intent,
    return_url: str,
    locale: str,
    context: Mapping[str, str],
    wait_url: str = "",
) -> dict[str, Any]:
    """Return what an attempt asks of the provider, each time in the very same words."""
    return {
        "return_url": return_url,
        "webhook_url": webhook_url(intent.provider, return_url),
        "locale": locale,
        "context": payers.sealed(context),
        "wait_url": wait_url,
    }


def _new_attempt(intent: Intent, number: int, asked: Mapping[str, Any]) -> Attempt:
    by_channel = providers.get(intent.provider).capabilities.by_channel
    return Attempt(
        intent=intent,
        number=number,
        lane=lane_of(asked["context"], by_channel=by_channel),
        request=asked,
        started_at=clock.now(),
    )


def _go_on(actor: Actor, adapter: Provider, intent: Intent, attempt: Attempt) -> str:
    """Ask the provider for the attempt if it was not asked; return where the payer goes next."""
    from .inquiry import sync_known

    if not attempt.action:
        _start_attempt(actor, adapter, intent, attempt)
    elif _has_run_out(attempt):
        try:
            _record_start(actor, intent, attempt, _ask(adapter, intent, attempt))
        except ProviderRefused:
            sync_known(actor=actor, intent=intent)  # it was paid or closed there meanwhile
            if intent.state not in SETTLED:
                raise
            return str(attempt.request["return_url"])
    if attempt.action["kind"] == "none":
        sync_known(actor=actor, intent=intent)
        return str(attempt.request["return_url"])
    return pay_address(intent, attempt)


def _has_run_out(attempt: Attempt) -> bool:
    """Tell whether the address that the payer was given does not open any more."""
    until = attempt.action.get("good_until", "")
    return bool(until) and clock.now() >= dt.datetime.fromisoformat(until)


def webhook_url(provider: str, return_url: str) -> str:
    """Return where the provider sends its messages; our public address, else the browser's."""
    parts = urlsplit(return_url)
    origin = settings.PUBLIC_URL or f"{parts.scheme}://{parts.netloc}"
    return origin + reverse("payment_hook", args=[provider])


def pay_address(intent: Intent, attempt: Attempt) -> str:
    """Return the page on which the payer acts: the provider's, or ours with a code or a script."""
    if attempt.action["kind"] == "redirect":
        return str(attempt.action["url"])
    own = reverse("payment_wait", args=[intent.token])
    lane = f"?{urlencode({'lane': attempt.lane})}" if attempt.lane else ""
    return str(attempt.request.get("wait_url") or f"{own}{lane}")


def charge_of(intent: Intent, attempt: Attempt) -> Charge:
    """Return an attempt in the provider's terms."""
    return Charge(
        reference=str(Reference("pay", intent.pk, attempt.number)),
        money=Money(intent.amount, intent.currency),
        description=intent.description,
        started_at=attempt.started_at,
        expires_at=intent.expires_at,
        payer_id=intent.payer_id,
        provider_ref=attempt.provider_ref,
        divisible=intent.subject_kind != REQUEST,
    )


def _open_attempt(actor: Actor, intent: Intent, asked: Mapping[str, Any]) -> Attempt | None:
    """Return the open attempt of the lane, or a new one; None when the intent was paid meanwhile.

    Other lanes stay open: whoever pays first has paid, what comes second goes back.
    """
    with transaction.atomic():
        locks.take_reading("payment", intent)
        if intent.state in SETTLED:
            return None
        if intent.state in CLOSED or clock.now() >= intent.expires_at:
            raise PaymentClosed(detail=intent.state, extra={"state": intent.state})
        tried = attempts_of(intent.pk)
        if any(one.outcome == "mismatch" for one in tried):
            raise PaymentInReview(detail=str(intent.pk))
        fresh = _new_attempt(intent, tried[0].number + 1 if tried else 1, asked)
        latest = next((one for one in tried if one.lane == fresh.lane), None)
        if latest is None or latest.outcome:
            insert(fresh)
            return fresh
        if latest.action and intent.state == "failed":
            transition(INTENT, intent, "pending", actor=actor, reason="another try")
        return latest


def _start_attempt(actor: Actor, adapter: Provider, intent: Intent, attempt: Attempt) -> None:
    try:
        started = _ask(adapter, intent, attempt)
    except ProviderRefused as refusal:
        Attempt.objects.filter(pk=attempt.pk, outcome="", provider_ref="").update(
            outcome="refused", failure=refusal.reason[:200], ended_at=clock.now()
        )
        attempt.refresh_from_db()
        if attempt.provider_ref and not attempt.outcome:
            return  # another click was let in meanwhile: its page is the page
        raise
    _record_start(actor, intent, attempt, started)


def _ask(adapter: Provider, intent: Intent, attempt: Attempt) -> Started:
    asked = attempt.request
    return adapter.start(
        charge_of(intent, attempt),
        return_url=asked["return_url"],
        webhook_url=asked["webhook_url"],
        locale=asked["locale"],
        context=payers.opened(asked["context"]),
    )


def _record_start(actor: Actor, intent: Intent, attempt: Attempt, started: Started) -> None:
    """Write what the provider answered: at once where nothing has happened since, else locked."""
    attempt.provider_ref = started.provider_ref
    attempt.action = _stored(started.action)
    begun = {"provider_ref": attempt.provider_ref, "action": attempt.action}
    now = clock.now()
    if intent.state == "created" and _is_first_start(actor, intent, attempt, begun, now):
        return
    with transaction.atomic():
        locks.take_reading("payment", intent)
        if intent.state in OPEN and intent.state != "pending":
            written = _become_pending(actor, intent, attempt, begun, now)
        else:
            written = change(attempt, {"outcome": ""}, begun)
            if written and intent.provider_ref == attempt.provider_ref:
                change(intent, {}, {"pay_url": pay_address(intent, attempt)})
        if not written:
            # Another click was refused what this one was given: it can be paid, so keep asking.
            attempt.refresh_from_db(fields=["outcome"])
            others = intent.attempts.filter(outcome="", lane=attempt.lane)
            alone = attempt.outcome == "refused" and not others.exists()
            reopened = {"outcome": "", "failure": "", "ended_at": None}
            change(attempt, {}, begun | (reopened if alone else {}))
        if intent.state in OPEN:
            return
        # Given up while the provider was being asked: the next check closes it there.
        Intent.objects.filter(pk=intent.pk).update(next_check_at=now)
    if intent.state in CLOSED:
        raise PaymentClosed(detail=intent.state, extra={"state": intent.state})


def _is_first_start(
    actor: Actor, intent: Intent, attempt: Attempt, begun: Mapping[str, Any], now: dt.datetime
) -> bool:
    """Do it by one conditional statement; nothing is written where either row has moved on."""
    with contextlib.suppress(_Moved, IllegalTransition), transaction.atomic():
        if _become_pending(actor, intent, attempt, begun, now):
            return True
        raise _Moved
    return False


class _Moved(Exception):  # noqa: N818 - not an error, a reason to look again
    """The attempt has ended while the provider was being asked."""


def _become_pending(
    actor: Actor, intent: Intent, attempt: Attempt, begun: Mapping[str, Any], now: dt.datetime
) -> bool:
    """Move the payment on, and write what its attempt got unless that has ended; one statement."""
    return transition_beside(
        INTENT,
        intent,
        "pending",
        beside=Change(attempt, {"outcome": ""}, begun, ()),
        actor=actor,
        reason=f"attempt {attempt.number}",
        provider_ref=attempt.provider_ref,
        pay_url=pay_address(intent, attempt),
        failure="",
        next_check_at=min(now + check_delay(0), intent.expires_at),
        checks=0,
    )


def _stored(action: Action) -> dict[str, object]:
    kept: dict[str, object] = {
        "kind": action.kind,
        "url": action.url,
        "params": dict(action.params),
    }
    if action.good_until is not None:
        kept["good_until"] = action.good_until.isoformat()
    return kept


def cancel_intent(*, actor: Actor, intent_id: int, reason: str = "") -> Intent:
    """Give an unpaid payment up; at the provider it is closed within seconds, by the check.

    Alone or in the caller's transaction (lock: payment). Returns the intent: a paid, expired or
    cancelled one is returned as it is. Money that still arrives is sent back in full.
    """
    with transaction.atomic():
        locks.take([LockKey("payment", intent_id)])
        intent = Intent.objects.get(pk=intent_id)
        if intent.state not in OPEN:
            return intent
        with caused_by(intent.cause_id):
            open_attempt = intent.attempts.filter(outcome="").exists()
            transition(
                INTENT,
                intent,
                "cancelled",
                actor=actor,
                reason=reason,
                next_check_at=clock.now() if open_attempt else None,
                checks=0,
            )
        return intent


def open_link(*, actor: Actor, intent: Intent) -> str:
    """Return the code of the link by which anybody may pay this; always the same one.

    Good until the payment is settled, given up or out of time: it has the payment's own end. Lock:
    payment. Raises PaymentClosed when there is nothing left to pay, LinkNotOffered when only the
    payer can pay this way. Who may hand the link out is the caller's to know.
    """
    can = providers.get(intent.provider).capabilities
    if can.internal or can.needs_account:
        raise LinkNotOffered(detail=intent.provider)
    with transaction.atomic():
        locks.take_reading("payment", intent)
        require_open(intent)
        if not intent.link_code:
            intent.link_code = new_code(_TOKEN_BITS)
            intent.save(update_fields=["link_code"])
    return intent.link_code


def require_open(intent: Intent) -> None:
    """Raise PaymentClosed unless the payment still waits for its money."""
    if intent.state not in OPEN or clock.now() >= intent.expires_at:
        raise PaymentClosed(detail=intent.state, extra={"state": intent.state})
