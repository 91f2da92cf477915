"""The ways to the rows of payments. Absent and forbidden look alike."""

from __future__ import annotations

from django.db.models import QuerySet

from banyan.kernel import locks
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound

from .models import Intent, PaymentRequest, Payout, ProviderMessage, Refund
from .reading import intent_of_link, intent_of_token

_STAFF = ("support", "finance")


def get_intent_by_token(token: str) -> Intent:
    """Return the payment whose unguessable token the asker knows."""
    intent = intent_of_token.first(token)
    if intent is None:
        raise NotFound()
    return intent


def get_intent_by_link(code: str) -> Intent:
    """Return the payment whose link to pay the asker has; it says nothing of the payer's pages."""
    intent = intent_of_link.first(code)
    if intent is None:
        raise NotFound()
    return intent


def get_request_by_code(code: str) -> PaymentRequest:
    """Return the payment request whose unguessable code the asker has."""
    request = PaymentRequest.objects.filter(code=code).first()
    if request is None:
        raise NotFound()
    return request


def requests_of(payee_kind: str, payee_id: int) -> QuerySet[PaymentRequest]:
    """Return a payee's requests, newest first; who may see them is decided where it lives."""
    found = PaymentRequest.objects.filter(payee_kind=payee_kind, payee_id=payee_id)
    return found.order_by("-id")


def get_intent_behind(token: str) -> Intent:
    """Return the payment of a token as it is when whoever is booking it just now is done.

    Raises Busy when that takes too long. Outside a transaction.
    """
    intent = Intent(token=token)
    if not locks.read_behind(intent, "token"):
        raise NotFound()
    return intent


def get_intent_of(subject_kind: str, subject_id: int) -> Intent:
    """Return the payment of something that the asker was let in to; the first if there are more.

    What was paid a second time is an intent of its own, made later. Who may see the subject is
    decided where it lives.
    """
    intents = Intent.objects.filter(subject_kind=subject_kind, subject_id=subject_id)
    intent = intents.order_by("id").first()
    if intent is None:
        raise NotFound()
    return intent


def get_refund_for(actor: Actor, refund_id: int) -> Refund:
    """Return a refund for the payer of its payment, or for support and finance staff."""
    refund = Refund.objects.select_related("intent").filter(pk=refund_id).first()
    if refund is None or not _may_see(actor, refund.intent):
        raise NotFound()
    return refund


def get_message_for(actor: Actor, message_id: int) -> ProviderMessage:
    """Return a provider's message for support and finance staff."""
    message = ProviderMessage.objects.filter(pk=message_id).first()
    if message is None or not actor.has_role(*_STAFF):
        raise NotFound()
    return message


def get_payout_for(actor: Actor, payout_id: int) -> Payout:
    """Return a payout for finance."""
    payout = Payout.objects.filter(pk=payout_id).first()
    if payout is None or not actor.has_role("finance"):
        raise NotFound()
    return payout


def _may_see(actor: Actor, intent: Intent) -> bool:
    mine = actor.id is not None and actor.id == intent.payer_id
    return mine or actor.has_role(*_STAFF)
