"""Reads for pages and API. The number of statements never grows with the number of rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from banyan.kernel.models import StateChange
from banyan.kernel.money import Money
from banyan.kernel.remembered import remembered
from banyan.ledger import queries as ledger
from banyan.ledger.models import Account
from banyan.ledger.queries import StatementLine

from . import payers, providers
from .models import Attempt, Chargeback, Intent, Payout, ProviderMessage, Refund
from .providers.base import Splits
from .reading import came_by_link
from .rules import (
    CHARGEBACK_OPEN,
    CHARGEBACK_TAKEN,
    CLOSED,
    OPEN,
    SETTLED,
    TO_WALLET,
    Destinations,
    Reference,
    lane_of,
)
from .states import INTENT, REFUND


@dataclass(frozen=True, slots=True)
class Method:
    """A way to pay, as the payer sees it. ``balance`` where there is credit to spend."""

    provider: str
    label: str | Promise
    balance: Money | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened to a payment, for the story of an order.

    ``kind``: attempt, attempt_ended, message, payment (a move of its state), refund (likewise).
    ``what`` is a state, a message's kind or an attempt's outcome; ``detail`` its reason; ``ref``
    the provider's reference; ``about`` our own name of what a message is about, ``repeats`` how
    often it came again.
    """

    at: dt.datetime
    kind: str
    what: str
    detail: str = ""
    ref: str = ""
    actor: str = ""
    subject_id: int = 0
    about: str = ""
    repeats: int = 0


def methods_for(*, amount: Money, account_id: int | None) -> list[Method]:
    """Return how somebody may pay ``amount``, in the operator's order. At most one statement."""
    found: list[Method] = []
    for provider in providers.enabled():
        can = provider.capabilities
        if not can.collects:
            continue
        if not can.takes(amount.currency) or (can.needs_account and account_id is None):
            continue
        if not can.internal:
            found.append(Method(provider.name, provider.label))
            continue
        balance = wallet_balance(account_id=account_id or 0, currency=amount.currency)
        if amount <= balance:
            found.append(Method(provider.name, provider.label, balance))
    return found


def payouts_to_send(subject_kind: str, subject_id: int) -> list[tuple[str, Payout]]:
    """Return what a person has yet to send for something, each with our reference. One query."""
    found = waiting_by_hand().filter(subject_kind=subject_kind, subject_id=subject_id)
    return [(str(Reference("payout", one.pk, 1)), one) for one in found.order_by("id")]


def waiting_by_hand() -> QuerySet[Payout]:
    """Return the payouts that a person has yet to send. No query."""
    return Payout.objects.filter(
        provider__in=providers.by_hand(), state__in=("requested", "submitted")
    )


def wallet_is_on() -> bool:
    """Tell whether members can use credit here: the operator enables the provider ``wallet``."""
    return "wallet" in providers.table()


def wallet_balance(*, account_id: int, currency: str) -> Money:
    """Return a member's credit. One statement."""
    balance = Account.objects.filter(
        kind="wallet", owner_kind="account", owner_id=account_id, currency=currency
    ).values_list("balance", flat=True)
    return Money(balance.first() or 0, currency)


def wallets_of(account_id: int) -> list[Money]:
    """Return a member's credit in each currency they ever had some in, by currency. One query."""
    books = ledger.accounts_of(owner_kind="account", owner_id=account_id)
    return [Money(book.balance, book.currency) for book in books if book.kind == "wallet"]


@dataclass(frozen=True, slots=True)
class WalletLine:
    """A line of a wallet. ``intent`` is the payment it paid or was given back for, if any."""

    line: StatementLine
    intent: Intent | None


def wallet_lines(
    *, account_id: int, currency: str, before: int | None = None, limit: int = 50
) -> list[WalletLine]:
    """Return the newest lines of a member's wallet, newest first, older than ``before``.

    At most six queries.
    """
    book = ledger.find_account(
        kind="wallet", owner_kind="account", owner_id=account_id, currency=currency
    )
    if book is None:
        return []
    lines = ledger.statement(book, before=before, limit=limit)
    refunds = dict(
        Refund.objects.filter(pk__in=_about(lines, "refund")).values_list("pk", "intent_id")
    )
    paid = {intent: intent for intent in _about(lines, "intent")}
    known = Intent.objects.in_bulk([*paid, *refunds.values()])
    by_kind = {"intent": paid, "refund": refunds}
    return [
        WalletLine(line, known.get(by_kind.get(line.subject_kind, {}).get(line.subject_id, 0)))
        for line in lines
    ]


def _about(lines: Iterable[StatementLine], kind: str) -> set[int]:
    return {line.subject_id for line in lines if line.subject_kind == kind}


def being_paid() -> QuerySet[Attempt]:
    """Return attempts by which somebody may have paid in time; for an ``Exists`` by ``intent_id``.

    Once the provider was asked at the payment's end, or could not be, it is open no more.
    """
    return Attempt.objects.filter(outcome="", intent__state__in=OPEN).exclude(provider_ref="")


def open_chargebacks() -> QuerySet[Chargeback]:
    """Return what payers' banks have in hand; for an ``Exists`` by ``intent_id``."""
    return Chargeback.objects.filter(state__in=CHARGEBACK_OPEN)


def taken_back(intent_id: int | None) -> bool:
    """Tell whether the payer's bank is taking a payment back; exact while it is locked."""
    return Chargeback.objects.filter(intent=intent_id, state__in=CHARGEBACK_TAKEN).exists()


def chargebacks_of(intent_id: int | None) -> list[Chargeback]:
    """Return what the payer's bank asked back of a payment, oldest first. One statement."""
    return list(Chargeback.objects.filter(intent=intent_id).order_by("id"))


def intents_of(subject_kind: str, subject_id: int) -> list[Intent]:
    """Return every payment for a subject, oldest first. One statement."""
    return list(
        Intent.objects.filter(subject_kind=subject_kind, subject_id=subject_id).order_by("id")
    )


def refunds_of(intent_ids: Iterable[int]) -> list[Refund]:
    """Return every refund of some payments, oldest first. One statement."""
    return list(Refund.objects.filter(intent_id__in=list(intent_ids)).order_by("id"))


def story(intents: Sequence[Intent]) -> list[Moment]:
    """Return everything that happened to some payments, in order. Four statements."""
    ids = [intent.pk for intent in intents]
    attempts = Attempt.objects.filter(intent_id__in=ids)
    messages = ProviderMessage.objects.filter(intent_id__in=ids)
    refunds = {refund.pk: refund for refund in refunds_of(ids)}
    moves = StateChange.objects.filter(
        Q(machine=INTENT.name, subject_id__in=ids)
        | Q(machine=REFUND.name, subject_id__in=list(refunds))
    )
    moments = [moment for attempt in attempts for moment in _of_attempt(attempt)]
    moments += [
        Moment(
            m.received_at,
            "message",
            m.kind,
            m.outcome,
            m.provider_ref,
            m.provider,
            m.pk,
            m.reference,
            m.repeats,
        )
        for m in messages
    ]
    moments += [
        Moment(
            move.at,
            "payment" if move.machine == INTENT.name else "refund",
            move.target,
            move.reason,
            actor=move.actor_label or move.actor_kind,
            subject_id=move.subject_id,
        )
        for move in moves
    ]
    moments += [
        Moment(r.created_at, "refund", "requested", r.reason, subject_id=r.pk)
        for r in refunds.values()
    ]
    return sorted(moments, key=lambda moment: moment.at)


def _of_attempt(attempt: Attempt) -> list[Moment]:
    ref, pk = attempt.provider_ref, attempt.pk
    moments = [Moment(attempt.started_at, "attempt", str(attempt.number), ref=ref, subject_id=pk)]
    if attempt.ended_at:
        moments.append(
            Moment(
                attempt.ended_at,
                "attempt_ended",
                attempt.outcome,
                attempt.failure,
                ref,
                subject_id=pk,
            )
        )
    return moments


def passes_on() -> bool:
    """Tell whether any way to pay passes parts of payments on to merchants. No statement."""
    return any(isinstance(one, Splits) and one.splits() for one in providers.enabled())


def lane_in(intent: Intent, context: Mapping[str, str]) -> str:
    """Return the lane of an attempt that is started with ``context``. No statement."""
    by_channel = providers.get(intent.provider).capabilities.by_channel
    return lane_of(payers.sealed(context), by_channel=by_channel)


def in_review(intent: Intent) -> bool:
    """Tell whether an unexpected amount came for a payment, which a person looks at."""
    return intent.state not in SETTLED and intent.attempts.filter(outcome="mismatch").exists()


def may_be_paid(intent: Intent) -> bool:
    """Tell whether what was given up may have been paid: the provider has yet to say."""
    if intent.state not in CLOSED:
        return False
    return intent.attempts.filter(outcome="").exclude(provider_ref="").exists()


def destinations_for(intent: Intent) -> Destinations:
    """Return where a refund of ``intent`` may go besides the way it was paid.

    No statement, but one where there was a link to pay it: what a friend paid is not the buyer's.
    """
    own = intent.payer_id is not None and not _paid_by_link(intent)
    return Destinations(
        wallet=own and wallet_is_on(),
        elsewhere=providers.get(intent.provider).capabilities.refund_elsewhere,
    )


def is_held(refund: Refund) -> bool:
    """Tell whether the money of a failed refund is with its provider, which may still send it."""
    name = refund.intent.provider
    if not refund.failure or name not in providers.table():
        return False
    return refund.failure in providers.get(name).capabilities.held


def left_to_pass_on(intent: Intent) -> int:
    """Return what of a payment is neither given back nor passed on; exact while it is locked.

    What the payer's bank has is given back. Below zero where a merchant keeps what was.
    """
    passed = Payout.objects.filter(payment_ref=intent.provider_ref, provider=intent.provider)
    gone = passed.exclude(state="failed").aggregate(n=Sum(F("amount") - F("returned_amount")))["n"]
    back = intent.refunded_amount + intent.charged_back_amount
    return intent.captured_amount - back - (gone or 0)


def payers_told(intent_ids: list[int]) -> dict[int, tuple[int, str]]:
    """Return, by payment, whose it is and the mark of who paid it, where that is known.

    Without those of guests, and without what somebody else paid by a link. One statement where no
    provider says, and one more for each payment that a link was made for.
    """
    newest = {one.intent_id: one for one in _told(intent_ids)}
    found = {}
    for message in newest.values():
        intent = message.intent
        if intent is not None and intent.payer_id is not None and not _paid_by_link(intent):
            found[intent.pk] = intent.payer_id, f"{intent.provider}|{message.payload['payer']}"
    return found


@remembered
def _told(intent_ids: list[int]) -> QuerySet[ProviderMessage]:
    told = ProviderMessage.objects.filter(intent__in=intent_ids, payload__payer__gt="")
    return told.select_related("intent").order_by("id")


def _paid_by_link(intent: Intent) -> bool:
    return bool(intent.link_code) and came_by_link(intent, intent.provider_ref)


def destination_text(destination: str) -> str:
    """Return where a refund goes, in words."""
    if destination == TO_WALLET:
        return _("Credit here")
    return destination or _("The way it was paid")


@dataclass(frozen=True, slots=True)
class Found:
    """What a provider's reference belongs to; ``kind`` is payment, refund or payout."""

    kind: str
    id: int
    subject_kind: str
    subject_id: int
    intent_id: int | None


def find_by_reference(text: str) -> list[Found]:
    """Return what a provider calls ``text``: a payment, attempt, refund or payout. 3 statements."""
    text = text.strip()
    if not text:
        return []
    intents = Intent.objects.filter(Q(provider_ref=text) | Q(attempts__provider_ref=text))
    found = [
        Found("payment", i.pk, i.subject_kind, i.subject_id, i.pk) for i in intents.distinct()[:20]
    ]
    found += [
        Found("refund", r.pk, r.subject_kind, r.subject_id, r.intent_id)
        for r in Refund.objects.filter(provider_ref=text)[:20]
    ]
    found += [
        Found("payout", p.pk, p.subject_kind, p.subject_id, None)
        for p in Payout.objects.filter(provider_ref=text)[:20]
    ]
    return found
